import type { Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** A listening port that can be really closed, so that connections are refused, and opened again with the same number. */
export class Port {
  readonly #server: Server
  readonly #host: string
  readonly #sockets = new Set<Socket>()
  #number: number
  #isClosedForGood = false
  /** Opening and closing take turns. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(server: Server, { host, port }: { readonly host: string; readonly port: number }) {
    this.#server = server
    this.#host = host
    this.#number = port
    server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
  }

  /** Resolves with the URL once connections are accepted. */
  open(): Promise<string> {
    return this.#next(async () => {
      if (!this.#server.listening && !this.#isClosedForGood) await this.#listen()
      return `http://${this.#host.includes(':') ? `[${this.#host}]` : this.#host}:${this.#number}`
    })
  }

  /** Resolves once connections are refused and the old ones are gone. */
  close(): Promise<void> {
    return this.#next(async () => {
      if (!this.#server.listening) return
      const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
      for (const socket of this.#sockets) socket.destroy()
      await closed
    })
  }

  closeForGood(): Promise<void> {
    this.#isClosedForGood = true
    return this.close()
  }

  async #listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(this.#number, this.#host, () => {
        this.#server.off('error', reject)
        resolve()
      })
    })
    const address = this.#server.address() as AddressInfo
    this.#number = address.port
  }

  #next<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(action)
    this.#turn = result.catch(() => {})
    return result
  }
}
