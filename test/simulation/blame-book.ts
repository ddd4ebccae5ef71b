import type { KnownAttempt } from './records.ts'

/** What happens to several within this time has one cause. */
const SPAN_MS = 10_000

export interface Blow {
  readonly origin: string
  readonly profile: string
  readonly at: number
}

/** What befell whom lately, where the number of those concerned tells whose fault it is. */
export class BlameBook {
  #refusals: Blow[] = []
  #lostNames: Blow[] = []

  /** A key was refused. @returns whom else the origin has refused just before, and served nobody since */
  refused(attempt: KnownAttempt, at: number): Blow[] {
    const blow = blowOf(attempt, at)
    const lately = this.#refusals.filter((each) => at - each.at <= SPAN_MS)
    this.#refusals = [...lately, blow]
    const { origin, profile } = blow
    return lately.filter((each) => each.origin === origin && each.profile !== profile)
  }

  /** What was said of a key that is another one now does not count. */
  forget(profile: string): void {
    this.#refusals = this.#refusals.filter((each) => each.profile !== profile)
  }

  /** Somebody has been served, be it only said so: what an origin refuses, it means. */
  served(): void {
    this.#refusals = []
  }

  /** A name was not found. @returns whether another origin's was not found either */
  lostName(attempt: KnownAttempt, at: number): boolean {
    const blow = blowOf(attempt, at)
    this.#lostNames = [...this.#lostNames.filter((each) => at - each.at <= SPAN_MS), blow]
    return this.#lostNames.some(({ origin }) => origin !== blow.origin)
  }
}

function blowOf({ origin, known }: KnownAttempt, at: number): Blow {
  return { origin, profile: known.profile.options.id, at }
}
