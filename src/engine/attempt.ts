import { type AttemptRecord, FailoverError, isRecord, type TimeoutPhase } from '../failure/index.ts'
import { Cancellation } from './cancellation.ts'
import type { Clock } from './clock.ts'
import type { Lease } from './lease.ts'
import type { Target } from './target.ts'

/** A limit on how long something may take. */
export interface AttemptLimit {
  readonly phase: TimeoutPhase
  readonly ms: number
  /** It is shorter than configured, because the request's own deadline comes first: running out proves nothing. */
  readonly isCutShort: boolean
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** One try of one target, from its first byte to its last. Its signal ends everything that it has started. */
export class Attempt {
  readonly lease: Lease
  readonly number: number
  readonly record: Mutable<AttemptRecord>
  readonly #clock: Clock
  readonly #cancellation = new Cancellation()
  /** The key it was made with, which nothing that comes of it may show. */
  secrets: readonly string[] = []
  #activeAt = 0

  constructor(clock: Clock, lease: Lease, number: number) {
    this.#clock = clock
    this.lease = lease
    this.number = number
    this.record = { target: lease.target.ref, outcome: 'pending', startedAt: lease.startedAt, durationMs: 0 }
  }

  get target(): Target {
    return this.lease.target
  }

  get signal(): AbortSignal {
    return this.#cancellation.signal
  }

  get isAborted(): boolean {
    return this.#cancellation.isCanceled
  }

  /** As the abort event of `signal`, without the signal. */
  onAbort(listener: (reason: unknown) => void): void {
    this.#cancellation.add(() => listener(this.#cancellation.reason))
  }

  get elapsedMs(): number {
    return this.#clock.now() - this.record.startedAt
  }

  /** A sign of life came, if only a comment or a ping: that feeds the idle limit and nothing else. */
  noteActivity(): void {
    this.#activeAt = this.#clock.now()
  }

  abort(reason: unknown): void {
    this.#cancellation.cancel(reason)
  }

  /**
   * Lets a limit run; where signs of life count (the idle limit), from the latest of them on.
   * @returns what calls it off
   */
  startLimit(limit: AttemptLimit, onOver: () => void): () => void {
    let cancelTimer = (): void => {}
    const arm = (ms: number): void => {
      cancelTimer = this.#clock.setTimer(() => {
        const leftMs = limit.phase === 'idle' ? this.#activeAt + limit.ms - this.#clock.now() : 0
        if (leftMs > 0) arm(leftMs)
        else onOver()
      }, ms)
    }
    this.noteActivity()
    arm(limit.ms)
    return () => cancelTimer()
  }

  /**
   * Waits for a piece of work, no longer than its limit, if it has one of its own, and no longer than attempt and
   * request live. Whichever comes first, the timer and the listeners are gone, and work that comes too late has been
   * told to stop.
   */
  race<T>(work: Promise<T>, limit: AttemptLimit | undefined, request: Cancellation): Promise<T> {
    const own = this.#cancellation
    return new Promise<T>((resolve, reject) => {
      const clear = (): void => {
        cancelLimit?.()
        request.remove(onRequestCanceled)
        own.remove(onAbort)
      }
      const onRequestCanceled = (): void => this.abort(request.reason)
      const onAbort = (): void => {
        clear()
        reject(own.reason)
      }
      const cancelLimit = limit && this.startLimit(limit, () => this.abort(new AttemptTimeout(limit)))
      request.add(onRequestCanceled)
      own.add(onAbort)
      work.then(
        (value) => {
          clear()
          resolve(value)
        },
        (error: unknown) => {
          clear()
          reject(error)
        },
      )
      if (own.isCanceled) onAbort()
      else if (request.isCanceled) onRequestCanceled()
    })
  }

  end(outcome: Exclude<AttemptRecord['outcome'], 'pending'>): void {
    this.#cancellation.release()
    this.record.outcome = outcome
    this.record.durationMs = this.elapsedMs
  }
}

/** One of our own limits ran out. */
export class AttemptTimeout extends FailoverError {
  readonly limit: AttemptLimit

  constructor(limit: AttemptLimit) {
    super('TIMEOUT', `nothing came within ${limit.ms} ms (${limit.phase} limit)`, {
      reason: 'timeout',
      isRetryable: true,
    })
    this.limit = limit
  }
}

/** Which of our own limits an error is about. */
export function timeoutPhaseOf(error: unknown): TimeoutPhase | undefined {
  if (error instanceof AttemptTimeout) return error.limit.phase
  // The transport enforces the limit on connecting, and says so in the cause.
  const cause = error instanceof FailoverError && error.code === 'TIMEOUT' ? error.cause : undefined
  return isRecord(cause) && cause.timeoutPhase === 'connect' ? 'connect' : undefined
}
