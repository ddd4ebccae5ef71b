import type { Clock } from '../engine/index.ts'
import type { FailoverError } from '../failure/index.ts'
import { AnswerBody } from './answer-body.ts'
import { type ExchangeSink, HttpExchange, type ResponseHeaders } from './http-exchange.ts'
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
    else new PulledExchange(pools, request, resolve, reject).send(request)
  })
}

/** An exchange whose answer is read at the reader's pace. */
class PulledExchange implements ExchangeSink {
  readonly #signal: AbortSignal
  readonly #resolve: (answer: Answer) => void
  readonly #reject: (error: unknown) => void
  readonly #wire: HttpExchange
  readonly #body: AnswerBody

  constructor(
    pools: Pools,
    { url, signal, clock, connectMs }: ExchangeRequest,
    resolve: (answer: Answer) => void,
    reject: (error: unknown) => void,
  ) {
    this.#signal = signal
    this.#resolve = resolve
    this.#reject = reject
    this.#wire = new HttpExchange(pools, { origin: url.origin, clock, connectMs }, this)
    this.#body = new AnswerBody({
      pause: () => this.#wire.pause(),
      resume: () => this.#wire.resume(),
      abort: () => this.#wire.abort(),
      detach: () => this.#detach(),
    })
  }

  send({ url: { pathname, search }, method, headers, body = '' }: ExchangeRequest): void {
    this.#signal.addEventListener('abort', this.#onAbort)
    const bytes = typeof body === 'string' ? Buffer.from(body) : body
    this.#wire.send({ path: pathname + search, method, headers, body: bytes })
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

  onError(error: FailoverError): void {
    this.#body.fail(error)
    this.#reject(error)
  }

  readonly #onAbort = (): void => {
    const { reason } = this.#signal
    this.#wire.abort()
    this.#body.failNow(reason)
    this.#reject(reason)
  }

  #detach(): void {
    this.#wire.leave()
    this.#signal.removeEventListener('abort', this.#onAbort)
  }
}
