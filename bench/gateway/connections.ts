import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { AnswerReader } from './answer-reader.ts'
import type { ExpectedBody } from './wire.ts'

/** What is asked, and what must come back. */
export interface Exchange {
  readonly port: number
  readonly request: Buffer
  readonly expected: ExpectedBody
}

/** Connections to one port, each with at most one request under way. */
export class Connections {
  /** Those with no request under way, the last used first. */
  readonly idle: Connection[] = []
  /** Rejects with the first thing that is wrong; never resolves. */
  readonly failed: Promise<never>
  readonly #all: Connection[] = []
  readonly #fail: (error: Error) => void
  #isClosed = false

  private constructor() {
    const { promise, reject } = Promise.withResolvers<never>()
    promise.catch(() => {})
    this.failed = promise
    this.#fail = reject
  }

  static async open(exchange: Exchange, count: number, onAnswer: (latencyMs: number) => void): Promise<Connections> {
    const connections = new Connections()
    const { port, request, expected } = exchange
    const opened = Array.from({ length: count }, async () => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      await once(socket, 'connect')
      const reader = new AnswerReader(expected)
      const connection = new Connection({ socket, request, reader, fail: connections.#fail })
      connection.onAnswer = (latencyMs) => {
        connections.idle.push(connection)
        onAnswer(latencyMs)
      }
      return connection
    })
    connections.#all.push(...(await Promise.all(opened)))
    connections.idle.push(...connections.#all)
    return connections
  }

  /** Whether nothing is under way. */
  get isQuiet(): boolean {
    return this.#isClosed || this.idle.length === this.#all.length
  }

  /** Bytes of bodies that have come, on all of them. */
  get bodyBytes(): number {
    return this.#all.reduce((sum, connection) => sum + connection.bodyBytes, 0)
  }

  close(): void {
    this.#isClosed = true
    for (const connection of this.#all) connection.close()
  }
}

interface ConnectionParts {
  readonly socket: Socket
  readonly request: Buffer
  readonly reader: AnswerReader
  readonly fail: (error: Error) => void
}

class Connection {
  onAnswer: (latencyMs: number) => void = () => {}
  readonly #socket: Socket
  readonly #request: Buffer
  readonly #reader: AnswerReader
  #startedAt = 0
  #isClosed = false

  constructor({ socket, request, reader, fail }: ConnectionParts) {
    this.#socket = socket
    this.#request = request
    this.#reader = reader
    socket.on('data', (data: Buffer) => {
      try {
        if (reader.feed(data)) this.onAnswer(performance.now() - this.#startedAt)
      } catch (error) {
        fail(error instanceof Error ? error : new Error(String(error)))
        this.close()
      }
    })
    socket.on('error', fail)
    socket.on('close', () => {
      if (!this.#isClosed) fail(new Error('the connection was closed'))
    })
  }

  get bodyBytes(): number {
    return this.#reader.bodyBytes
  }

  /** The latency counts from `startedAt`, on the clock of `performance.now`. */
  send(startedAt: number): void {
    this.#startedAt = startedAt
    this.#socket.write(this.#request)
  }

  close(): void {
    this.#isClosed = true
    this.#socket.destroy()
  }
}
