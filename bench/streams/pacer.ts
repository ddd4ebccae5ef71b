import type { Socket } from 'node:net'
import { Dice } from '../../src/simulate/dice.ts'
import type { StreamShape } from './wire.ts'

/** Chunks over all streams: so few that none has to wait for another. */
export const PACED_PER_SECOND = 2_000

const MEAN_GAP_NS = 1_000_000_000 / PACED_PER_SECOND
/** Who is further behind than this begins anew: what was missed is not sent in a burst. */
const MAX_BEHIND_NS = 10_000_000
/** After waiting so long it looks for news. */
const MAX_WAIT_MS = 0.5

interface PacedStream {
  readonly socket: Socket
  readonly shape: StreamShape
}

/**
 * Sends one chunk at a time, at random distances around the mean, over the open streams in turn; each says when it was
 * sent. Timers know whole milliseconds only, so it sleeps between two chunks, as `Atomics.wait` takes parts of them.
 */
export class Pacer {
  readonly #dice: Dice
  #streams: PacedStream[] = []
  readonly #cell = new Int32Array(new SharedArrayBuffer(4))
  #next = 0
  #dueNs = 0

  constructor(seed: number) {
    this.#dice = new Dice(seed)
  }

  add(socket: Socket, shape: StreamShape): void {
    socket.write(shape.opening)
    if (this.#streams.push({ socket, shape }) === 1) setImmediate(this.#beat)
  }

  readonly #beat = (): void => {
    if (this.#streams.some(({ socket }) => socket.destroyed)) {
      this.#streams = this.#streams.filter(({ socket }) => !socket.destroyed)
    }
    if (this.#streams.length === 0) return
    const nowNs = Number(process.hrtime.bigint())
    if (nowNs - this.#dueNs > MAX_BEHIND_NS) this.#dueNs = nowNs
    const waitMs = (this.#dueNs - nowNs) / 1_000_000
    if (waitMs > 0) Atomics.wait(this.#cell, 0, 0, Math.min(waitMs, MAX_WAIT_MS))
    if (waitMs <= MAX_WAIT_MS) {
      this.#send()
      this.#dueNs += MEAN_GAP_NS * (0.5 + this.#dice.next())
    }
    setImmediate(this.#beat)
  }

  #send(): void {
    this.#next = (this.#next + 1) % this.#streams.length
    const stream = this.#streams[this.#next]
    stream?.socket.write(stream.shape.stamped(process.hrtime.bigint()), 'latin1')
  }
}
