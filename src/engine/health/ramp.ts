import type { AttemptMark } from './window.ts'

/** In flight when a trial has just succeeded: the trial was the first. */
const FIRST = 2
/** The limit doubles each second, and grows by one with each answer that begins: 1, 2, 4 … a round trip. */
const DOUBLING_MS = 1_000
/** So many at the same time are no trickle any more, and it ends. */
const OPEN_AT = 32

/**
 * How traffic comes back after an outage: by ramp, not by flood (failure policy, section 1). It begins with a trial
 * that succeeded and limits what is in flight at its scope; where answers are slow, time alone opens it.
 */
export class Ramp {
  readonly #startedAt: number
  /** The newest attempt when it began: those up to it are not counted. */
  readonly #after: number
  #inFlight = 0
  #committed = 0

  constructor(newestLease: number, now: number) {
    this.#after = newestLease
    this.#startedAt = now
  }

  isOver(now: number): boolean {
    return this.#limitAt(now) >= OPEN_AT
  }

  /** When more may be let in, epoch milliseconds, if nobody leaves before; undefined where there is room. */
  heldUntil(now: number): number | undefined {
    if (this.#inFlight < this.#limitAt(now)) return undefined
    return this.#startedAt + (this.#doublings(now) + 1) * DOUBLING_MS
  }

  began({ lease }: AttemptMark): void {
    if (lease > this.#after) this.#inFlight += 1
  }

  committed(): void {
    this.#committed += 1
  }

  ended({ lease }: AttemptMark): void {
    if (lease > this.#after) this.#inFlight -= 1
  }

  #limitAt(now: number): number {
    return FIRST * 2 ** this.#doublings(now) + this.#committed
  }

  #doublings(now: number): number {
    return Math.max(0, Math.floor((now - this.#startedAt) / DOUBLING_MS))
  }
}
