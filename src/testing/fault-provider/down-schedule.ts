import type { Clock } from '../../engine/clock.ts'
import type { DownTime } from './options.ts'

/** Closes and opens the port at set times. */
export class DownSchedule {
  readonly #clock: Clock
  readonly #times: readonly DownTime[]
  readonly #port: { goDown(): Promise<unknown>; comeUp(): Promise<unknown> }
  #cancels: (() => void)[] = []

  constructor(
    clock: Clock,
    times: readonly DownTime[],
    port: { goDown(): Promise<unknown>; comeUp(): Promise<unknown> },
  ) {
    this.#clock = clock
    this.#times = times
    this.#port = port
  }

  /** Counts the times from now on. */
  restart(): void {
    this.stop()
    for (const { fromMs, untilMs } of this.#times) {
      this.#at(fromMs, () => this.#port.goDown())
      this.comeUpIn(untilMs)
    }
  }

  comeUpIn(ms: number): void {
    this.#at(ms, () => this.#port.comeUp())
  }

  stop(): void {
    for (const cancel of this.#cancels.splice(0)) cancel()
  }

  #at(ms: number, action: () => Promise<unknown>): void {
    this.#cancels.push(this.#clock.setTimer(() => void action(), ms))
  }
}
