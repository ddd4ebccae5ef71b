import type { KnownAttempt } from './records.ts'

/** Which models have refused to go on from a prefill, and where. */
export class PrefillBook {
  readonly #refusers = new Set<string>()

  refused({ origin, target }: KnownAttempt): void {
    this.#refusers.add(`${origin} ${target.model}`)
  }

  hasRefused(origin: string, model: string): boolean {
    return this.#refusers.has(`${origin} ${model}`)
  }
}
