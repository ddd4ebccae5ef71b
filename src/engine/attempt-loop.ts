import type { AttemptRecord, FailoverError, Failure } from '../failure/index.ts'
import { Attempt, type AttemptLimit } from './attempt.ts'
import { soonestOpening } from './availability.ts'
import type { Clock } from './clock.ts'
import { Course } from './course.ts'
import type { Credentials } from './credentials.ts'
import type { AttemptKind, EventDraft, SkipCause } from './events.ts'
import { standingOf } from './health/standing.ts'
import type { Lease } from './lease.ts'
import type { Settings } from './options.ts'
import type { FailurePolicy } from './policy/policy.ts'
import type { AttemptContext } from './provider.ts'
import { allTargetsFailed, noTarget, rejectionOf, requestEnded } from './request-errors.ts'
import type { RequestLife } from './request-life.ts'
import type { RetryTokens } from './retry-tokens.ts'
import type { ChainLink } from './routes.ts'
import type { Strategy } from './select/strategy.ts'
import type { Target } from './target.ts'
import type { WaitingRoom } from './waiting.ts'

/** What the loop works with; one for a manager, shared by all its requests. */
export interface Engine {
  readonly clock: Clock
  readonly settings: Settings
  readonly policy: FailurePolicy
  readonly strategy: Strategy
  readonly waiting: WaitingRoom
  readonly tokens: RetryTokens
  readonly credentials: Credentials
  readonly hub: { readonly isHeard: boolean; emit(event: EventDraft): void }
  lease(target: Target, isTrial: boolean): Lease
  classify(error: unknown, target: Target): Failure
  retryDelayMs(failures: number): number
  onFailover(from: Target, to: Target, failure: Failure, requestId: string): void
}

/** What is done with a target: a provider's call, or any function. */
export interface Work<T> {
  /** Resolves at the first content of a stream, or with the whole result. */
  start(context: AttemptContext, attempt: Attempt): Promise<T>
  /** Why this target's provider cannot be used at all. */
  unusable(target: Target): SkipCause | undefined
  /** Under which limit the first content stands. */
  phase(target: Target): 'first_content' | 'response'
}

export interface LoopRequest<T> {
  readonly chain: readonly ChainLink[]
  readonly queue: string
  readonly sessionKey: string | undefined
  readonly life: RequestLife
  readonly work: Work<T>
}

/** A try that was let in, and what came of it. */
export interface Committed<T> {
  readonly attempt: Attempt
  readonly value: T
}

interface Candidate {
  readonly link: ChainLink
  readonly target: Target
}

type Choice =
  | { readonly do: 'try'; readonly candidate: Candidate; readonly kind: AttemptKind }
  | { readonly do: 'wait'; readonly until: number; readonly cause: 'backoff' | 'nothing_open' }
  | { readonly do: 'give_up' }

/** A candidate that may not be tried now: until when, as far as is known. */
interface Blocked {
  readonly candidate: Candidate
  /** Epoch milliseconds; undefined where it takes somebody's attempt to end. */
  readonly until: number | undefined
  /** It may be tried although it is out, where there is no alternative, from `putOffUntil` on. */
  readonly mayPanic: boolean
  /** This request's own back-off, epoch milliseconds. */
  readonly putOffUntil: number
  readonly isOnTrial: boolean
  readonly cause: 'backoff' | 'nothing_open'
}

/** A trial is taken from a holder who has not come back after this long. Failure policy, section 1. */
export const TRIAL_LAPSE_MS = 30_000

/**
 * The life of one request: choose a target, try it, draw the consequences, until one commits or nothing is left. There
 * is one loop for every door; what differs is the `Work`.
 */
export class AttemptLoop<T> {
  readonly #engine: Engine
  readonly #request: LoopRequest<T>
  readonly #course: Course
  readonly #skipped = new Set<string>()
  readonly attempts: AttemptRecord[] = []
  /** Attempts that counted against the budget. */
  #spent = 0
  #waitedMs = 0
  #pauseUntil = 0
  #retry: { readonly candidate: Candidate; readonly notBefore: number } | undefined
  #first: { readonly failure: Failure; readonly error: unknown; readonly target: Target } | undefined
  #last: { readonly failure: Failure; readonly target: Target } | undefined

  constructor(engine: Engine, request: LoopRequest<T>) {
    this.#engine = engine
    this.#request = request
    this.#course = new Course(engine.settings.retry.attempts)
  }

  /** Resolves at commit. @throws FailoverError where nothing commits */
  async run(): Promise<Committed<T>> {
    const { life, queue } = this.#request
    for (;;) {
      if (life.signal.aborted) throw requestEnded(life.signal.reason, this.attempts)
      const choice = this.#choose()
      switch (choice.do) {
        case 'try': {
          const value = await this.#try(choice.candidate, choice.kind)
          if (value !== undefined) return value
          break
        }
        case 'wait':
          await this.#wait(queue, choice.until, choice.cause)
          break
        case 'give_up':
          throw this.#givenUp()
      }
    }
  }

  #choose(): Choice {
    const { clock, settings } = this.#engine
    const now = clock.now()
    if (this.#spent >= settings.budget.maxAttempts) return { do: 'give_up' }
    if (now < this.#pauseUntil) return { do: 'wait', until: this.#pauseUntil, cause: 'backoff' }
    const again = this.#chooseRetry(now)
    if (again !== undefined) return again
    for (const wantsDeferred of [false, true]) {
      for (const link of this.#request.chain) {
        const choice = this.#chooseIn(link, wantsDeferred, now)
        if (choice !== undefined) return choice
      }
    }
    return this.#chooseWhenNothingIsOpen(now)
  }

  /** The same target again, if it is still open; a back-off before it is waited for although others are open. */
  #chooseRetry(now: number): Choice | undefined {
    const retry = this.#retry
    if (retry === undefined) return undefined
    const { state } = standingOf(retry.candidate.target, now)
    if (state === 'open' && now < retry.notBefore) return { do: 'wait', until: retry.notBefore, cause: 'backoff' }
    this.#retry = undefined
    return state === 'open' ? { do: 'try', candidate: retry.candidate, kind: 'retry' } : undefined
  }

  #chooseIn(link: ChainLink, wantsDeferred: boolean, now: number): Choice | undefined {
    const open: Target[] = []
    const trials = new Set<Target>()
    for (const target of link.targets()) {
      if (!this.#course.allows(link, target)) continue
      const deferredUntil = this.#course.deferredUntil(target)
      if ((deferredUntil !== undefined) !== wantsDeferred || (deferredUntil ?? now) > now) continue
      const unusable = this.#request.work.unusable(target)
      const standing = unusable === undefined ? standingOf(target, now) : undefined
      if (standing?.state === 'open' || standing?.state === 'trial') {
        open.push(target)
        if (standing.state === 'trial') trials.add(target)
      } else {
        this.#skip(target, unusable ?? standing)
      }
    }
    const [first, ...others] = open
    if (first === undefined) return undefined
    const target = this.#engine.strategy.choose([first, ...others], this.#request.sessionKey)
    if (wantsDeferred && !this.#engine.tokens.take(target.origin, now)) {
      this.#course.exclude(target)
      return this.#chooseIn(link, wantsDeferred, now)
    }
    return {
      do: 'try',
      candidate: { link, target },
      kind: trials.has(target) ? 'trial' : wantsDeferred ? 'retry' : 'regular',
    }
  }

  /** Wait, panic, or fail: in this order. */
  #chooseWhenNothingIsOpen(now: number): Choice {
    const { wait, panic } = this.#engine.policy.whenNothingIsOpen
    const blocked = this.#blocked(now)
    const [only] = blocked
    // A sole target is never refused by a breaker window: the window limits what is in flight instead.
    if (only !== undefined && blocked.length === 1 && only.mayPanic && !only.isOnTrial) {
      return now < only.putOffUntil ? { do: 'wait', until: only.putOffUntil, cause: 'backoff' } : this.#panic(only)
    }
    const until = this.#waitableUntil(blocked, now)
    if (wait && until !== undefined) return until
    const likeliest = blocked.every(({ mayPanic, putOffUntil }) => mayPanic && putOffUntil <= now)
      ? earliest(blocked.filter(({ isOnTrial }) => !isOnTrial))
      : undefined
    if (panic !== 'never' && likeliest !== undefined) return this.#panic(likeliest)
    return { do: 'give_up' }
  }

  /** Waiting for the soonest of them, if that is worth it: within the deadline, the `wait` option and the queue. */
  #waitableUntil(blocked: readonly Blocked[], now: number): Extract<Choice, { do: 'wait' }> | undefined {
    const { settings, waiting } = this.#engine
    const { life, queue } = this.#request
    const soonest = earliest(blocked)
    if (soonest === undefined) return undefined
    const { until = now, cause } = soonest
    if (until >= life.deadlineAt) return undefined
    // A back-off of our own is part of trying, not of waiting for somebody else.
    if (cause === 'backoff') return { do: 'wait', until, cause }
    const patienceMs = settings.wait.maxMs - this.#waitedMs
    if (patienceMs <= 0 || until - now > patienceMs || !waiting.hasRoom(queue)) return undefined
    return { do: 'wait', until: soonest.until ?? Math.min(now + patienceMs, life.deadlineAt), cause }
  }

  #panic({ candidate }: Blocked): Choice {
    return { do: 'try', candidate, kind: 'panic' }
  }

  /** The candidates that are left but may not be tried now. */
  #blocked(now: number): Blocked[] {
    return this.#request.chain.flatMap((link) =>
      link.targets().flatMap((target) => this.#blockedBy({ link, target }, now) ?? []),
    )
  }

  #blockedBy(candidate: Candidate, now: number): Blocked | undefined {
    const { link, target } = candidate
    if (!this.#course.allows(link, target) || this.#request.work.unusable(target) !== undefined) return undefined
    const { panic } = this.#engine.policy.whenNothingIsOpen
    const standing = standingOf(target, now)
    const putOffUntil = this.#course.deferredUntil(target) ?? 0
    const refused = { candidate, putOffUntil, mayPanic: false, isOnTrial: false, cause: 'nothing_open' } as const
    switch (standing.state) {
      case 'profile_disabled':
        return undefined
      case 'limited':
        return { ...refused, until: standing.until }
      case 'on_trial':
        return { ...refused, until: undefined, isOnTrial: true }
      case 'cooling': {
        const mayPanic = panic === 'breaker' ? standing.isOnlyBreaker : panic === 'always' && standing.isOnlyFixed
        const isOnTrial = mayPanic && standing.isOnTrial
        // Somebody was let through and may be back with a verdict at any moment.
        const until = isOnTrial ? undefined : Math.max(standing.until, putOffUntil)
        return { ...refused, until, mayPanic, isOnTrial }
      }
      case 'open':
      case 'trial':
        return { ...refused, until: putOffUntil, cause: 'backoff' }
    }
  }

  async #wait(queue: string, until: number, cause: 'backoff' | 'nothing_open'): Promise<void> {
    const { clock, hub, waiting } = this.#engine
    const { life } = this.#request
    const startedAt = clock.now()
    if (hub.isHeard) hub.emit({ type: 'request_waiting', requestId: life.id, until, cause })
    try {
      if (cause === 'backoff') await clock.sleep(Math.max(0, until - startedAt), life.signal)
      else await waiting.wait(queue, until, life.signal)
    } catch (error) {
      if (!life.signal.aborted) throw error
    }
    if (cause === 'nothing_open') this.#waitedMs += clock.now() - startedAt
  }

  async #try(candidate: Candidate, kind: AttemptKind): Promise<Committed<T> | undefined> {
    const { engine, target } = { engine: this.#engine, target: candidate.target }
    const { life, work } = this.#request
    const { clock, hub, settings } = engine
    if (this.#last !== undefined && this.#last.target !== target) {
      engine.onFailover(this.#last.target, target, this.#last.failure, life.id)
      this.#last = undefined
    }
    if (this.#course.tries(target) === 0) engine.tokens.earn(target.origin, clock.now())
    this.#course.started(target)
    const limit = this.#limit(target)
    const attempt = new Attempt(
      clock,
      engine.lease(target, kind === 'trial' || kind === 'panic'),
      this.attempts.length + 1,
    )
    this.attempts.push(attempt.record)
    if (hub.isHeard) {
      hub.emit({
        type: 'attempt_started',
        requestId: life.id,
        target: attempt.record.target,
        attempt: attempt.number,
        kind,
      })
    }
    try {
      const value = await attempt.race(this.#start(attempt, settings.timeouts.connectMs, work), limit, life.signal)
      attempt.lease.commit()
      if (hub.isHeard) {
        hub.emit({
          type: 'attempt_committed',
          requestId: life.id,
          target: attempt.record.target,
          attempt: attempt.number,
          durationMs: attempt.elapsedMs,
        })
      }
      return { attempt, value }
    } catch (error) {
      if (life.signal.aborted) {
        life.cancel(attempt, false)
        return undefined
      }
      this.#consider(life.fail(attempt, error, false), error, candidate)
      return undefined
    }
  }

  async #start(attempt: Attempt, connectMs: number, work: Work<T>): Promise<T> {
    const { target, signal, number } = attempt
    const key = this.#engine.credentials.keyOf(target.credential, this.#engine.clock.now())
    const apiKey = typeof key === 'object' ? await key : key
    signal.throwIfAborted()
    return work.start(
      { target, profile: target.credential, apiKey, signal, attempt: number, timeouts: { connectMs } },
      attempt,
    )
  }

  /** What a failure means for the rest of this request. */
  #consider(failure: Failure, error: unknown, candidate: Candidate): void {
    const { clock, policy, settings, tokens } = this.#engine
    const { link, target } = candidate
    const now = clock.now()
    // A key that is refused at once costs time only: a pool of ten keys with nine dead ones still answers.
    if (failure.reason !== 'auth' && failure.reason !== 'billing') this.#spent += 1
    this.#last = { failure, target }
    const isFirstModel = link === this.#request.chain[0]
    if (isFirstModel) this.#first ??= { failure, error, target }
    const tries = this.#course.tries(target)
    const isReset = failure.reason === 'network' && failure.nextStep === 'retry_target'
    const backoffUntil = now + this.#engine.retryDelayMs(tries - 1)
    const turn = this.#course.after(failure, link, isFirstModel, target, backoffUntil)
    if (policy.pausesBetweenTargets) this.#pauseUntil = now + this.#engine.retryDelayMs(this.attempts.length - 1)
    if (turn === 'return') throw this.#returned(failure, error, target, isFirstModel)
    if (
      turn === 'retry' &&
      policy.retriesTarget &&
      tries < settings.retry.attempts &&
      tokens.take(target.origin, now)
    ) {
      // A pooled connection that was closed under us is no reason to wait.
      this.#retry = { candidate, notBefore: isReset ? now : backoffUntil }
    } else if (turn === 'retry') {
      this.#course.exclude(target)
    }
  }

  #returned(failure: Failure, error: unknown, target: Target, isFirstModel: boolean): FailoverError {
    const decisive = isFirstModel || this.#first === undefined ? { failure, error, target } : this.#first
    if (decisive.failure.nextStep !== 'return') return this.#givenUp()
    return rejectionOf(
      decisive.failure,
      decisive.error,
      this.attempts,
      this.#engine.credentials.knownKeyOf(decisive.target.credential),
    )
  }

  #givenUp(): FailoverError {
    const first = this.#first
    // The request's own fault, found by the model that was asked for: that is what the caller can act on.
    if (first?.failure.scope === 'request') {
      return rejectionOf(
        first.failure,
        first.error,
        this.attempts,
        this.#engine.credentials.knownKeyOf(first.target.credential),
      )
    }
    const { chain, work } = this.#request
    const targets = chain.flatMap((link) => link.targets())
    if (this.attempts.length === 0) {
      const reasons = new Map(targets.map((target) => [`${target.provider}/${target.model}`, work.unusable(target)]))
      if ([...reasons.values()].every((reason) => reason !== undefined)) return noTarget(chain, reasons)
    }
    const knownKey = first === undefined ? undefined : this.#engine.credentials.knownKeyOf(first.target.credential)
    const now = this.#engine.clock.now()
    const usable = targets.filter((target) => work.unusable(target) === undefined)
    return allTargetsFailed({
      attempts: this.attempts,
      nextAvailableAt: soonestOpening(usable, now),
      now,
      cause: first?.error,
      knownKey,
    })
  }

  /**
   * The time this attempt gets before its first content: its own limit, or what is left of the request less a reserve
   * that keeps the models behind it reachable (a quarter for one, half for more).
   */
  #limit(target: Target): AttemptLimit {
    const { clock, settings } = this.#engine
    const { chain, life, work } = this.#request
    const phase = work.phase(target)
    const { attemptMs, firstContentMs, responseMs } = settings.timeouts
    const phaseMs = phase === 'first_content' ? firstContentMs : responseMs
    const leftMs = Math.max(0, life.deadlineAt - clock.now())
    const behind = chain
      .slice(1)
      .filter((link) =>
        link.targets().some((other) => this.#course.allows(link, other) && this.#course.tries(other) === 0),
      )
    const shareMs = leftMs * (1 - Math.min(2, behind.length) / 4)
    if (Math.min(phaseMs, attemptMs) > shareMs && behind.length > 0) return { phase, ms: shareMs, isCutShort: true }
    return phaseMs <= attemptMs
      ? { phase, ms: phaseMs, isCutShort: false }
      : { phase: 'attempt', ms: attemptMs, isCutShort: false }
  }

  #skip(target: Target, why: SkipCause | ReturnType<typeof standingOf> | undefined): void {
    const { hub } = this.#engine
    if (!hub.isHeard || why === undefined) return
    const cause = skipCauseOf(why)
    const once = `${target} ${JSON.stringify(cause)}`
    if (cause === undefined || this.#skipped.has(once)) return
    this.#skipped.add(once)
    hub.emit({ type: 'target_skipped', requestId: this.#request.life.id, target: target.toJSON(), cause })
  }
}

function skipCauseOf(why: SkipCause | ReturnType<typeof standingOf>): SkipCause | undefined {
  if ('kind' in why) return why
  switch (why.state) {
    case 'open':
    case 'trial':
      return undefined
    case 'on_trial':
      return { kind: 'on_trial', scope: why.scope, reason: why.reason }
    case 'cooling':
      return { kind: 'cooling', scope: why.scope, reason: why.reason, until: why.until }
    case 'limited':
      return { kind: 'limited', limit: why.limit, ...(why.until !== undefined && { until: why.until }) }
    case 'profile_disabled':
      return { kind: 'profile_disabled', reason: why.reason }
  }
}

function earliest(blocked: readonly Blocked[]): Blocked | undefined {
  return blocked.reduce<Blocked | undefined>(
    (best, other) => (best === undefined || (other.until ?? 0) < (best.until ?? 0) ? other : best),
    undefined,
  )
}
