const BUCKET_MS = 10_000
/** So many failures in a row are an outage, however much has succeeded just before. */
const OUTAGE_ROW = 5

/**
 * Successes and failures of the last 10 to 20 seconds, and the failures in a row. Of fixed size; counting costs no
 * allocation, since every attempt counts at several scopes.
 */
export class RollingCounts {
  #bucketStart = Number.NEGATIVE_INFINITY
  #failures = 0
  #successes = 0
  #previousFailures = 0
  #previousSuccesses = 0
  #failuresInRow = 0

  success(now: number): void {
    this.#roll(now)
    this.#successes += 1
    this.#failuresInRow = 0
  }

  failure(now: number): void {
    this.#roll(now)
    this.#failures += 1
    this.#failuresInRow += 1
  }

  /** Nothing in it would change a decision. */
  isIdle(now: number): boolean {
    this.#roll(now)
    return this.#failuresInRow === 0 && this.#failures + this.#previousFailures === 0
  }

  /**
   * Enough failures to open a breaker: a row that only an outage makes, or several, in a row or in the window, that are
   * at least half of what was tried lately. A short row alone would open under a flood in which a tenth fails; the
   * ratio alone would take as many failures as there were successes before; the window alone would never open where
   * each failure takes a minute to show.
   */
  isTripped(threshold: number, now: number): boolean {
    this.#roll(now)
    if (this.#failuresInRow >= OUTAGE_ROW) return true
    const failed = this.#failures + this.#previousFailures
    return Math.max(failed, this.#failuresInRow) >= threshold && failed >= this.#successes + this.#previousSuccesses
  }

  #roll(now: number): void {
    const age = now - this.#bucketStart
    if (age >= 0 && age < BUCKET_MS) return
    const isNext = age >= 0 && age < 2 * BUCKET_MS
    this.#previousFailures = isNext ? this.#failures : 0
    this.#previousSuccesses = isNext ? this.#successes : 0
    this.#failures = 0
    this.#successes = 0
    this.#bucketStart = now
  }
}
