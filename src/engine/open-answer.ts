import { type AttemptRecord, FailoverError, type TargetRef } from '../failure/index.ts'
import type { DisarmedBy } from '../recovery/index.ts'
import { AttemptTimeout } from './attempt.ts'
import type { Engine, OpenRequest } from './engine.ts'
import type { Usage } from './provider.ts'
import { requestEnded, streamInterrupted } from './request-errors.ts'

/** Who passes an open answer on. */
export interface AnswerReader<T> {
  /** Told once, with the answer's `error`, when it ends otherwise than complete. */
  onEnded(error: FailoverError): void
  /** It broke off, and another attempt goes on with it: this is what its work resolved with. Absent: none may. */
  onResumed?(value: T): void
  /** Why no other attempt can go on with it. Asked where it breaks off. Absent: nothing stands against that. */
  disarmedBy?(): DisarmedBy | undefined
}

type OpenAnswerDependencies = Pick<Engine, 'clock' | 'settings'>

/**
 * An answer that has committed and may still go on: who gives it, the limits it stands under, and how it ends. It ends
 * once, by `complete`, `fail` or `cancel`, or by itself: the caller's signal, the deadline, or a limit.
 *
 * An answer that is whole when it commits is completed at once. One that goes on needs `begin`, which arms the limits;
 * from then on whoever passes it on says with `waitForProvider` and `waitForReader` whose turn it is, since only the
 * provider may be blamed for time that passes while it is waited for.
 */
export class OpenAnswer<T> {
  /** What the work resolved with. */
  readonly value: T
  readonly #dependencies: OpenAnswerDependencies
  readonly #open: OpenRequest<T>
  #reader: AnswerReader<T> | undefined
  #isWaitingForProvider = false
  #error: FailoverError | undefined
  #isOver = false
  #completedAt: number | undefined

  constructor(dependencies: OpenAnswerDependencies, open: OpenRequest<T>) {
    this.#dependencies = dependencies
    this.#open = open
    this.value = open.value
  }

  /** As in the events of this request. */
  get requestId(): string {
    return this.#open.life.id
  }

  /** Who is answering. */
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

  /** Milliseconds since the request began, until now or until it was complete. */
  get elapsedMs(): number {
    return (this.#completedAt ?? this.#dependencies.clock.now()) - this.#open.life.startedAt
  }

  /** From now on its limits run. Where it has ended already, the reader is told at once. */
  begin(reader: AnswerReader<T>): void {
    this.#reader = reader
    const { life } = this.#open
    if (life.cancellation.isCanceled) {
      this.#onCanceled()
      return
    }
    life.passTo({
      dueAt: () => Math.min(this.#idleAt, this.#attemptEndsAt),
      onDue: (now) => this.#onDue(now),
      onCanceled: () => this.#onCanceled(),
    })
    life.watch(this.#open.committedAt)
  }

  /** The provider's next sign of life is waited for: the idle limit runs. */
  waitForProvider(): void {
    if (this.#isOver || this.#isWaitingForProvider) return
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

  /** The answer is complete. @returns whether it was still going on */
  complete(usage?: Usage): boolean {
    if (!this.#end()) return false
    const { attempt, attempts, life } = this.#open
    this.#completedAt = this.#dependencies.clock.now()
    life.succeed(attempt, attempts, usage, this.#completedAt)
    return true
  }

  /** The provider failed in the midst of it: the answer ends with `STREAM_INTERRUPTED`. */
  fail(error: unknown): void {
    if (!this.#end()) return
    const { attempt, attempts, life } = this.#open
    const failure = life.fail(attempt, error, true)
    this.#conclude(streamInterrupted(failure, error, attempts, attempt.secrets))
  }

  /** The answer is given up, and nobody is blamed. Default: the caller left. */
  cancel(error?: FailoverError, usage?: Usage): void {
    if (!this.#end()) return
    const { attempt, attempts, life } = this.#open
    life.cancel(attempt, true, usage)
    this.#conclude(
      error ?? new FailoverError('CANCELED', 'the caller left the stream', { reason: 'canceled', attempts }),
      usage,
    )
  }

  /** When the idle limit runs out; it runs only while the provider is waited for. */
  get #idleAt(): number {
    if (!this.#isWaitingForProvider) return Number.POSITIVE_INFINITY
    return this.#open.attempt.activeAt + this.#dependencies.settings.timeouts.idleMs
  }

  /** The attempt as a whole is limited, too. */
  get #attemptEndsAt(): number {
    return this.#open.attempt.record.startedAt + this.#dependencies.settings.timeouts.attemptMs
  }

  #onDue(now: number): void {
    const { attemptMs, idleMs } = this.#dependencies.settings.timeouts
    if (this.#idleAt <= now) this.fail(new AttemptTimeout({ phase: 'idle', ms: idleMs, isCutShort: false }))
    else if (this.#isWaitingForProvider)
      this.fail(new AttemptTimeout({ phase: 'attempt', ms: attemptMs, isCutShort: false }))
    // Nobody is blamed where it is the reader who is slow.
    else
      this.cancel(
        new FailoverError('TIMEOUT', `the answer was not read within ${attemptMs} ms`, {
          reason: 'timeout',
          isRetryable: true,
          attempts: this.attempts,
        }),
      )
  }

  #onCanceled(): void {
    this.cancel(requestEnded(this.#open.life.cancellation.reason, this.attempts))
  }

  #conclude(error: FailoverError, usage?: Usage): void {
    const { attempt, attempts, life } = this.#open
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
}
