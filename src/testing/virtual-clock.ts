import { type Clock, settle, sleepOn } from '../engine/clock.ts'

interface Timer {
  readonly dueAt: number
  readonly order: number
  readonly callback: () => void
}

/**
 * A clock that stands still until it is told to move, so that hours of cooldowns pass in milliseconds and a test gives
 * the same result every time.
 *
 * ```ts
 * const clock = new VirtualClock()
 * const manager = new FailoverManager({ clock, … })
 * await clock.advance(60_000) // everything that falls due in that minute runs, in order
 * ```
 */
export class VirtualClock implements Clock {
  #now: number
  #order = 0
  readonly #timers = new Set<Timer>()

  /** @param startAt epoch milliseconds; default 2026-01-01T00:00:00Z */
  constructor(startAt: number = Date.UTC(2026, 0, 1)) {
    this.#now = startAt
  }

  now(): number {
    return this.#now
  }

  /** Timers that have not fired yet: 0 means that nothing was left behind. */
  get pendingTimers(): number {
    return this.#timers.size
  }

  setTimer(callback: () => void, ms: number): () => void {
    const timer: Timer = { dueAt: this.#now + Math.max(0, ms), order: this.#order++, callback }
    this.#timers.add(timer)
    return () => {
      this.#timers.delete(timer)
    }
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal)
  }

  /**
   * Moves time forward by `ms`, stopping at each timer that falls due on the way, in order of time and then of
   * creation. What a timer sets off (promises included) has run before the next one fires, so timers set meanwhile
   * are met too.
   */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await settle()
    for (let timer = this.#nextDue(end); timer !== undefined; timer = this.#nextDue(end)) {
      this.#timers.delete(timer)
      this.#now = Math.max(this.#now, timer.dueAt)
      timer.callback()
      await settle()
    }
    this.#now = end
  }

  /** Moves time forward, timer by timer, until the promise settles or nothing is left that could settle it. */
  async runUntil<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false
    const mark = (): void => {
      isSettled = true
    }
    promise.then(mark, mark)
    await settle()
    while (!isSettled) {
      const timer = this.#nextDue(Number.POSITIVE_INFINITY)
      if (timer === undefined)
        throw new Error('nothing is scheduled on the virtual clock that could settle the promise')
      await this.advance(timer.dueAt - this.#now)
    }
    return promise
  }

  /** Jumps the time without running anything, as a machine that slept or whose clock was set. */
  jump(ms: number): void {
    this.#now += ms
  }

  #nextDue(end: number): Timer | undefined {
    let next: Timer | undefined
    for (const timer of this.#timers) {
      if (timer.dueAt > end) continue
      if (next === undefined || timer.dueAt < next.dueAt || (timer.dueAt === next.dueAt && timer.order < next.order)) {
        next = timer
      }
    }
    return next
  }
}
