import { sleepOn } from '../../src/engine/clock.ts'
import { type Clock, systemClock } from '../../src/engine/index.ts'

const TICK_MS = 10

/**
 * Tells the time that the event loop has had: it stands still while the machine is busy with something else, so that what
 * took long because of that is not taken for slow.
 */
export class ServedClock implements Clock {
  #ticks = 0
  readonly #timer = setInterval(() => {
    this.#ticks += 1
  }, TICK_MS)

  readonly now = (): number => this.#ticks * TICK_MS

  setTimer(callback: () => void, ms: number): () => void {
    return systemClock.setTimer(callback, ms)
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal)
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
