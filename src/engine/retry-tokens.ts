/** Retries allowed for each first try of an origin, as a ratio. */
const RATIO = 0.1
/** Retries that may be saved up, and that a new origin begins with. */
const CAPACITY = 10
/** The floor: retries an origin gets for each second, however little traffic it has. */
const PER_SECOND = 0.5

interface Bucket {
  tokens: number
  at: number
}

/**
 * Pays for tries of the same target: about one for ten requests to its origin, with a small floor, so that an outage
 * does not double the load on what is down.
 */
export class RetryTokens {
  readonly #buckets = new Map<string, Bucket>()

  /** A request's first try of a target at this origin. */
  earn(origin: string, now: number): void {
    const bucket = this.#bucket(origin, now)
    bucket.tokens = Math.min(CAPACITY, bucket.tokens + RATIO)
  }

  /** Takes a retry, if there is one. */
  take(origin: string, now: number): boolean {
    const bucket = this.#bucket(origin, now)
    if (bucket.tokens < 1) return false
    bucket.tokens -= 1
    return true
  }

  #bucket(origin: string, now: number): Bucket {
    const known = this.#buckets.get(origin)
    if (known === undefined) {
      const bucket = { tokens: CAPACITY, at: now }
      this.#buckets.set(origin, bucket)
      return bucket
    }
    const elapsedMs = Math.max(0, now - known.at)
    known.tokens = Math.min(CAPACITY, known.tokens + (elapsedMs / 1_000) * PER_SECOND)
    known.at = now
    return known
  }
}
