import type { Target } from '../target.ts'

export type StrategyName = 'priority' | 'round_robin' | 'weighted' | 'least_busy' | 'lowest_latency'

export const STRATEGY_NAMES = [
  'priority',
  'round_robin',
  'weighted',
  'least_busy',
  'lowest_latency',
] as const satisfies readonly StrategyName[]

/** Chooses among the targets of one model that are open. */
export interface Strategy {
  readonly name: string
  /** Would it take the first open target whatever the others are? Then they need not be looked at. */
  takesFirst(sessionKey: string | undefined): boolean
  /**
   * @param open at least one, in configured order
   * @param sessionKey requests of one session should stay together
   */
  choose(open: readonly [Target, ...Target[]], sessionKey: string | undefined): Target
}
