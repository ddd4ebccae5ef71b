import type { FailoverEvent, SkipCause } from './events.ts'
import type { Target } from './target.ts'

/** What one choice has passed over. */
export interface PassedChoice {
  /** Epoch milliseconds. */
  readonly at: number
  /** How many events had been recorded of the request by then. */
  readonly after: number
  readonly targets: readonly Target[]
  readonly causes: readonly SkipCause[]
}

/** Choices of one request of which it is kept. */
const MAX_CHOICES = 20

/**
 * The targets that a request's choices have passed over, kept for its story where nobody listens. Events are made of
 * them only when somebody asks: in an outage, making them would cost more than the choices.
 */
export class PassedOver {
  readonly #choices: PassedChoice[] = []
  #leftOut = 0

  get choices(): readonly PassedChoice[] {
    return this.#choices
  }

  /** How many targets are not among them, because there were too many choices. */
  get leftOut(): number {
    return this.#leftOut
  }

  has(target: Target, cause: SkipCause): boolean {
    return this.#choices.some(({ targets, causes }) => {
      const before = causes[targets.indexOf(target)]
      return before !== undefined && isSameCause(before, cause)
    })
  }

  add(choice: PassedChoice): void {
    if (this.#choices.length < MAX_CHOICES) this.#choices.push(choice)
    else this.#leftOut += choice.targets.length
  }
}

/** What a listener would have heard of it. */
export function* skipsOf({ at, targets, causes }: PassedChoice, requestId: string): Generator<FailoverEvent> {
  for (const [index, { ref }] of targets.entries()) {
    const cause = causes[index]
    if (cause !== undefined) yield { at, type: 'target_skipped', requestId, target: ref, cause }
  }
}

export function isSameCause(one: SkipCause, other: SkipCause): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other)
}
