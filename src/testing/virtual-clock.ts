import { type Clock, settle, settlePromises, sleepOn } from '../engine/clock.ts'
import { type Timer, TimerQueue } from './timer-queue.ts'

export interface VirtualClockOptions {
  /**
   * Nothing goes on but promises and this clock's own timers: no socket, file, stream or real timer. What a timer sets
   * off is then waited for without a turn of the event loop, which is many times faster. Default false.
   */
  readonly promisesOnly?: boolean
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
  readonly #timers = new TimerQueue()
  readonly #settle: () => Promise<void>

  /** @param startAt epoch milliseconds; default 2026-01-01T00:00:00Z */
  constructor(startAt: number = Date.UTC(2026, 0, 1), { promisesOnly = false }: VirtualClockOptions = {}) {
    this.#now = startAt
    this.#settle = promisesOnly ? settlePromises : settle
  }

  now(): number {
    return this.#now
  }

  /** Timers that have not fired yet: 0 means that nothing was left behind. */
  get pendingTimers(): number {
    return this.#timers.size
  }

  setTimer(callback: () => void, ms: number): () => void {
    return this.#timers.add(this.#now + Math.max(0, ms), callback)
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
    await this.#settle()
    for (let timer = this.#timers.takeDue(end); timer !== undefined; timer = this.#timers.takeDue(end)) {
      await this.#fire(timer)
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
    await this.#settle()
    while (!isSettled) {
      const timer = this.#timers.takeDue(Number.POSITIVE_INFINITY)
      if (timer === undefined)
        throw new Error('nothing is scheduled on the virtual clock that could settle the promise')
      await this.#fire(timer)
    }
    return promise
  }

  /** Jumps the time without running anything, as a machine that slept or whose clock was set. */
  jump(ms: number): void {
    this.#now += ms
  }

  async #fire({ dueAt, callback }: Timer): Promise<void> {
    this.#now = Math.max(this.#now, dueAt)
    callback()
    await this.#settle()
  }
}
