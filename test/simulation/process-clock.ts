import { sleepOn } from '../../src/engine/clock.ts'
import type { Clock } from '../../src/index.ts'
import type { VirtualClock } from '../../src/testing/virtual-clock.ts'

/** The machine the process runs on: real time, and a wall clock that somebody may set. */
export interface Machine {
  /** Real time; nobody can set it. */
  readonly time: VirtualClock
  /** How far the wall clock is ahead of it, milliseconds. */
  wallOffsetMs: number
}

/** The clock as one life of the process sees it. When the process dies, everything that it waited for never comes. */
export class ProcessClock implements Clock {
  readonly #machine: Machine
  readonly #timers = new Map<() => void, { readonly isBackground: boolean }>()
  #setBackMs = 0
  #isDead = false

  constructor(machine: Machine) {
    this.#machine = machine
  }

  /** The wall clock. */
  now(): number {
    return this.#machine.time.now() + this.#machine.wallOffsetMs
  }

  /** What somebody makes of the wall clock who lets no time run backwards. */
  steadyNow(): number {
    return this.now() + this.#setBackMs
  }

  /** Somebody sets the wall clock. */
  set(ms: number): void {
    this.#machine.wallOffsetMs += ms
    if (ms < 0) this.#setBackMs -= ms
  }

  /** Timers that keep somebody waiting. */
  get pendingTimers(): number {
    return [...this.#timers.values()].filter(({ isBackground }) => !isBackground).length
  }

  setTimer(callback: () => void, ms: number, { isBackground = false } = {}): () => void {
    if (this.#isDead) return () => {}
    const cancel = (): void => {
      this.#timers.delete(cancel)
      cancelTimer()
    }
    const cancelTimer = this.#machine.time.setTimer(() => {
      this.#timers.delete(cancel)
      callback()
    }, ms)
    this.#timers.set(cancel, { isBackground })
    return cancel
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal)
  }

  /** The process dies. */
  die(): void {
    this.#isDead = true
    for (const cancel of this.#timers.keys()) cancel()
  }
}
