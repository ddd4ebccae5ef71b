import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

interface Opening {
  readonly port: number
  readonly request: Buffer
  readonly count: number
  /** Makes what reads one stream; it throws at what should not come. */
  readonly read: () => (arrived: Buffer) => void
}

/** So many connections are made at the same time: a listener's queue is not endless. */
const AT_ONCE = 100

/** Streams that are opened and left before their end. */
export class OpenStreams {
  /** Rejects with the first thing that is wrong; never resolves. */
  readonly failed: Promise<never>
  readonly #fail: (error: Error) => void
  readonly #sockets: Socket[] = []
  #isClosed = false

  constructor() {
    const { promise, reject } = Promise.withResolvers<never>()
    promise.catch(() => {})
    this.failed = promise
    this.#fail = reject
  }

  async open({ port, request, count, read }: Opening): Promise<void> {
    for (let left = count; left > 0; left -= AT_ONCE) {
      await Promise.all(Array.from({ length: Math.min(left, AT_ONCE) }, () => this.#openOne(port, request, read())))
    }
  }

  close(): void {
    this.#isClosed = true
    for (const socket of this.#sockets) socket.destroy()
  }

  async #openOne(port: number, request: Buffer, read: (arrived: Buffer) => void): Promise<void> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#sockets.push(socket)
    socket.on('error', this.#fail)
    socket.on('close', () => {
      if (!this.#isClosed) this.#fail(new Error('a stream was closed'))
    })
    socket.on('data', (arrived: Buffer) => {
      try {
        if (!this.#isClosed) read(arrived)
      } catch (error) {
        this.#fail(error instanceof Error ? error : new Error(String(error)))
      }
    })
    await once(socket, 'connect')
    socket.write(request)
  }
}
