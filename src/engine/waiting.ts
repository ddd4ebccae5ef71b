import type { Clock } from './clock.ts'

interface Waiter {
  readonly wake: () => void
}

/** Requests that wait for something to open, in the order in which they came. */
export class WaitingRoom {
  readonly #clock: Clock
  readonly #maxQueued: number
  readonly #waiters = new Set<Waiter>()
  readonly #queued = new Map<string, number>()

  /** @param maxQueued requests that may wait at the same time for one route or model */
  constructor(clock: Clock, maxQueued: number) {
    this.#clock = clock
    this.#maxQueued = maxQueued
  }

  hasRoom(queue: string): boolean {
    return (this.#queued.get(queue) ?? 0) < this.#maxQueued
  }

  /** Resolves at `until` (epoch milliseconds) or as soon as something has changed; rejects when the signal aborts. */
  async wait(queue: string, until: number, signal: AbortSignal): Promise<void> {
    this.#queued.set(queue, (this.#queued.get(queue) ?? 0) + 1)
    try {
      await this.#changed(until, signal)
    } finally {
      const left = (this.#queued.get(queue) ?? 1) - 1
      if (left > 0) this.#queued.set(queue, left)
      else this.#queued.delete(queue)
    }
  }

  /** Something may have opened. */
  wakeAll(): void {
    for (const waiter of this.#waiters) waiter.wake()
  }

  #changed(until: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (finish: () => void): void => {
        this.#waiters.delete(waiter)
        cancelTimer()
        signal.removeEventListener('abort', onAbort)
        finish()
      }
      const onAbort = (): void => end(() => reject(signal.reason))
      const waiter: Waiter = { wake: () => end(resolve) }
      const cancelTimer = this.#clock.setTimer(waiter.wake, until - this.#clock.now())
      signal.addEventListener('abort', onAbort, { once: true })
      this.#waiters.add(waiter)
      if (signal.aborted) onAbort()
    })
  }
}
