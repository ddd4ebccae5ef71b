import type { Gate } from './gate.ts'
import type { Tier } from './pool.ts'

/** A session that a request belongs to. */
export interface Session {
  readonly key: string
  /** Its caller or client has named it; otherwise it was only guessed. */
  readonly isNamed: boolean
}

/** What a choice depends on besides what is open. */
export interface Ask {
  /** Asked only where there is something to choose from, since it may have to be read from the request. */
  session(): Session | undefined
}

/** How a target is chosen among those of one tier: what a strategy comes down to. Indexes are those of the pool. */
export interface SelectionRule {
  readonly name: string
  /**
   * Whether requests of one session are kept together before the rule is asked: all sessions, those that were named, or
   * none, since the rule sees to it itself.
   */
  readonly sessions: 'all' | 'named' | 'none'
  /** Do profiles get their share by weight? */
  readonly weighs: boolean
  /** Does it take the first of all that is open, without a look at the others? */
  readonly takesFirst: boolean
  /**
   * Chooses without changing anything.
   *
   * @param tier at least two targets
   * @param first the first of them that the gate admits
   */
  choose(tier: Tier, first: number, gate: Gate, ask: Ask): number
  /** Its choice has been taken. */
  took?(tier: Tier, index: number): void
}
