import type { Socket } from 'node:net'

interface Flow {
  readonly socket: Socket
  readonly pieces: readonly Buffer[]
  sent: number
}

/**
 * Streams that go as fast as they are read. They take turns, one piece each, and the system is asked for news between
 * two turns: so each piece is a write of its own, and a packet where the other side keeps up.
 */
export class Flows {
  readonly #ready = new Set<Flow>()
  #isTurning = false

  add(socket: Socket, pieces: readonly Buffer[]): void {
    this.#proceed({ socket, pieces, sent: 0 })
  }

  #proceed(flow: Flow): void {
    this.#ready.add(flow)
    if (this.#isTurning) return
    this.#isTurning = true
    setImmediate(this.#turn)
  }

  readonly #turn = (): void => {
    for (const flow of this.#ready) {
      const piece = flow.pieces[flow.sent]
      if (piece === undefined || flow.socket.destroyed) {
        this.#ready.delete(flow)
        continue
      }
      flow.sent += 1
      if (flow.socket.write(piece)) continue
      this.#ready.delete(flow)
      flow.socket.once('drain', () => this.#proceed(flow))
    }
    this.#isTurning = this.#ready.size > 0
    if (this.#isTurning) setImmediate(this.#turn)
  }
}
