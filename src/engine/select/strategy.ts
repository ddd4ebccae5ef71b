import type { Target } from '../target.ts'

/** Chooses among the targets of one model that are open. */
export interface Strategy {
  /** Would it take the first open target whatever the others are? Then they need not be looked at. */
  takesFirst(sessionKey: string | undefined): boolean
  /**
   * @param open at least one, in configured order
   * @param sessionKey requests of one session should stay together
   */
  choose(open: readonly [Target, ...Target[]], sessionKey: string | undefined): Target
}
