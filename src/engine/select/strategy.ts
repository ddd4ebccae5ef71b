/** The strategies the package brings. */
export type StrategyName = 'priority' | 'round_robin' | 'weighted' | 'least_busy' | 'lowest_latency'

export const STRATEGY_NAMES = [
  'priority',
  'round_robin',
  'weighted',
  'least_busy',
  'lowest_latency',
] as const satisfies readonly StrategyName[]

/** What a strategy of your own sees of a target: as it is now, without its key. */
export interface StrategyCandidate {
  readonly provider: string
  /** The bare model id; empty where a profile is looked at without any. */
  readonly model: string
  /** The profile's id. */
  readonly profile: string
  readonly priority: number
  readonly weight: number
  readonly quotaGroup: string | undefined
  readonly metadata: Readonly<Record<string, unknown>>
  /** Attempts of the profile that are under way, whatever the model. */
  readonly inFlight: number
  /** Time to the first content, milliseconds: a peak-sensitive average; undefined before the first answer. */
  readonly latencyMs: number | undefined
  /** Epoch milliseconds. */
  readonly lastUsedAt: number | undefined
}

/** For what a target is looked for. */
export interface StrategyRequest {
  /** The bare model id; empty where profiles are looked at without any. */
  readonly model: string
  /** What the caller set, else what was guessed from the request; read only when it is asked for. */
  readonly sessionKey: string | undefined
  /** Epoch milliseconds. */
  readonly now: number
  /** The manager's own chance: uniform in [0, 1). */
  readonly random: () => number
}

/**
 * A strategy of your own. It is asked whenever a request needs a target and more than one of the highest rank is open,
 * and must answer at once with one of those it was given. Whatever else it does (it throws, answers with something
 * else or later), the first of them is taken, and an event `strategy_failed` tells so, once for each kind of mistake.
 *
 * ```ts
 * const cheapest: Strategy = {
 *   name: 'cheapest',
 *   choose: (open) => open.reduce((best, other) => (cost(other) < cost(best) ? other : best)),
 * }
 * ```
 */
export interface Strategy {
  readonly name: string
  /**
   * @param open at least two, in the order in which they were configured: targets of one model whose profiles have the
   *   same `priority`
   */
  choose(open: readonly [StrategyCandidate, ...StrategyCandidate[]], request: StrategyRequest): StrategyCandidate
}
