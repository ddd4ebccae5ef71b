import type { Dispatcher } from 'undici'
import type { Clock } from '../engine/index.ts'
import type { FailoverError } from '../failure/index.ts'
import { connectTimeout, networkError } from './network-error.ts'
import type { Pools } from './pools.ts'

/** Response headers, names in lower case; a repeated header is an array. */
export type ResponseHeaders = Readonly<Record<string, string | string[]>>

export interface OutgoingRequest {
  /** Scheme, host and port. */
  readonly origin: string
  /** Path and query. */
  readonly path: string
  readonly method: 'GET' | 'POST'
  /** By name, or a flat list of names and values in the order in which they are written. */
  readonly headers: Readonly<Record<string, string>> | readonly string[]
  readonly body: Uint8Array | null
  readonly clock: Clock
  /** How long a connection may take to come about, milliseconds; waiting for a free one of our own does not count. */
  readonly connectMs: number
}

/** Who is told how an exchange goes. After `onEnd` or `onError`, or once it was aborted, nothing more comes. */
export interface ExchangeSink {
  onHead(status: number, headers: ResponseHeaders): void
  /** A view of the socket's buffer, which nobody writes to again: it may be kept. */
  onData(chunk: Buffer): void
  onEnd(): void
  /**
   * `TIMEOUT` where no connection came about in time, `NETWORK_ERROR` where it failed, `CANCELED` where the pools were
   * closed. An answer is never silently short.
   */
  onError(error: FailoverError): void
}

/**
 * One request on the wire, as the handler undici's `dispatch` takes.
 *
 * A class, and no `AbortSignal` for undici: both are cheaper by several microseconds per request than what
 * `Pool.request` does. `abort` works at any time, before there is a connection too.
 */
export class HttpExchange implements Dispatcher.DispatchHandler {
  readonly #pools: Pools
  /** Without its body: the exchange lives as long as the answer. */
  readonly #request: Pick<OutgoingRequest, 'origin' | 'clock' | 'connectMs'>
  readonly #sink: ExchangeSink
  #controller: Dispatcher.DispatchController | undefined
  #cancelTimer: (() => void) | undefined
  #isInPools = false
  #isOver = false

  constructor(
    pools: Pools,
    { origin, clock, connectMs }: Pick<OutgoingRequest, 'origin' | 'clock' | 'connectMs'>,
    sink: ExchangeSink,
  ) {
    this.#pools = pools
    this.#request = { origin, clock, connectMs }
    this.#sink = sink
  }

  send({ path, method, headers, body }: Pick<OutgoingRequest, 'path' | 'method' | 'headers' | 'body'>): void {
    const { origin } = this.#request
    this.#isInPools = true
    this.#pools.enter()
    // The types leave out that a list is only read.
    const list = headers as Record<string, string> | string[]
    this.#pools.of(origin).dispatch({ path, method, headers: list, body }, this)
    // With a connection at hand it has begun by now.
    if (this.#controller === undefined && !this.#isOver) this.#startTimer()
  }

  /** Ends it on the wire: the connection is closed. The sink hears nothing more. */
  abort(): void {
    this.#finish()
    this.#controller?.abort(new Error('the exchange was aborted'))
  }

  /** No more data until `resume`, so that a slow reader slows the server. */
  pause(): void {
    this.#controller?.pause()
  }

  resume(): void {
    this.#controller?.resume()
  }

  /** What is still to come matters to nobody: closing the pools need not wait for it. */
  leave(): void {
    this.#stopTimer()
    if (!this.#isInPools) return
    this.#isInPools = false
    this.#pools.leave()
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    this.#stopTimer()
    if (this.#isOver) controller.abort(new Error('the exchange was aborted'))
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: ResponseHeaders): void {
    if (status >= 200 && !this.#isOver) this.#sink.onHead(status, headers)
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#isOver) this.#sink.onData(chunk)
  }

  onResponseEnd(): void {
    if (this.#isOver) return
    this.#finish()
    this.#sink.onEnd()
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (this.#isOver) return
    this.#finish()
    this.#sink.onError(networkError(this.#request.origin, error))
  }

  #finish(): void {
    this.#isOver = true
    this.leave()
  }

  /** It may go on for long: nothing of the timer is kept. */
  #stopTimer(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  #startTimer(): void {
    const { clock, connectMs, origin } = this.#request
    this.#cancelTimer = clock.setTimer(() => {
      if (this.#pools.isSaturated(origin)) this.#startTimer()
      else {
        this.abort()
        this.#sink.onError(connectTimeout(origin, connectMs))
      }
    }, connectMs)
  }
}
