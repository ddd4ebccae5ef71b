import { FailoverError, type FailoverErrorCode, type Failure, type TargetRef } from '../failure/index.ts'
import { type Attempt, AttemptTimeout } from './attempt.ts'
import type { AttemptEntry } from './attempt-entry.ts'
import { Cancellation } from './cancellation.ts'
import type { Clock } from './clock.ts'
import type { EventDraft, EventHub, FailoverEventType, SkipCause } from './events.ts'
import type { History } from './history.ts'
import { PassedOver } from './passed-over.ts'
import type { Usage } from './provider.ts'
import { withoutPrompt } from './redaction.ts'
import type { RequestId } from './request-id.ts'
import type { ChainLink } from './routes.ts'
import type { Target } from './target.ts'

export interface LifeDependencies {
  readonly clock: Clock
  readonly hub: Pick<EventHub, 'hears' | 'emit'>
  readonly history?: History
  readonly classify: (error: unknown, target: Target, secrets: readonly string[]) => Failure
}

interface LifeOptions {
  readonly id: RequestId
  /** What was asked for. */
  readonly model: string
  readonly chain: readonly ChainLink[]
  readonly startedAt: number
  readonly deadlineMs: number
  readonly signal: AbortSignal | undefined
}

/** Who has a request in hand: it is told when a limit of its own runs out, and when the request is canceled. */
export interface Holder {
  /** When its own limit runs out, epoch milliseconds; infinite where it has none. */
  dueAt(): number
  onDue(now: number): void
  onCanceled(): void
}

/**
 * What a request holds from its first look at the chain until its answer is complete: its deadline, its caller's
 * signal, and the story that is told of it. It has exactly one outcome.
 *
 * One timer does for the deadline and for whatever limit stands before it: most of a request's limits never run out, and
 * arming a timer is a good part of what a request costs.
 */
export class RequestLife {
  readonly model: string
  readonly chain: readonly ChainLink[]
  /** Epoch milliseconds. */
  readonly startedAt: number
  readonly deadlineAt: number
  /** Canceled when the caller leaves or the deadline passes; its reason is the `FailoverError` to throw. */
  readonly cancellation = new Cancellation()
  /** Most requests have none. */
  passedOver: PassedOver | undefined
  readonly #id: RequestId
  readonly #dependencies: LifeDependencies
  readonly #callerSignal: AbortSignal | undefined
  /** Only where there is a signal to listen to. */
  #onLeave: (() => void) | undefined
  #holder: Holder | undefined
  #cancelTimer: (() => void) | undefined
  /** When the timer rings, epoch milliseconds. */
  #ringsAt = 0
  #isOver = false

  constructor(dependencies: LifeDependencies, { id, model, chain, startedAt, deadlineMs, signal }: LifeOptions) {
    this.#dependencies = dependencies
    this.#id = id
    this.model = model
    this.chain = chain
    this.startedAt = startedAt
    this.deadlineAt = startedAt + deadlineMs
    this.#callerSignal = signal
    if (signal === undefined) return
    if (signal.aborted) this.#leave()
    else {
      this.#onLeave = () => this.#leave()
      signal.addEventListener('abort', this.#onLeave)
    }
  }

  /** A choice has passed over targets, which nobody is told but who reads the story. */
  passOver(at: number, targets: readonly Target[], causes: readonly SkipCause[]): void {
    const after = this.#dependencies.history?.countOf(this.#id) ?? 0
    this.passedOver ??= new PassedOver()
    this.passedOver.add({ at, after, targets, causes })
  }

  get id(): string {
    return this.#id.text
  }

  /** A clock that was set, or a machine that slept, may have passed the deadline before the timer says so. */
  expireIfLate(now: number): void {
    if (!this.cancellation.isCanceled && now >= this.deadlineAt) this.#expire()
  }

  /** From now on this one has the request in hand; undefined: nobody, but its deadline counts all the same. */
  passTo(holder: Holder | undefined): void {
    this.#holder = holder
  }

  /**
   * Sees to it that the timer rings when the first limit runs out; called when one may have come nearer.
   * @param soonAt a nearer one will follow, not before this time: so the timer need not be armed anew for that one
   */
  watch(now: number, soonAt = Number.POSITIVE_INFINITY): void {
    if (this.#isOver || this.cancellation.isCanceled) return
    const holderDueAt = this.#holder?.dueAt() ?? Number.POSITIVE_INFINITY
    const dueAt = Math.min(holderDueAt, this.deadlineAt, soonAt)
    if (this.#cancelTimer !== undefined) {
      // One that rings too early looks again.
      if (this.#ringsAt <= dueAt) return
      this.#cancelTimer()
    }
    this.#ringsAt = dueAt
    this.#cancelTimer = this.#dependencies.clock.setTimer(() => this.#ring(), dueAt - now)
  }

  /** Its caller has left in another way than by his signal. */
  abandon(error: FailoverError): void {
    this.#cancel(error)
  }

  /** An attempt failed: diagnoses it, tells health, and writes it down. */
  fail(attempt: Attempt, error: unknown, isCommitted: boolean, usage?: Usage): Failure {
    const diagnosis = this.#dependencies.classify(error, attempt.target, attempt.secrets)
    // A limit that our own deadline cut short proves nothing about the target.
    const isCutShort = error instanceof AttemptTimeout && error.limit.isCutShort
    const failure: Failure = isCutShort ? { ...diagnosis, scope: 'none' } : this.#ofOwnAbort(diagnosis)
    const { record } = attempt
    attempt.abort(error)
    attempt.end('failed')
    record.reason = failure.reason
    record.ruleId = failure.ruleId
    if (failure.status !== undefined) record.status = failure.status
    if (failure.retryAfterMs !== undefined) record.retryAfterMs = failure.retryAfterMs
    if (this.#hears('attempt_failed')) {
      const cost = usage === undefined ? undefined : { usage }
      this.#emit({
        type: 'attempt_failed',
        ...this.#story(attempt),
        isCommitted,
        failure: withoutPrompt(failure),
        ...cost,
      })
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

  succeed(attempt: Attempt, attempts: readonly AttemptEntry[], usage: Usage | undefined, now: number): void {
    attempt.end('succeeded', now)
    attempt.lease.succeed(usage === undefined ? undefined : { usage })
    if (this.#hears('attempt_succeeded')) {
      this.#emit({ type: 'attempt_succeeded', ...this.#story(attempt), ...(usage !== undefined && { usage }) }, now)
    }
    if (!this.#end()) return
    if (this.#hears('request_succeeded')) {
      const { target } = attempt.record
      const durationMs = now - this.startedAt
      this.#emit({ type: 'request_succeeded', requestId: this.id, target, attempts: attempts.length, durationMs }, now)
    }
    this.#remember(now, attempts, undefined, usage)
  }

  /** The request ends with an error. */
  end(error: FailoverError, attempts: readonly AttemptEntry[], usage?: Usage): void {
    if (!this.#end()) return
    const { code, nextAvailableAt } = error
    const endedAt = this.#dependencies.clock.now()
    const common = { requestId: this.id, attempts: attempts.length, durationMs: endedAt - this.startedAt }
    if (code === 'CANCELED') this.#emit({ type: 'request_canceled', ...common }, endedAt)
    else {
      const outlook = nextAvailableAt === undefined ? undefined : { nextAvailableAt }
      this.#emit({ type: 'request_failed', ...common, code, ...outlook }, endedAt)
    }
    this.#remember(endedAt, attempts, code, usage)
  }

  #remember(
    endedAt: number,
    attempts: readonly AttemptEntry[],
    code: FailoverErrorCode | undefined,
    usage: Usage | undefined,
  ): void {
    const { startedAt, deadlineAt, model, chain } = this
    this.#dependencies.history?.push({
      id: this.#id,
      model,
      chain,
      startedAt,
      deadlineAt,
      endedAt,
      code,
      attempts,
      usage,
      passedOver: this.passedOver,
    })
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

  #ring(): void {
    this.#cancelTimer = undefined
    // A timer may ring a fraction of a millisecond before the clock shows its time.
    const now = Math.max(this.#dependencies.clock.now(), this.#ringsAt)
    const holder = this.#holder
    const dueAt = holder?.dueAt() ?? Number.POSITIVE_INFINITY
    if (holder !== undefined && dueAt <= now && dueAt < this.deadlineAt) holder.onDue(now)
    else this.expireIfLate(now)
    this.watch(now)
  }

  #expire(): void {
    const message = `the deadline of ${this.deadlineAt - this.startedAt} ms has passed`
    this.#cancel(new FailoverError('DEADLINE_EXCEEDED', message, { isRetryable: true }))
  }

  #leave(): void {
    const cause: unknown = this.#callerSignal?.reason
    const isOurs = cause instanceof FailoverError && cause.code === 'CANCELED'
    const message = 'the caller canceled the request'
    this.#cancel(isOurs ? cause : new FailoverError('CANCELED', message, { cause, reason: 'canceled' }))
  }

  #cancel(error: FailoverError): void {
    if (this.cancellation.isCanceled) return
    this.cancellation.cancel(error)
    this.#holder?.onCanceled()
  }

  /** @returns whether it was still going on */
  #end(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    this.#holder = undefined
    this.#cancelTimer?.()
    if (this.#onLeave !== undefined) this.#callerSignal?.removeEventListener('abort', this.#onLeave)
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

  #emit(event: EventDraft, at?: number): void {
    this.#dependencies.hub.emit(event, at)
  }
}
