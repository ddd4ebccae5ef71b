/** Names that are not found at several origins within this time are not the providers' fault. */
const SPAN_MS = 10_000

/**
 * Tells a provider whose name is gone from a machine that finds no name at all: where look-ups fail for two origins
 * within 10 s, it is our own network. Failure policy, section 1.
 */
export class NameFailures {
  readonly #latest = new Map<string, number>()

  /** A name was not found. @returns whether that is our own fault */
  isOurs(origin: string, now: number): boolean {
    for (const [other, at] of this.#latest) if (now - at > SPAN_MS) this.#latest.delete(other)
    this.#latest.set(origin, now)
    return this.#latest.size > 1
  }
}
