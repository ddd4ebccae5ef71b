import type { Failure, QuotaBucket } from '../failure/index.ts'
import type { Clock } from './clock.ts'
import type { HealthBook } from './health/health-book.ts'
import { tokensOf } from './health/profile-health.ts'
import type { AttemptMark } from './health/window.ts'
import type { ConfiguredLimits, Reservation } from './limits/configured-limits.ts'
import type { Profile } from './profile.ts'
import type { Usage } from './provider.ts'
import type { Target } from './target.ts'

/** How an attempt ended well. */
export interface LeaseResult {
  /** Time to the first content, milliseconds. Default: the time until `succeed` was called. */
  readonly latencyMs?: number
  /** Counted against `tokensPerMinute`. */
  readonly usage?: Usage
}

export interface LeaseDependencies {
  readonly clock: Clock
  readonly book: HealthBook
  /** Diagnoses an error that was handed to `fail`. */
  readonly classify: (error: unknown, target: Target) => Failure
  /** Room may have become free. */
  readonly onEnd: (lease: Lease) => void
}

/**
 * The right to make one attempt, counted against the profile's limits and, where its window has run out, as its trial.
 *
 * It ends with the first of `succeed`, `fail`, `release` and disposal; whatever comes later does nothing. One that is
 * never ended lapses after the attempt limit.
 *
 * ```ts
 * using lease = manager.acquire({ provider: 'openai', model: 'gpt-5' })
 * ```
 */
export class Lease {
  readonly target: Target
  readonly isTrial: boolean
  readonly #mark: AttemptMark
  readonly #dependencies: LeaseDependencies
  readonly #reservation: Reservation
  /** Those of the quota group as it was when this began. */
  readonly #groupLimits: ConfiguredLimits | undefined
  readonly #groupReservation: Reservation | undefined
  /** The provider may have been asked. */
  #isSent = false
  #isCommitted = false
  #isEnded = false

  /** @param estimatedTokens reserved against limits on tokens; undefined where nobody can tell */
  constructor(
    dependencies: LeaseDependencies,
    target: Target,
    mark: AttemptMark,
    isTrial: boolean,
    estimatedTokens?: number,
  ) {
    this.#dependencies = dependencies
    this.target = target
    this.isTrial = isTrial
    this.#mark = mark
    const { health } = target
    this.#reservation = health.begin(mark.startedAt, estimatedTokens)
    this.#groupLimits = health.groupLimits
    this.#groupReservation = health.groupLimits?.begin(mark.startedAt, estimatedTokens)
    dependencies.book.began(target, mark.startedAt)
    for (const scope of target.allScopes) scope.hold(mark)
  }

  get profile(): Profile {
    return this.target.credential
  }

  get startedAt(): number {
    return this.#mark.startedAt
  }

  get isEnded(): boolean {
    return this.#isEnded
  }

  /** From now on it may have reached the provider, and counts. */
  sent(): void {
    this.#isSent = true
  }

  /** The answer has begun: that decides a trial. The lease goes on until the answer is complete. */
  commit(latencyMs?: number, now: number = this.#dependencies.clock.now()): void {
    if (this.#isEnded || this.#isCommitted) return
    this.#isCommitted = true
    const { book } = this.#dependencies
    book.succeed(this.target, this.#mark, now)
    this.target.noteLatency(latencyMs ?? now - this.startedAt, now)
  }

  succeed({ latencyMs, usage }: LeaseResult = {}): void {
    if (this.#isEnded) return
    if (!this.#isCommitted) this.commit(latencyMs)
    this.#conclude(usage)
  }

  /** @returns the diagnosis */
  fail(error: unknown): Failure {
    const failure = this.#dependencies.classify(error, this.target)
    this.failWith(failure)
    return failure
  }

  /** Ends it with a failure that has been diagnosed already. */
  failWith(failure: Failure, requestId?: string): void {
    if (this.#isEnded) return
    const { book, clock } = this.#dependencies
    const now = clock.now()
    book.fail(this.target, failure, this.#mark, now, requestId)
    if (!this.#isSent) book.withdrew(this.target, this.startedAt, now)
    if (!this.#isSent || (!this.#isCommitted && failure.reason === 'network')) this.#giveBack(now)
    // What is refused costs no tokens; what broke off, or was not waited for, has cost what nobody will tell.
    else this.#settle(this.#isCommitted || failure.reason === 'timeout' ? undefined : 0, now)
    this.#end()
  }

  /** What the answer's headers say of the provider's limits. */
  noteQuota(buckets: readonly QuotaBucket[]): void {
    const { book, clock } = this.#dependencies
    book.noteQuota(this.target, buckets, this.startedAt, clock.now())
  }

  /** Ends it without a verdict: a trial is given back. */
  release(usage?: Usage): void {
    if (this.#isEnded) return
    const { book, clock } = this.#dependencies
    book.returnTrial(this.target, this.#mark)
    if (this.#isSent) this.#conclude(usage)
    else {
      const now = clock.now()
      book.withdrew(this.target, this.startedAt, now)
      this.#giveBack(now)
      this.#end()
    }
  }

  [Symbol.dispose](): void {
    this.release()
  }

  #conclude(usage: Usage | undefined): void {
    if (usage !== undefined) this.target.health.note({ usage })
    this.#settle(tokensOf(usage), this.#dependencies.clock.now())
    this.#end()
  }

  #settle(usedTokens: number | undefined, now: number): void {
    this.target.health.end(this.#reservation, usedTokens, now)
    if (this.#groupReservation !== undefined) this.#groupLimits?.settle(this.#groupReservation, usedTokens, now)
  }

  #giveBack(now: number): void {
    this.target.health.giveBack(this.#reservation, now)
    if (this.#groupReservation !== undefined) this.#groupLimits?.giveBack(this.#groupReservation, now)
  }

  #end(): void {
    this.#isEnded = true
    for (const scope of this.target.allScopes) scope.letGo(this.#mark)
    this.#dependencies.onEnd(this)
  }
}
