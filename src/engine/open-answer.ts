import { type AttemptRecord, FailoverError, type TargetRef } from '../failure/index.ts'
import { type DisarmedBy, Diverged } from '../recovery/index.ts'
import { AttemptTimeout } from './attempt.ts'
import type { Breakage, Engine, OpenRequest, RecoveryEnds } from './engine.ts'
import type { EventDraft, FailoverEventType, RecoveryFailureCause } from './events.ts'
import type { Usage } from './provider.ts'
import { readable } from './readable.ts'
import { requestEnded, streamInterrupted } from './request-errors.ts'
import type { Holder } from './request-life.ts'

/** Who passes an open answer on. */
export interface OpenAnswerReader<T> {
  /** Told once, with the answer's `error`, when it ends otherwise than complete. */
  onEnded(error: FailoverError): void
  /** It broke off, and another attempt goes on with it: this is what its work resolved with. Absent: none may. */
  onResumed?: ((value: T) => void) | undefined
  /** Why no other attempt can go on with it. Asked where it breaks off. Absent: nothing stands against that. */
  disarmedBy?(): DisarmedBy | undefined
}

type OpenAnswerDependencies = Pick<Engine, 'clock' | 'hub' | 'settings'>

/**
 * An answer that has committed and may still go on: who gives it, the limits it stands under, and how it ends. It ends
 * once, by `complete`, `fail` or `cancel`, or by itself: the caller's signal, the deadline, or a limit.
 *
 * An answer that is whole when it commits is completed at once. One that goes on needs `begin`, which arms the limits;
 * from then on whoever passes it on says with `waitForProvider` and `waitForReader` whose turn it is, since only the
 * provider may be blamed for time that passes while it is waited for.
 *
 * Where the provider fails in the midst of it, and its reader can go on with what another attempt brings, that one is
 * looked for; until it is found nobody answers, and the answer is still going on.
 */
export class OpenAnswer<T> implements Holder, RecoveryEnds<T> {
  /** What the work resolved with. */
  readonly value: T
  readonly #dependencies: OpenAnswerDependencies
  /** Of the present attempt. */
  #open: OpenRequest<T>
  #reader: OpenAnswerReader<T> | undefined
  #isWaitingForProvider = false
  #error: FailoverError | undefined
  #isOver = false
  #completedAt: number | undefined
  /** The first time it broke off, which is what its caller is told of where nobody goes on with it. */
  #broken: Exclude<Breakage, Diverged> | undefined
  /** Another attempt is looked for. */
  #isRecovering = false
  /** When it last broke off, epoch milliseconds; undefined where that has been made good. */
  #brokenAt: number | undefined

  constructor(dependencies: OpenAnswerDependencies, open: OpenRequest<T>) {
    this.#dependencies = dependencies
    this.#open = open
    this.value = open.value
  }

  /** As in the events of this request. */
  get requestId(): string {
    return this.#open.life.id
  }

  /** Who is answering, or was until it broke off. */
  get target(): TargetRef {
    return this.#open.attempt.record.target
  }

  /** Everything that was tried for this answer, the present attempt last; its outcome changes while it goes on. */
  get attempts(): readonly AttemptRecord[] {
    return this.#open.attempts
  }

  /** What it ended with, where it ended otherwise than complete. */
  get error(): FailoverError | undefined {
    return this.#error
  }

  /** It broke off, and another attempt is looked for that goes on with it. */
  get isRecovering(): boolean {
    return this.#isRecovering
  }

  /** Milliseconds since the request began, until now or until it was complete. */
  get elapsedMs(): number {
    return (this.#completedAt ?? this.#dependencies.clock.now()) - this.#open.life.startedAt
  }

  /** From now on its limits run. Where it has ended already, the reader is told at once. */
  begin(reader: OpenAnswerReader<T>): void {
    this.#reader = reader
    this.#hold()
  }

  /** The provider's next sign of life is waited for: the idle limit runs. */
  waitForProvider(): void {
    if (this.#isOver || this.#isRecovering || this.#isWaitingForProvider) return
    const { attempt, life } = this.#open
    this.#isWaitingForProvider = true
    attempt.noteActivity()
    life.watch(attempt.activeAt)
  }

  /** A slow reader is waited for: nobody is to blame for the time that takes. */
  waitForReader(): void {
    this.#isWaitingForProvider = false
  }

  /** Something came from the provider, if only a comment: the idle limit begins anew. */
  noteActivity(): void {
    this.#open.attempt.noteActivity()
  }

  /** It made something that later requests may refer to by this id. */
  noteBinding(id: string): void {
    this.#open.attempt.noteBinding(id)
  }

  /** The attempt that goes on with it has brought the first thing that its reader had not got before. */
  noteSeamPassed(): void {
    const { attempt, life } = this.#open
    const brokenAt = this.#brokenAt
    const { resume } = attempt
    if (brokenAt === undefined || resume === undefined || this.#isRecovering) return
    this.#brokenAt = undefined
    if (!this.#hears('recovery_succeeded')) return
    const { number, record } = attempt
    const durationMs = this.#dependencies.clock.now() - brokenAt
    const told = { requestId: life.id, target: record.target, attempt: number, resume, durationMs }
    this.#emit({ type: 'recovery_succeeded', ...told })
  }

  /** The answer is complete. @returns whether it was still going on */
  complete(usage?: Usage): boolean {
    if (this.#isRecovering) return false
    this.noteSeamPassed()
    if (!this.#end()) return false
    const { attempt, attempts, life } = this.#open
    this.#completedAt = this.#dependencies.clock.now()
    life.succeed(attempt, attempts, usage, this.#completedAt)
    return true
  }

  /**
   * The provider failed in the midst of it. Another attempt is looked for that goes on with it, where its reader can do
   * with that; else the answer ends with `STREAM_INTERRUPTED`. With a `Diverged` nobody has failed: the attempt was to go
   * on with the answer, and says something else.
   */
  fail(thrown: unknown, usage?: Usage): void {
    if (this.#isOver || this.#isRecovering) return
    const { attempt, life } = this.#open
    // First of all, since whoever is told of the failure may leave at once.
    this.#isRecovering = true
    this.#isWaitingForProvider = false
    life.passTo(undefined)
    const breakage = this.#breakOff(readable(thrown), usage)
    if (!(breakage instanceof Diverged)) this.#broken ??= breakage
    if (life.cancellation.isCanceled) {
      this.#isOver = true
      this.#conclude(requestEnded(life.cancellation.reason, this.attempts))
      return
    }
    const cause = this.#whyNotRecovered(breakage)
    if (cause !== undefined) {
      this.#giveUp(cause)
      return
    }
    this.#brokenAt ??= this.#dependencies.clock.now()
    if (this.#hears('recovery_started')) {
      const reason = breakage instanceof Diverged ? undefined : { reason: breakage.failure.reason }
      const { number, record } = attempt
      this.#emit({
        type: 'recovery_started',
        requestId: life.id,
        target: record.target,
        attempt: number,
        ...reason,
      })
    }
    this.#open.recoverer.recover(breakage, this)
  }

  /** The answer is given up, and nobody is blamed. Default: the caller left. */
  cancel(error?: FailoverError, usage?: Usage): void {
    if (this.#isRecovering && !this.#isOver) {
      this.#open.life.abandon(error ?? callerLeft(this.attempts))
      return
    }
    if (!this.#end()) return
    const { attempt, attempts, life } = this.#open
    life.cancel(attempt, true, usage)
    this.#conclude(error ?? callerLeft(attempts), usage)
  }

  /** Asked by the engine: when the present attempt runs into a limit, epoch milliseconds. */
  dueAt(): number {
    const { endsAt, idleAt } = this.#open.attempt
    // Silence counts only while the provider is waited for.
    return this.#isWaitingForProvider ? Math.min(idleAt, endsAt) : endsAt
  }

  /** Told by the engine: a limit has run out. */
  onDue(now: number): void {
    if (this.#isWaitingForProvider) this.fail(new AttemptTimeout(this.#open.attempt.limitRunOut(now)))
    // Nobody is blamed where it is the reader who is slow.
    else
      this.cancel(
        new FailoverError(
          'TIMEOUT',
          `the answer was not read within ${this.#dependencies.settings.timeouts.attemptMs} ms`,
          {
            reason: 'timeout',
            isRetryable: true,
            attempts: this.attempts,
          },
        ),
      )
  }

  /** Told by the engine: the caller has left, or the deadline has passed. */
  onCanceled(): void {
    this.cancel(requestEnded(this.#open.life.cancellation.reason, this.attempts))
  }

  /** Told by the engine: another attempt goes on with it. */
  onResumed(open: OpenRequest<T>): void {
    this.#open = open
    this.#isRecovering = false
    this.#hold()
    if (!this.#isOver) this.#reader?.onResumed?.(open.value)
  }

  /** Told by the engine: nobody goes on with it. @param error the request was canceled, or its deadline has passed */
  onGivenUp(error: FailoverError | undefined): void {
    if (error === undefined) this.#giveUp({ cause: 'exhausted' })
    else {
      this.#isOver = true
      this.#conclude(error)
    }
  }

  /** Takes the request in hand: the limits of its present attempt run. */
  #hold(): void {
    const { committedAt, life } = this.#open
    if (life.cancellation.isCanceled) {
      this.onCanceled()
      return
    }
    life.passTo(this)
    life.watch(committedAt)
  }

  /** The present attempt is over: writes down how, and ends it on the wire. */
  #breakOff(error: unknown, usage: Usage | undefined): Breakage {
    const { attempt, life } = this.#open
    if (!(error instanceof Diverged)) {
      return { failure: life.fail(attempt, error, true, usage), error, secrets: attempt.secrets }
    }
    life.cancel(attempt, true, usage)
    const { resume } = attempt
    if (resume !== undefined && this.#hears('recovery_diverged')) {
      const { number, record } = attempt
      const { characters } = error
      const told = { requestId: life.id, target: record.target, attempt: number, resume, characters }
      this.#emit({ type: 'recovery_diverged', ...told })
    }
    return error
  }

  #whyNotRecovered(breakage: Breakage): RecoveryFailure | undefined {
    const reader = this.#reader
    if (this.#dependencies.settings.recovery.midStream === 'off') return { cause: 'off' }
    if (reader?.onResumed === undefined) return { cause: 'not_supported' }
    if (!(breakage instanceof Diverged) && breakage.failure.nextStep === 'return') return { cause: 'rejected' }
    const disarmedBy = reader.disarmedBy?.()
    return disarmedBy === undefined ? undefined : { cause: 'disarmed', disarmedBy }
  }

  /** Nobody goes on with it. */
  #giveUp(failure: RecoveryFailure): void {
    this.#isOver = true
    const { attempts, life } = this.#open
    if (this.#hears('recovery_failed')) this.#emit({ type: 'recovery_failed', requestId: life.id, ...failure })
    const broken = this.#broken
    // Only what broke off is gone on with, so that there is one.
    if (broken === undefined) this.#conclude(callerLeft(attempts))
    else this.#conclude(streamInterrupted(broken.failure, broken.error, attempts, broken.secrets))
  }

  #conclude(error: FailoverError, usage?: Usage): void {
    const { attempt, attempts, life } = this.#open
    this.#isRecovering = false
    this.#error = error
    attempt.abort(error)
    life.end(error, attempts, usage)
    this.#reader?.onEnded(error)
  }

  /** @returns whether it was still going on */
  #end(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    this.#isWaitingForProvider = false
    this.#open.life.passTo(undefined)
    return true
  }

  #hears(type: FailoverEventType): boolean {
    return this.#dependencies.hub.hears(type, this.requestId)
  }

  #emit(event: EventDraft): void {
    this.#dependencies.hub.emit(event)
  }
}

type RecoveryFailure = { readonly cause: RecoveryFailureCause; readonly disarmedBy?: DisarmedBy }

function callerLeft(attempts: readonly AttemptRecord[]): FailoverError {
  return new FailoverError('CANCELED', 'the caller left the stream', { reason: 'canceled', attempts })
}
