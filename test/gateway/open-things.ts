import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { EventEmitter } from 'node:events'
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { promisify } from 'node:util'
import { settle, sleepOn } from '../../src/engine/clock.ts'
import { type Clock, systemClock } from '../../src/engine/index.ts'

/** The system's clock, which knows how many of its timers are still to fire. */
export class CountingClock implements Clock {
  pendingTimers = 0

  now(): number {
    return systemClock.now()
  }

  setTimer(callback: () => void, ms: number): () => void {
    let isOver = false
    const finish = (): void => {
      if (!isOver) this.pendingTimers -= 1
      isOver = true
    }
    this.pendingTimers += 1
    const cancel = systemClock.setTimer(() => {
      finish()
      callback()
    }, ms)
    return () => {
      finish()
      cancel()
    }
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal)
  }
}

/** Every socket that this process opens or accepts from now on, every HTTP server that is asked, and every warning. */
export class OpenThings implements Disposable {
  readonly #sockets = new Set<Socket>()
  readonly #servers = new Map<number, Server>()
  readonly warnings: Error[] = []

  constructor() {
    subscribe('net.client.socket', this.#onSocket)
    subscribe('net.server.socket', this.#onSocket)
    subscribe('http.server.request.start', this.#onRequest)
    process.on('warning', this.#onWarning)
  }

  /** Sockets that are still open, of both sides: those from and to this port, or all. */
  sockets(port?: number): Socket[] {
    const isOfPort = ({ localPort, remotePort }: Socket): boolean => localPort === port || remotePort === port
    return [...this.#sockets].filter((socket) => port === undefined || isOfPort(socket))
  }

  /** The server at this port, once it was asked for something. */
  server(port: number): Server {
    const server = this.#servers.get(port)
    if (server === undefined) throw new Error(`no server at port ${port} was asked`)
    return server
  }

  /** What the server itself counts. */
  connections(port: number): Promise<number> {
    const server = this.server(port)
    return promisify(server.getConnections.bind(server))()
  }

  [Symbol.dispose](): void {
    unsubscribe('net.client.socket', this.#onSocket)
    unsubscribe('net.server.socket', this.#onSocket)
    unsubscribe('http.server.request.start', this.#onRequest)
    process.off('warning', this.#onWarning)
  }

  readonly #onSocket = (message: unknown): void => {
    const { socket } = message as { socket: Socket }
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
  }

  readonly #onRequest = (message: unknown): void => {
    const { server } = message as { server: Server }
    const address = server.address()
    if (typeof address === 'object' && address !== null) this.#servers.set(address.port, server)
  }

  readonly #onWarning = (warning: Error): void => void this.warnings.push(warning)
}

/** How many listeners each event has. */
export function listenersOf(emitter: EventEmitter): Record<string, number> {
  return Object.fromEntries(emitter.eventNames().map((name) => [String(name), emitter.listenerCount(name)]))
}

/** What keeps the process alive, counted. */
export function activeResources(): { readonly sockets: number; readonly timers: number } {
  const names = process.getActiveResourcesInfo()
  return {
    sockets: names.filter((name) => name.startsWith('TCP')).length,
    timers: names.filter((name) => name === 'Timeout' || name === 'Immediate').length,
  }
}

const PATIENCE_MS = 10_000

/** Waits until it holds, turn by turn of the event loop; fails where it does not in a long time. */
export async function until(what: string, isSo: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS
  while (!isSo()) {
    if (performance.now() > giveUpAt) throw new Error(`still not so after ${PATIENCE_MS} ms: ${what}`)
    await settle()
  }
}
