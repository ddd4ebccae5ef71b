import type { Demand } from '../health/profile-health.ts'
import type { Target } from '../target.ts'
import { Gate } from './gate.ts'
import { hashText } from './hashing.ts'
import type { TargetPool, Tier } from './pool.ts'
import { rendezvous } from './rendezvous.ts'
import type { Ask, SelectionRule } from './rule.ts'
import { SessionStays } from './session-stays.ts'

interface SelectionOptions {
  readonly rule: SelectionRule
  /** How often anything has opened before its time. */
  readonly reopenings: () => number
  readonly isSpent: (target: Target, now: number) => boolean
}

/** Chooses a target of a pool: the highest tier with one that is open, a session's own there, else as the rule says. */
export class Selection {
  readonly #options: SelectionOptions
  readonly #stays = new SessionStays()

  constructor(options: SelectionOptions) {
    this.#options = options
  }

  /** Is it the first open target of all whatever the others are, where no session is concerned? */
  get takesFirst(): boolean {
    return this.#options.rule.takesFirst
  }

  /**
   * @param mayTry what the request itself has to say about a target, apart from health and limits
   * @param options `demand`: what the request will need; `maxRefused`: how many of those that are passed over are to be remembered
   */
  gate(
    pool: TargetPool,
    now: number,
    mayTry: (target: Target) => boolean,
    { demand, maxRefused = 0 }: { readonly demand?: Demand; readonly maxRefused?: number } = {},
  ): Gate {
    const { isSpent, reopenings } = this.#options
    return new Gate(pool, { now, reopenings: reopenings(), mayTry, isSpent, demand, maxRefused })
  }

  /** A look without consequences. @returns its index in the pool; -1 if none is open */
  look(gate: Gate, ask: Ask): number {
    return this.#choose(gate, ask, false)
  }

  /** The target is taken. @returns its index in the pool; -1 if none is open */
  take(gate: Gate, ask: Ask): number {
    return this.#choose(gate, ask, true)
  }

  #choose(gate: Gate, ask: Ask, isTaken: boolean): number {
    const first = gate.first()
    if (first === -1 || gate.pool.isAlone(first)) return first
    const { rule } = this.#options
    const tier = gate.pool.tierOf(first)
    const session = rule.sessions === 'none' ? undefined : ask.session()
    if (session !== undefined && (session.isNamed || rule.sessions === 'all'))
      return this.#ofSession(session.key, tier, first, gate, isTaken)
    const index = rule.choose(tier, first, gate, ask)
    if (isTaken) rule.took?.(tier, index)
    return index
  }

  #ofSession(key: string, tier: Tier, first: number, gate: Gate, isTaken: boolean): number {
    const session = { key, seed: hashText(key) }
    const stay = this.#stays.of(session, tier, gate.now)
    if (stay !== -1 && gate.admits(stay)) return stay
    const { chosen, home } = rendezvous(tier, first, gate, session.seed, this.#options.rule.weighs)
    if (chosen !== home) gate.remember(home)
    if (isTaken) {
      if (chosen === home) this.#stays.wentHome(session, tier)
      // One that is only left alone by this request, since it has failed here, will take the next.
      else if (gate.against(home) !== undefined || gate.isSpent(home))
        this.#stays.moved(session, tier, chosen, gate.now)
    }
    return chosen
  }
}
