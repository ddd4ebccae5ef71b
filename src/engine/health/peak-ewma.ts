/** What was measured longer ago than this counts for about a third of an average, milliseconds. */
const AVERAGE_MS = 30_000
/**
 * What is not measured any more is forgotten, by half in this time, milliseconds: whoever was slow once is tried again
 * some day. Much slower than the average, or a profile that is asked once a minute would forget between two answers.
 */
const HALF_LIFE_MS = 300_000

/**
 * A moving average that follows a peak at once and comes down slowly (peak EWMA, as in Finagle's load balancer): what
 * has become slow is left alone with the first slow answer.
 */
export class PeakEwma {
  #value: number
  #at: number

  /** @param now epoch milliseconds, as all times here */
  constructor(first: number, now: number) {
    this.#value = first
    this.#at = now
  }

  /** As of the latest measurement. */
  get value(): number {
    return this.#value
  }

  note(measured: number, now: number): void {
    const share = Math.exp(-Math.max(0, now - this.#at) / AVERAGE_MS)
    this.#value = measured > this.#value ? measured : this.#value * share + measured * (1 - share)
    this.#at = now
  }

  /** What is to be expected now. */
  valueAt(now: number): number {
    return this.#value * 0.5 ** (Math.max(0, now - this.#at) / HALF_LIFE_MS)
  }
}
