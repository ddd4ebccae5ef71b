import type { Fault } from './fault.ts'
import type { DialectName, FaultRequest } from './request.ts'

export type AttemptOutcome = 'pending' | 'completed' | 'cut' | 'reset' | 'client_hung_up'

/** One request as it came in and what became of it. Fields change until `outcome` is no longer `pending`. */
export interface Attempt {
  /** Epoch milliseconds at which the request was complete. */
  readonly at: number
  readonly method: string
  /** Without query. */
  readonly path: string
  readonly query: string
  readonly headers: FaultRequest['headers']
  readonly key: string | undefined
  readonly dialect: DialectName
  readonly model: string | undefined
  readonly stream: boolean
  /** Parsed JSON, or text where it was not JSON. */
  readonly body: unknown
  /** The client's port: equal where a connection was used again. */
  readonly clientPort: number | undefined
  /** Absent until headers were sent. */
  readonly status?: number
  /** The fault that struck, if one did. */
  readonly fault?: Fault
  /** Counted as they are sent; for an answer that is not streamed, all at once when its body is complete. */
  readonly tokensSent: number
  /** Of the response body. */
  readonly bytesSent: number
  /**
   * `cut` and `reset` are the provider's doing (`cut` also where it was closed or went down meanwhile),
   * `client_hung_up` the client's, whether it left while waiting or in the middle of an answer.
   */
  readonly outcome: AttemptOutcome
  readonly endedAt?: number
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** Writes down attempts; the list is the same object for good, so that it can be watched. */
export class AttemptLog {
  readonly #attempts: Mutable<Attempt>[] = []
  #waiting: (() => void)[] = []
  #pending = new Set<Mutable<Attempt>>()

  get attempts(): readonly Attempt[] {
    return this.#attempts
  }

  begin(request: FaultRequest, nowMs: number, clientPort: number | undefined): AttemptEntry {
    const { method, path, query, headers, key, dialect, model, stream, body } = request
    const seen = { method, path, query, headers, key, dialect, model, stream, body, clientPort }
    const attempt: Mutable<Attempt> = { at: nowMs, ...seen, tokensSent: 0, bytesSent: 0, outcome: 'pending' }
    this.#attempts.push(attempt)
    this.#pending.add(attempt)
    return {
      chose: (fault) => {
        attempt.fault = fault
      },
      sentStatus: (status) => {
        attempt.status = status
      },
      wrote: ({ tokens, bytes }) => {
        attempt.tokensSent += tokens
        attempt.bytesSent += bytes
      },
      end: (outcome, endedAt) => {
        attempt.outcome = outcome
        attempt.endedAt = endedAt
        this.#pending.delete(attempt)
        if (this.#pending.size === 0) for (const resolve of this.#waiting.splice(0)) resolve()
      },
    }
  }

  /** Resolves when no attempt is pending. */
  idle(): Promise<void> {
    if (this.#pending.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
    })
  }

  clear(): void {
    this.#attempts.length = 0
  }
}

export interface AttemptEntry {
  chose(fault: Fault): void
  sentStatus(status: number): void
  wrote(written: { readonly tokens: number; readonly bytes: number }): void
  end(outcome: AttemptOutcome, endedAt: number): void
}
