import { type AttemptRecord, FailoverError, type TargetRef } from '../failure/index.ts'
import { AttemptTimeout } from './attempt.ts'
import type { Clock } from './clock.ts'
import type { TimeoutOptions } from './options.ts'
import type { Usage } from './provider.ts'
import { requestEnded, streamInterrupted } from './request-errors.ts'
import type { OpenRequest } from './requests.ts'

interface OpenAnswerDependencies {
  readonly clock: Clock
  readonly timeouts: TimeoutOptions
}

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
  #onEnded: (error: FailoverError) => void = () => {}
  #cancelAttemptLimit: () => void = () => {}
  #cancelIdleLimit: (() => void) | undefined
  #error: FailoverError | undefined
  #isOver = false

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

  /** Milliseconds since the request began. */
  get elapsedMs(): number {
    return this.#dependencies.clock.now() - this.#open.life.startedAt
  }

  /** @param onEnded told once, with `error`, when the answer ends otherwise than complete; at once where it has already */
  begin(onEnded: (error: FailoverError) => void): void {
    this.#onEnded = onEnded
    this.#limitAttempt()
    const { cancellation } = this.#open.life
    cancellation.add(this.#onAbort)
    if (cancellation.isCanceled) this.#onAbort()
  }

  /** The provider's next sign of life is waited for: the idle limit runs. */
  waitForProvider(): void {
    if (this.#isOver || this.#cancelIdleLimit !== undefined) return
    const limit = { phase: 'idle', ms: this.#dependencies.timeouts.idleMs, isCutShort: false } as const
    this.#cancelIdleLimit = this.#open.attempt.startLimit(limit, () => this.fail(new AttemptTimeout(limit)))
  }

  /** A slow reader is waited for: nobody is to blame for the time that takes. */
  waitForReader(): void {
    this.#cancelIdleLimit?.()
    this.#cancelIdleLimit = undefined
  }

  /** Something came from the provider, if only a comment: the idle limit begins anew. */
  noteActivity(): void {
    this.#open.attempt.noteActivity()
  }

  /** Waits for a piece of the answer, no longer than the answer lives. */
  race<Piece>(work: Promise<Piece>): Promise<Piece> {
    return this.#open.attempt.race(work, undefined, this.#open.life.cancellation)
  }

  /** The answer is complete. @returns whether it was still going on */
  complete(usage?: Usage): boolean {
    if (!this.#end()) return false
    const { attempt, attempts, life } = this.#open
    life.succeed(attempt, attempts.length, usage)
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
    )
  }

  #conclude(error: FailoverError): void {
    const { attempt, attempts, life } = this.#open
    this.#error = error
    attempt.abort(error)
    life.end(error, attempts.length)
    this.#onEnded(error)
  }

  readonly #onAbort = (): void => this.cancel(requestEnded(this.#open.life.cancellation.reason, this.attempts))

  /** The attempt as a whole is limited, too. Nobody is blamed where it is the reader who is slow. */
  #limitAttempt(): void {
    const { clock, timeouts } = this.#dependencies
    const { attempt } = this.#open
    const limit = { phase: 'attempt', ms: timeouts.attemptMs, isCutShort: false } as const
    this.#cancelAttemptLimit = clock.setTimer(() => {
      if (this.#cancelIdleLimit !== undefined) this.fail(new AttemptTimeout(limit))
      else
        this.cancel(
          new FailoverError('TIMEOUT', `the answer was not read within ${limit.ms} ms`, {
            reason: 'timeout',
            isRetryable: true,
            attempts: this.attempts,
          }),
        )
    }, timeouts.attemptMs - attempt.elapsedMs)
  }

  /** @returns whether it was still going on */
  #end(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    this.#cancelAttemptLimit()
    this.waitForReader()
    this.#open.life.cancellation.remove(this.#onAbort)
    return true
  }
}
