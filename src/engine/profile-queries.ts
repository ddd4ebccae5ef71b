import { isOpen, soonestOpening } from './availability.ts'
import type { ModelRequest } from './provider.ts'
import type { ProfileQuery } from './request-options.ts'
import type { Strategy } from './select/strategy.ts'
import type { Target } from './target.ts'
import type { TargetTable } from './target-table.ts'

/** Looks for profiles from outside a request: which would be next, and when the soonest comes back. */
export class ProfileQueries<Request extends ModelRequest, Event> {
  readonly #table: TargetTable<Request, Event>
  readonly #strategy: Strategy

  constructor(table: TargetTable<Request, Event>, strategy: Strategy) {
    this.#table = table
    this.#strategy = strategy
  }

  /** @param exclude ids of profiles that are not to be taken */
  next(query: ProfileQuery, exclude: readonly string[], now: number): Target | undefined {
    const open = this.#targetsOf(query).filter((target) => !exclude.includes(target.profile) && isOpen(target, now))
    const [first, ...others] = open
    return first === undefined ? undefined : this.#strategy.choose([first, ...others], query.sessionKey)
  }

  soonest(query: ProfileQuery, now: number): number | undefined {
    return soonestOpening(this.#targetsOf(query), now)
  }

  /**
   * A profile is looked at on the model that is asked for, else on its default one, else as such. A model without a
   * provider names its provider itself, as in a request.
   */
  #targetsOf({ provider, model }: ProfileQuery): Target[] {
    const asked = provider === undefined && model !== undefined ? this.#table.resolve(model) : { provider, model }
    return this.#table
      .profileTargets(asked.provider)
      .map((target) => this.#table.target(target.profile, asked.model || target.credential.model))
  }
}
