import type { Clock } from '../engine/index.ts'
import { AnswerBody } from './answer-body.ts'
import { type ExchangeSink, HttpExchange, type ResponseHeaders } from './http-exchange.ts'
import { connectTimeout, networkError } from './network-error.ts'
import type { Pools } from './pools.ts'

export interface ExchangeRequest {
  readonly url: URL
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** Ends everything at once, on the wire too. One listener, removed when the exchange is over. */
  readonly signal: AbortSignal
  readonly clock: Clock
  /** How long a connection may take to come about, milliseconds; waiting for a free one of our own does not count. */
  readonly connectMs: number
}

/** An answer whose head is here. Its body must be read, drained or canceled, or it keeps its connection. */
export interface Answer {
  readonly status: number
  readonly headers: ResponseHeaders
  readonly body: AnswerBody
}

/**
 * Sends a request and resolves with the answer's head, whatever its status.
 *
 * Rejects with the signal's reason, or with a FailoverError: `TIMEOUT` where no connection came about in time,
 * `NETWORK_ERROR` where it failed, `CANCELED` where the pools were closed. The body rejects likewise where it breaks
 * off: an answer is never silently short.
 */
export function exchange(pools: Pools, request: ExchangeRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    if (request.signal.aborted) reject(request.signal.reason)
    else new PendingExchange(pools, request, resolve, reject).dispatch()
  })
}

class PendingExchange implements ExchangeSink {
  readonly #pools: Pools
  readonly #request: ExchangeRequest
  readonly #resolve: (answer: Answer) => void
  readonly #reject: (error: unknown) => void
  readonly #wire = new HttpExchange(this)
  readonly #body: AnswerBody
  readonly #leave: () => void
  #cancelTimer: (() => void) | undefined

  constructor(
    pools: Pools,
    request: ExchangeRequest,
    resolve: (answer: Answer) => void,
    reject: (error: unknown) => void,
  ) {
    this.#pools = pools
    this.#leave = pools.enter()
    this.#request = request
    this.#resolve = resolve
    this.#reject = reject
    this.#body = new AnswerBody({
      pause: () => this.#wire.pause(),
      resume: () => this.#wire.resume(),
      abort: () => this.#wire.abort(),
      detach: () => this.#detach(),
    })
  }

  dispatch(): void {
    const { url, method, headers, body = null, signal } = this.#request
    signal.addEventListener('abort', this.#onAbort)
    this.#startTimer()
    const bytes = typeof body === 'string' ? Buffer.from(body) : body
    this.#pools.of(url.origin).dispatch({ path: url.pathname + url.search, method, headers, body: bytes }, this.#wire)
  }

  onStart(): void {
    this.#cancelTimer?.()
  }

  onHead(status: number, headers: ResponseHeaders): void {
    this.#resolve({ status, headers, body: this.#body })
  }

  onData(chunk: Buffer): void {
    this.#body.push(chunk)
  }

  onEnd(): void {
    this.#body.end()
  }

  onError(error: Error): void {
    const failure = networkError(this.#request.url.origin, error)
    this.#body.fail(failure)
    this.#reject(failure)
  }

  readonly #onAbort = (): void => {
    this.#giveUp(this.#request.signal.reason)
  }

  #startTimer(): void {
    const { clock, connectMs, url } = this.#request
    this.#cancelTimer = clock.setTimer(() => {
      if (this.#pools.isSaturated(url.origin)) this.#startTimer()
      else this.#giveUp(connectTimeout(url.origin, connectMs))
    }, connectMs)
  }

  #giveUp(error: unknown): void {
    this.#wire.abort()
    this.#body.failNow(error)
    this.#reject(error)
  }

  #detach(): void {
    this.#leave()
    this.#cancelTimer?.()
    this.#request.signal.removeEventListener('abort', this.#onAbort)
  }
}
