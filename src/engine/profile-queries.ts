import { soonestOpening } from './availability.ts'
import type { ModelRequest } from './provider.ts'
import type { ProfileQuery } from './request-options.ts'
import type { TargetPool } from './select/pool.ts'
import type { Ask } from './select/rule.ts'
import type { Selection } from './select/selection.ts'
import type { Target } from './target.ts'
import type { TargetTable } from './target-table.ts'

/** Looks for profiles from outside a request: which would be next, and when the soonest comes back. */
export class ProfileQueries<Request extends ModelRequest, Event> {
  readonly #table: TargetTable<Request, Event>
  readonly #selection: Selection
  readonly #isEnabled: (target: Target) => boolean

  /** @param isEnabled is its provider in use? */
  constructor(table: TargetTable<Request, Event>, selection: Selection, isEnabled: (target: Target) => boolean) {
    this.#table = table
    this.#selection = selection
    this.#isEnabled = isEnabled
  }

  /**
   * The one that would be taken next; nothing changes by looking.
   * @param exclude ids of profiles that are not to be taken
   */
  next(query: ProfileQuery, exclude: readonly string[], now: number): Target | undefined {
    const pool = this.#poolOf(query)
    const gate = this.#selection.gate(
      pool,
      now,
      (target) => !exclude.includes(target.profile) && this.#isEnabled(target),
    )
    return pool.targets[this.#selection.look(gate, askOf(query))]
  }

  /** The next one, for good: it has had its turn. */
  take(query: ProfileQuery, now: number): Target | undefined {
    const pool = this.#poolOf(query)
    const gate = this.#selection.gate(pool, now, this.#isEnabled)
    return pool.targets[this.#selection.take(gate, askOf(query))]
  }

  soonest(query: ProfileQuery, now: number): number | undefined {
    return soonestOpening(this.#poolOf(query).targets.filter(this.#isEnabled), now)
  }

  /**
   * A profile is looked at on the model that is asked for, else on its default one, else as such. A model without a
   * provider names its provider itself, as in a request.
   */
  #poolOf({ provider, model }: ProfileQuery): TargetPool {
    const asked = provider === undefined && model !== undefined ? this.#table.resolve(model) : { provider, model }
    const isKnown = asked.provider === undefined || this.#table.isKnown(asked.provider)
    return isKnown && asked.provider !== undefined && asked.model
      ? this.#table.pool(asked.provider, asked.model)
      : this.#table.modellessPool(asked.provider)
  }
}

function askOf({ sessionKey }: ProfileQuery): Ask {
  return { session: () => (sessionKey === undefined ? undefined : { key: sessionKey, isNamed: true }) }
}
