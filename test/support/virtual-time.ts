import { setTimeout as sleep } from 'node:timers/promises'
import { VirtualClock } from '../../src/testing/index.ts'

/** After so many looks without anything new, what is waited for is the clock rather than a socket. */
const QUIET_LOOKS = 15
/** How far the clock moves between two looks, milliseconds, as long as nothing comes of it. */
const STRIDE_MS = 50

/**
 * A virtual clock for real sockets: no time passes as long as something goes on, and once nothing does, it passes until
 * something comes of it. Looks are turns of the event loop, so that a slow machine is not taken for a silent provider.
 */
export class PlayedClock extends VirtualClock {
  readonly #timers = new Set<{ readonly dueAt: number }>()

  override setTimer(callback: () => void, ms: number): () => void {
    const timer = { dueAt: this.now() + Math.max(0, ms) }
    this.#timers.add(timer)
    const cancel = super.setTimer(() => {
      this.#timers.delete(timer)
      callback()
    }, ms)
    return () => {
      this.#timers.delete(timer)
      cancel()
    }
  }

  /** @param progress changes with everything that goes on */
  async playOut<T>(work: Promise<T>, progress: () => number): Promise<T> {
    let isSettled = false
    const mark = (): void => {
      isSettled = true
    }
    work.then(mark, mark)
    let seen = progress()
    let quietLooks = 0
    const isQuiet = (): boolean => !isSettled && progress() === seen
    while (!isSettled) {
      await sleep(1)
      quietLooks = isQuiet() ? quietLooks + 1 : 0
      seen = progress()
      if (quietLooks < QUIET_LOOKS) continue
      const until = this.now() + STRIDE_MS
      while (isQuiet() && this.now() < until) await this.advance(Math.min(until, this.#nextDueAt()) - this.now())
    }
    return work
  }

  #nextDueAt(): number {
    return Math.min(...Array.from(this.#timers, ({ dueAt }) => dueAt))
  }
}
