/** One request, with room for what adding up fractions loses. */
const ONE = 1 - 1e-9
/** Timers are late by some milliseconds; what that loses may be made up for. */
const LATENESS_MS = 20
/** A request that comes this soon after it was allowed (in parts of the time between two) was held back, or nearly. */
const PROMPT_RATIO = 0.5

/** What a start tells: what was allowed but not used before it, in requests, and whether the pace was felt at all. */
export interface Taken {
  readonly unused: number
  readonly isPrompt: boolean
}

/** Spreads starts over time: a bucket of our own, whose rate may change from one question to the next. */
export class Pace {
  #credit = 1
  #at: number
  #notBefore: number

  constructor(opensAt: number) {
    this.#at = opensAt
    this.#notBefore = opensAt
  }

  /** Nothing before `opensAt`, then one at once, and from then on at the rate. */
  close(opensAt: number): void {
    this.#credit = 1
    this.#at = opensAt
    this.#notBefore = opensAt
  }

  /** Nothing before `time`, whatever has been saved up. */
  pauseUntil(time: number): void {
    this.#notBefore = time
  }

  /** When the next may start, epoch milliseconds: `now` if at once. */
  nextAt(now: number, rate: number, burst: number): number {
    const missing = ONE - Math.min(this.#creditAt(now, rate), roomFor(rate, burst))
    const paidAt = missing <= 0 ? now : Math.max(now, this.#at) + Math.ceil(missing / rate)
    return Math.max(paidAt, this.#notBefore)
  }

  take(now: number, rate: number, burst: number): Taken {
    const saved = this.#creditAt(now, rate)
    const credit = Math.min(saved, roomFor(rate, burst))
    this.#credit = credit - 1
    this.#at = Math.max(this.#at, now)
    return { unused: saved - credit, isPrompt: saved < 1 + PROMPT_RATIO }
  }

  giveBack(): void {
    this.#credit += 1
  }

  #creditAt(now: number, rate: number): number {
    return now <= this.#at ? this.#credit : this.#credit + rate * (now - this.#at)
  }
}

function roomFor(rate: number, burst: number): number {
  return Math.max(burst, 1 + rate * LATENESS_MS)
}
