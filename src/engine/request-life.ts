import { FailoverError, type Failure, type TargetRef } from '../failure/index.ts'
import { type Attempt, AttemptTimeout } from './attempt.ts'
import { Cancellation } from './cancellation.ts'
import type { Clock } from './clock.ts'
import type { EventDraft, EventHub, FailoverEventType } from './events.ts'
import type { Usage } from './provider.ts'
import { withoutPrompt } from './redaction.ts'
import type { Target } from './target.ts'

export interface LifeDependencies {
  readonly clock: Clock
  readonly hub: Pick<EventHub, 'hears' | 'emit'>
  readonly classify: (error: unknown, target: Target, secrets: readonly string[]) => Failure
}

interface LifeOptions {
  readonly id: string
  readonly deadlineMs: number
  readonly signal: AbortSignal | undefined
}

/**
 * What a request holds from its first look at the chain until its answer is complete: its deadline, its caller's
 * signal, and the story that is told of it. It has exactly one outcome.
 */
export class RequestLife {
  readonly id: string
  readonly startedAt: number
  /** Epoch milliseconds. */
  readonly deadlineAt: number
  /** Canceled when the caller leaves or the deadline passes; its reason is the `FailoverError` to throw. */
  readonly cancellation = new Cancellation()
  readonly #dependencies: LifeDependencies
  readonly #cancelDeadline: () => void
  readonly #callerSignal: AbortSignal | undefined
  #isOver = false

  constructor(dependencies: LifeDependencies, { id, deadlineMs, signal }: LifeOptions) {
    this.#dependencies = dependencies
    this.id = id
    const { clock } = dependencies
    this.startedAt = clock.now()
    this.deadlineAt = this.startedAt + deadlineMs
    this.#callerSignal = signal
    this.#cancelDeadline = clock.setTimer(() => this.#expire(), deadlineMs)
    if (signal?.aborted) this.#leave()
    else signal?.addEventListener('abort', this.#leave, { once: true })
  }

  /** A clock that was set, or a machine that slept, may have passed the deadline before its timer says so. */
  expireIfLate(): void {
    if (!this.cancellation.isCanceled && this.#dependencies.clock.now() >= this.deadlineAt) this.#expire()
  }

  /** An attempt failed: diagnoses it, tells health, and writes it down. */
  fail(attempt: Attempt, error: unknown, isCommitted: boolean): Failure {
    const diagnosis = this.#dependencies.classify(error, attempt.target, attempt.secrets)
    // A limit that our own deadline cut short proves nothing about the target.
    const isCutShort = error instanceof AttemptTimeout && error.limit.isCutShort
    const failure: Failure = isCutShort ? { ...diagnosis, scope: 'none' } : this.#ofOwnAbort(diagnosis)
    const { record } = attempt
    attempt.abort(error)
    attempt.end('failed')
    Object.assign(
      record,
      { reason: failure.reason, ruleId: failure.ruleId },
      failure.status !== undefined && { status: failure.status },
    )
    if (failure.retryAfterMs !== undefined) Object.assign(record, { retryAfterMs: failure.retryAfterMs })
    if (this.#hears('attempt_failed')) {
      this.#emit({ type: 'attempt_failed', ...this.#story(attempt), isCommitted, failure: withoutPrompt(failure) })
    }
    attempt.lease.failWith(failure, this.id)
    return failure
  }

  /** An attempt was given up for a reason that is nobody's fault. */
  cancel(attempt: Attempt, isCommitted: boolean, usage?: Usage): void {
    attempt.abort(this.cancellation.reason)
    attempt.end('canceled')
    attempt.lease.release(usage)
    if (this.#hears('attempt_canceled')) {
      this.#emit({ type: 'attempt_canceled', ...this.#story(attempt), isCommitted })
    }
  }

  succeed(attempt: Attempt, attempts: number, usage: Usage | undefined): void {
    attempt.end('succeeded')
    attempt.lease.succeed(usage === undefined ? {} : { usage })
    if (this.#hears('attempt_succeeded')) {
      this.#emit({ type: 'attempt_succeeded', ...this.#story(attempt), ...(usage !== undefined && { usage }) })
    }
    if (!this.#end() || !this.#hears('request_succeeded')) return
    this.#emit({
      type: 'request_succeeded',
      requestId: this.id,
      target: attempt.record.target,
      attempts,
      durationMs: this.#durationMs,
    })
  }

  /** The request ends with an error. */
  end(error: FailoverError, attempts: number): void {
    if (!this.#end()) return
    const common = { requestId: this.id, attempts, durationMs: this.#durationMs }
    if (error.code === 'CANCELED') this.#emit({ type: 'request_canceled', ...common })
    else {
      const { code, nextAvailableAt } = error
      this.#emit({ type: 'request_failed', ...common, code, ...(nextAvailableAt !== undefined && { nextAvailableAt }) })
    }
  }

  get #durationMs(): number {
    return this.#dependencies.clock.now() - this.startedAt
  }

  /** Whoever was aborted although the caller has not left was aborted by code of his own: that is no cancellation. */
  #ofOwnAbort(failure: Failure): Failure {
    if (failure.reason !== 'canceled' || this.cancellation.isCanceled) return failure
    return {
      ...failure,
      reason: 'unknown',
      scope: 'target',
      nextStep: 'next_model',
      isRetryable: true,
      ruleId: 'local.foreign_abort',
    }
  }

  #expire(): void {
    const message = `the deadline of ${this.deadlineAt - this.startedAt} ms has passed`
    this.cancellation.cancel(new FailoverError('DEADLINE_EXCEEDED', message, { isRetryable: true }))
  }

  readonly #leave = (): void => {
    const cause: unknown = this.#callerSignal?.reason
    const isOurs = cause instanceof FailoverError && cause.code === 'CANCELED'
    const message = 'the caller canceled the request'
    this.cancellation.cancel(isOurs ? cause : new FailoverError('CANCELED', message, { cause, reason: 'canceled' }))
  }

  /** @returns whether it was still going on */
  #end(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    this.#cancelDeadline()
    this.#callerSignal?.removeEventListener('abort', this.#leave)
    return true
  }

  #hears(type: FailoverEventType): boolean {
    return this.#dependencies.hub.hears(type)
  }

  /** What the events of an attempt's end have in common. */
  #story({ record, number }: Attempt): {
    readonly requestId: string
    readonly target: TargetRef
    readonly attempt: number
    readonly durationMs: number
  } {
    return { requestId: this.id, target: record.target, attempt: number, durationMs: record.durationMs }
  }

  #emit(event: EventDraft): void {
    this.#dependencies.hub.emit(event)
  }
}
