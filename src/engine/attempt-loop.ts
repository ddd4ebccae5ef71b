import type { AttemptRecord, FailoverError, Failure, FailureReason } from '../failure/index.ts'
import { Attempt, type AttemptLimit } from './attempt.ts'
import { OpenAttempt } from './attempt-context.ts'
import { reasonAgainst, soonestOpening } from './availability.ts'
import type { Candidate } from './choice.ts'
import { Chooser } from './chooser.ts'
import type { Committed, Engine, LoopRequest, Work } from './engine.ts'
import type { AttemptKind } from './events.ts'
import { formatTarget } from './model-ref.ts'
import { readable } from './readable.ts'
import { allTargetsFailed, noTarget, rejectionOf, requestEnded } from './request-errors.ts'
import type { ChainLink } from './routes.ts'
import type { Target } from './target.ts'

/** A failed attempt, with all that is said of it. */
interface Setback {
  readonly failure: Failure
  readonly error: unknown
  readonly target: Target
  /** What must not be shown of it. */
  readonly secrets: readonly string[]
}

/**
 * The life of one request: choose a target, try it, draw the consequences, until one commits or nothing is left. There
 * is one loop for every door; what differs is the `Work`.
 */
export class AttemptLoop<T> {
  readonly #engine: Engine
  readonly #request: LoopRequest<T>
  readonly #chooser: Chooser
  readonly attempts: AttemptRecord[] = []
  /** Attempts that counted against the budget. */
  #spent = 0
  /** The first failure of the model that was asked for. */
  #first: Setback | undefined
  #earliest: Setback | undefined
  /** The latest one, until the request has moved on from it. */
  #last: Setback | undefined

  constructor(engine: Engine, request: LoopRequest<T>) {
    this.#engine = engine
    this.#request = request
    this.#chooser = new Chooser(engine, request)
  }

  /** Resolves at commit. @throws FailoverError where nothing commits */
  async run(): Promise<Committed<T>> {
    const { life, queue } = this.#request
    for (;;) {
      life.expireIfLate()
      const { cancellation } = life
      if (cancellation.isCanceled) throw this.#over(requestEnded(cancellation.reason, this.attempts))
      if (this.#spent >= this.#engine.settings.budget.maxAttempts) throw this.#over(this.#givenUp())
      const choice = this.#chooser.choose()
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
          throw this.#over(this.#givenUp())
      }
    }
  }

  /** The outcome is told in the moment it is decided: whatever opens a moment later comes too late. */
  #over(error: FailoverError): FailoverError {
    this.#request.life.end(error, this.attempts.length)
    return error
  }

  async #wait(queue: string, until: number, cause: 'backoff' | 'nothing_open'): Promise<void> {
    const { clock, hub, waiting } = this.#engine
    const { life } = this.#request
    const startedAt = clock.now()
    if (hub.hears('request_waiting')) hub.emit({ type: 'request_waiting', requestId: life.id, until, cause })
    try {
      if (cause === 'backoff') await clock.sleep(Math.max(0, until - startedAt), life.cancellation.signal)
      else await waiting.wait(queue, until, life.cancellation.signal)
    } catch (error) {
      if (!life.cancellation.isCanceled) throw error
    }
    if (cause === 'nothing_open') this.#chooser.waited(clock.now() - startedAt)
  }

  async #try(candidate: Candidate, kind: AttemptKind): Promise<Committed<T> | undefined> {
    const engine = this.#engine
    const { target } = candidate
    const { life, work } = this.#request
    const { clock, hub, settings } = engine
    if (this.#last !== undefined && formatTarget(this.#last.target) !== formatTarget(target)) {
      engine.onFailover(this.#last.target, target, this.#last.failure, life.id)
      this.#last = undefined
      if (life.cancellation.isCanceled) return undefined
    }
    if (this.#chooser.course.tries(target) === 0) engine.tokens.earn(target.origin, clock.now())
    this.#chooser.course.started(target)
    const limit = this.#limit(target)
    const attempt = new Attempt(
      clock,
      engine.lease(target, kind === 'trial' || kind === 'panic'),
      this.attempts.length + 1,
    )
    this.attempts.push(attempt.record)
    if (hub.hears('attempt_started')) {
      hub.emit({
        type: 'attempt_started',
        requestId: life.id,
        target: attempt.record.target,
        attempt: attempt.number,
        kind,
      })
    }
    try {
      const value = await attempt.race(
        this.#start(attempt, settings.timeouts.connectMs, work),
        limit,
        life.cancellation,
      )
      attempt.lease.commit()
      if (hub.hears('attempt_committed')) {
        hub.emit({
          type: 'attempt_committed',
          requestId: life.id,
          target: attempt.record.target,
          attempt: attempt.number,
          durationMs: attempt.elapsedMs,
        })
      }
      return { attempt, value }
    } catch (thrown) {
      if (life.cancellation.isCanceled) {
        life.cancel(attempt, false)
        return undefined
      }
      const error = readable(thrown)
      this.#consider({ failure: life.fail(attempt, error, false), error, target, secrets: attempt.secrets }, candidate)
      return undefined
    }
  }

  /** Not an async function: where the key is at hand, nothing stands between the attempt and its work. */
  #start(attempt: Attempt, connectMs: number, work: Work<T>): Promise<T> {
    try {
      const key = this.#engine.credentials.keyOf(attempt.target.credential)
      return typeof key === 'object'
        ? key.then((fetched) => this.#begin(attempt, fetched, connectMs, work))
        : this.#begin(attempt, key, connectMs, work)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #begin(attempt: Attempt, apiKey: string | undefined, connectMs: number, work: Work<T>): Promise<T> {
    if (apiKey !== undefined) attempt.secrets = [apiKey]
    // The caller may have left meanwhile, even in a listener that was told of this attempt.
    const { cancellation } = this.#request.life
    if (cancellation.isCanceled) throw cancellation.reason
    if (attempt.isAborted) throw attempt.signal.reason
    return work.start(new OpenAttempt(attempt, apiKey, connectMs), attempt)
  }

  /** What a failure means for the rest of this request. */
  #consider(setback: Setback, candidate: Candidate): void {
    const { clock, policy, settings, tokens } = this.#engine
    const { failure, target } = setback
    const { link } = candidate
    const now = clock.now()
    if (failure.reason === 'auth') this.#engine.credentials.wasRefused(target.credential, setback.secrets)
    if (!policy.freeReasons.includes(failure.reason)) this.#spent += 1
    this.#last = setback
    this.#earliest ??= setback
    const isFirstModel = link === this.#request.chain[0]
    if (isFirstModel) this.#first ??= setback
    const tries = this.#chooser.course.tries(target)
    const isReset = failure.reason === 'network' && failure.nextStep === 'retry_target'
    const backoffUntil = now + this.#engine.retryDelayMs(tries - 1)
    const isFinal = failure.nextStep === 'return' && policy.returnsAtOnce
    const turn = isFinal ? 'return' : this.#chooser.course.after(failure, link, isFirstModel, target, backoffUntil)
    if (policy.pausesBetweenTargets) this.#chooser.pause(now + this.#engine.retryDelayMs(this.attempts.length - 1))
    if (turn === 'return') throw this.#over(this.#returned(setback))
    if (
      turn === 'retry' &&
      policy.retriesTarget &&
      tries < settings.retry.attempts &&
      tokens.take(target.origin, now)
    ) {
      // A pooled connection that was closed under us is no reason to wait.
      this.#chooser.retry(candidate, isReset ? now : backoffUntil)
    } else if (turn === 'retry') {
      this.#chooser.course.exclude(target)
      // Refused or not, it has been seen to fail: its other keys fare no better.
      this.#chooser.course.defer(failure, target, backoffUntil)
    }
  }

  /** A failure that is to go back to the caller. */
  #returned(setback: Setback): FailoverError {
    const { failure } = setback
    if (this.#engine.policy.returnsAtOnce) return this.#rejection(setback)
    if (failure.nextStep !== 'return') return this.#givenUp()
    // What the model that was asked for said is what the caller can act on; a refusal is final whoever pronounces it.
    const isFirstDecisive = failure.reason !== 'content_policy' && this.#first?.failure.scope === 'request'
    return this.#rejection(isFirstDecisive && this.#first !== undefined ? this.#first : setback)
  }

  #givenUp(): FailoverError {
    const first = this.#first
    if (first?.failure.scope === 'request') return this.#rejection(first)
    const { chain, queue, work } = this.#request
    if (this.attempts.length === 0) {
      const targets = chain.flatMap((link) => link.targets())
      const reasons = new Map(targets.map((target) => [`${target.provider}/${target.model}`, work.unusable(target)]))
      if ([...reasons.values()].every((reason) => reason !== undefined)) return noTarget(queue, chain, reasons)
    }
    const now = this.#engine.clock.now()
    const usable = chain
      .filter((link) => !this.#chooser.course.isTurnedDownBy(link))
      .flatMap((link) => link.targets())
      .filter((target) => work.unusable(target) === undefined)
    const cause = first ?? this.#earliest
    return allTargetsFailed({
      reason: this.#commonReason(usable, now),
      attempts: this.attempts,
      nextAvailableAt: soonestOpening(usable, now),
      now,
      cause: cause?.error,
      secrets: cause?.secrets ?? [],
    })
  }

  /** The reason for which every attempt failed and every target that was not tried is out; undefined if they differ. */
  #commonReason(usable: readonly Target[], now: number): FailureReason | undefined {
    const { course } = this.#chooser
    const untried = usable.filter((target) => course.tries(target) === 0).map((target) => reasonAgainst(target, now))
    const [first, ...others] = new Set([...this.attempts.map(({ reason }) => reason), ...untried])
    return others.length === 0 ? first : undefined
  }

  #rejection({ failure, error, secrets }: Setback): FailoverError {
    return rejectionOf(failure, error, this.attempts, secrets)
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
    const now = clock.now()
    if (chain.length === 1) return ownLimit(phase, phaseMs, attemptMs)
    const isReachable = (link: ChainLink, other: Target): boolean =>
      this.#chooser.course.allows(link, other) &&
      this.#chooser.course.tries(other) === 0 &&
      work.unusable(other) === undefined
    const behind = chain.slice(1).filter((link) => {
      const opensAt = soonestOpening(
        link.targets().filter((other) => isReachable(link, other)),
        now,
      )
      return opensAt !== undefined && opensAt < life.deadlineAt
    })
    const shareMs = leftMs * (1 - Math.min(2, behind.length) / 4)
    if (Math.min(phaseMs, attemptMs) > shareMs && behind.length > 0) return { phase, ms: shareMs, isCutShort: true }
    return ownLimit(phase, phaseMs, attemptMs)
  }
}

function ownLimit(phase: AttemptLimit['phase'], phaseMs: number, attemptMs: number): AttemptLimit {
  return phaseMs <= attemptMs
    ? { phase, ms: phaseMs, isCutShort: false }
    : { phase: 'attempt', ms: attemptMs, isCutShort: false }
}
