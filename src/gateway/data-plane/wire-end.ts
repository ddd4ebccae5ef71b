import type { Clock } from '../../engine/index.ts'
import { DRAIN_BYTES, DRAIN_MS } from '../../upstream/index.ts'

/** One answer's connection, as its reader sees it. */
export interface Wire {
  pause(): void
  resume(): void
  abort(): void
  /** What is still to come matters to nobody. */
  leave(): void
}

/** An answer has ended before its connection: a little more is taken in, so that the connection can be used again. */
export class WireEnd {
  readonly #wire: Wire
  readonly #cancelTimer: () => void
  #bytes = 0
  #isOver = false

  constructor(wire: Wire, clock: Clock) {
    this.#wire = wire
    wire.leave()
    this.#cancelTimer = clock.setTimer(() => this.#giveUp(), DRAIN_MS)
  }

  take(chunk: Buffer): void {
    this.#bytes += chunk.length
    if (this.#bytes > DRAIN_BYTES) this.#giveUp()
  }

  /** The connection is at its end, too, or was aborted. */
  stop(): void {
    this.#isOver = true
    this.#cancelTimer()
  }

  #giveUp(): void {
    if (this.#isOver) return
    this.stop()
    this.#wire.abort()
  }
}
