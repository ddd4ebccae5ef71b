import { FailoverError, type Failure, type FailureReason } from '../failure/index.ts'
import { Diverged } from '../recovery/index.ts'
import { Attempt, type AttemptLimit, AttemptTimeout } from './attempt.ts'
import type { AttemptEntry } from './attempt-entry.ts'
import { opensBefore, reasonAgainst, soonestOpening } from './availability.ts'
import type { Candidate } from './choice.ts'
import { Chooser } from './chooser.ts'
import type { Breakage, Engine, LoopRequest, OpenRequest, Recoverer, RecoveryEnds } from './engine.ts'
import type { AttemptKind, SkipCause } from './events.ts'
import { formatTarget } from './model-ref.ts'
import { readable } from './readable.ts'
import { Recovering } from './recovering.ts'
import { allTargetsFailed, noTarget, providerFailed, rejectionOf, requestEnded } from './request-errors.ts'
import type { Holder } from './request-life.ts'
import type { ChainLink } from './routes.ts'
import type { Target } from './target.ts'
import type { Ticket } from './waiting.ts'

/** What lies with the key, so that another one may be served. */
const OF_KEY: readonly FailureReason[] = ['auth', 'billing', 'permission']

/** What breaks an answer without saying anything against its model. */
const BREAKS: readonly FailureReason[] = ['stream_interrupted', 'server_error', 'bad_response', 'network', 'unknown']

/** A failed attempt, with all that is said of it. */
interface Setback {
  readonly failure: Failure
  readonly error: unknown
  readonly target: Target
  /** What must not be shown of it. */
  readonly secrets: readonly string[]
}

/** An attempt that is under way. */
interface Trying {
  readonly attempt: Attempt
  readonly candidate: Candidate
  /** It is another one while its key is fetched. */
  limit: AttemptLimit
  /** Epoch milliseconds. */
  dueAt: number
}

/**
 * The life of one request: choose a target, try it, draw the consequences, until one commits or nothing is left. There
 * is one loop for every door; what differs is the `Work`, and what is delivered at commit.
 *
 * It goes on when something settles rather than waiting in async functions: most requests go straight, and each layer of
 * promises between a caller and his work would cost them more than all decisions together.
 */
export class AttemptLoop<T, Result> implements Holder, Recoverer<T> {
  readonly #engine: Engine
  readonly #request: LoopRequest<T>
  readonly #deliver: (open: OpenRequest<T>) => Result
  readonly #chooser: Chooser
  readonly #attempts: AttemptEntry[] = []
  #resolve: ((result: Result) => void) | undefined
  #reject: ((error: FailoverError) => void) | undefined
  /** What is being tried. */
  #trying: Trying | undefined
  /** Its place among those that wait. */
  #ticket: Ticket | undefined
  /** Attempts that counted against the budget. */
  #spent = 0
  /** The first failure of the model that was asked for. */
  #first: Setback | undefined
  #earliest: Setback | undefined
  /** The latest one, until the request has moved on from it. */
  #last: Setback | undefined
  /** What has committed, or did before it broke off. */
  #answering: Candidate | undefined
  /** Only once the answer has broken off after its commit. */
  #recovering: Recovering<T> | undefined

  constructor(engine: Engine, request: LoopRequest<T>, deliver: (open: OpenRequest<T>) => Result) {
    this.#engine = engine
    this.#request = request
    this.#deliver = deliver
    this.#chooser = new Chooser(engine, request)
  }

  /** Resolves at commit. @throws FailoverError where nothing commits */
  run(now: number): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      this.#goOn(now)
    })
  }

  /** The answer broke off after its commit: goes on until another attempt commits that goes on with it. */
  recover(breakage: Breakage, ends: RecoveryEnds<T>): void {
    const { work } = this.#request
    if (this.#recovering === undefined) {
      this.#recovering = new Recovering(this.#engine, work, ends)
      work.beginRecovery?.()
    }
    this.#recovering.ends = ends
    try {
      const now = this.#engine.clock.now()
      if (this.#answering !== undefined) this.#afterBreak(breakage, this.#answering, this.#recovering, now)
      this.#goOn(now)
    } catch (thrown) {
      this.#crash(thrown)
    }
  }

  dueAt(): number {
    const trying = this.#trying
    if (trying === undefined) return Number.POSITIVE_INFINITY
    const { attempt, dueAt } = trying
    return attempt.hasContent ? Math.min(attempt.idleAt, attempt.endsAt) : dueAt
  }

  onDue(now: number): void {
    const trying = this.#trying
    if (trying === undefined) return
    const { attempt } = trying
    const timeout = new AttemptTimeout(attempt.hasContent ? attempt.limitRunOut(now) : trying.limit)
    attempt.abort(timeout)
    this.#failed(trying, timeout)
  }

  /** Content is here that is held back for a while. */
  onContent(): void {
    if (this.#trying !== undefined) this.#request.life.watch(this.#engine.clock.now())
  }

  onCanceled(): void {
    const trying = this.#trying
    if (trying === undefined) return
    this.#stopTrying()
    this.#request.life.cancel(trying.attempt, false)
    this.#goOn()
  }

  /** Decides what is done next, and begins it. */
  #goOn(now: number = this.#engine.clock.now()): void {
    try {
      const final = this.#next(now)
      if (final !== undefined) this.#end(final)
    } catch (thrown) {
      this.#crash(thrown)
    }
  }

  /** @returns the error that the request ends with; undefined where something has been begun that will settle */
  #next(now: number): FailoverError | undefined {
    const { life } = this.#request
    const { cancellation } = life
    for (;;) {
      life.expireIfLate(now)
      if (cancellation.isCanceled) return requestEnded(cancellation.reason, this.#attempts)
      if (this.#isSpent) return this.#givenUp()
      const choice = this.#chooser.choose(now)
      switch (choice.do) {
        case 'try':
          if (this.#try(choice.candidate, choice.kind, now)) return undefined
          break
        case 'wait':
          void this.#wait(choice.until, choice.cause)
          return undefined
        case 'give_up':
          return this.#givenUp()
      }
    }
  }

  /** After a commit it is another budget that counts. */
  get #isSpent(): boolean {
    return this.#recovering?.isSpent ?? this.#spent >= this.#engine.settings.budget.maxAttempts
  }

  /** The outcome is told in the moment it is decided: whatever opens a moment later comes too late. */
  #end(error: FailoverError): void {
    this.#leaveQueue()
    if (this.#recovering !== undefined) {
      this.#recovering.ends.onGivenUp(this.#request.life.cancellation.isCanceled ? error : undefined)
      return
    }
    this.#request.life.end(error, this.#attempts)
    this.#reject?.(error)
  }

  /** A function of a provider that only looks at requests has thrown; no attempt is to blame. */
  #crash(thrown: unknown): void {
    if (thrown instanceof FailoverError) this.#end(thrown)
    else {
      const secrets = this.#request.chain
        .flatMap((link) => link.targets())
        .flatMap(({ credential }) => this.#engine.credentials.secretsOf(credential))
      this.#end(providerFailed(thrown, secrets))
    }
  }

  async #wait(until: number, cause: 'backoff' | 'nothing_open'): Promise<void> {
    const { clock, hub, waiting } = this.#engine
    const { life, queue } = this.#request
    const startedAt = clock.now()
    if (hub.hears('request_waiting')) hub.emit({ type: 'request_waiting', requestId: life.id, until, cause })
    life.watch(startedAt)
    try {
      const { signal } = life.cancellation
      if (cause === 'backoff') {
        this.#leaveQueue()
        await clock.sleep(Math.max(0, until - startedAt), signal)
      } else {
        this.#ticket ??= waiting.enter(queue, this.#needs, this.#request.work.door)
        this.#chooser.isQueued = true
        await this.#ticket.wait(until, startedAt + this.#chooser.patienceMs, signal)
      }
    } catch (error) {
      if (!life.cancellation.isCanceled) {
        this.#crash(error)
        return
      }
    }
    if (cause === 'nothing_open') this.#chooser.waited(clock.now() - startedAt)
    this.#goOn()
  }

  /** Requests that have not been anywhere yet are served by the same targets; any other waits for itself. */
  get #needs(): unknown {
    const { chain, work } = this.#request
    const isPlain = this.#attempts.length === 0 && (work.bindings?.length ?? 0) === 0
    const countsTokens = chain.some((link) => link.targets().some(({ health }) => health.countsTokens))
    return isPlain && !countsTokens ? chain : this
  }

  #leaveQueue(): void {
    this.#ticket?.leave()
    this.#ticket = undefined
    this.#chooser.isQueued = false
  }

  /** @returns whether it has been begun; not where the caller has left meanwhile */
  #try(candidate: Candidate, kind: AttemptKind, now: number): boolean {
    const engine = this.#engine
    const { target } = candidate
    const { life } = this.#request
    const { hub } = engine
    if (this.#last !== undefined && formatTarget(this.#last.target) !== formatTarget(target)) {
      engine.onFailover(this.#last.target, target, this.#last.failure, life.id)
      this.#last = undefined
      if (life.cancellation.isCanceled) return false
    }
    if (this.#chooser.course.tries(target) === 0) engine.tokens.earn(target.origin, now)
    this.#chooser.course.started(target)
    const limit = this.#limit(candidate, now)
    // An estimate costs a look at the whole request: only where a limit counts tokens.
    const tokens = target.health.countsTokens ? this.#request.estimatedTokens : undefined
    const lease = engine.lease(target, kind === 'trial' || kind === 'panic', tokens, now)
    // Only now, so that the next in the queue sees that this one is taken.
    if (this.#ticket !== undefined) this.#leaveQueue()
    const { dropped } = candidate
    const resume = this.#recovering?.start(candidate)
    const attempt = new Attempt(engine, lease, this.#attempts.length + 1, kind, { dropped, resume })
    attempt.watcher = this
    this.#attempts.push(attempt.record)
    if (hub.hears('attempt_started')) {
      const { number, record } = attempt
      const how = resume === undefined ? undefined : { resume }
      hub.emit(
        { type: 'attempt_started', requestId: life.id, target: record.target, attempt: number, kind, ...how },
        now,
      )
    }
    const trying: Trying = { attempt, candidate, limit, dueAt: now + limit.ms }
    const begun = this.#begin(trying)
    this.#trying = trying
    life.passTo(this)
    // What comes after a first content stands under the idle limit.
    life.watch(now, limit.phase === 'first_content' ? now + engine.settings.timeouts.idleMs : undefined)
    begun.then(
      (value) => this.#committed(trying, value),
      (error: unknown) => this.#failed(trying, error),
    )
    // The caller may have left meanwhile, in a listener that was told of this attempt, or in the work itself.
    if (life.cancellation.isCanceled) this.onCanceled()
    return true
  }

  /** Nothing stands between the attempt and its work where the key is at hand. */
  #begin(trying: Trying): Promise<T> {
    const { attempt } = trying
    try {
      const key = this.#engine.credentials.keyOf(attempt.target.credential)
      if (typeof key !== 'object') return Promise.resolve(this.#start(attempt, key))
      this.#setLimit(trying, this.#fetchLimit(trying.candidate))
      return key.then((fetched) => {
        this.#setLimit(trying, this.#limit(trying.candidate, this.#engine.clock.now()))
        return this.#start(attempt, fetched)
      })
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #setLimit(trying: Trying, limit: AttemptLimit): void {
    const now = this.#engine.clock.now()
    trying.limit = limit
    trying.dueAt = now + limit.ms
    if (trying === this.#trying) this.#request.life.watch(now)
  }

  /**
   * The time it takes to fetch a key, which has a limit of its own, is not the provider's; but it must not use up the
   * request's while others are behind.
   */
  #fetchLimit({ link, target }: Candidate): AttemptLimit {
    const { work } = this.#request
    const isAnother = (other: Target): boolean => other.profile !== target.profile
    return { phase: work.phase(target), ms: this.#shareMs(link, isAnother, this.#engine.clock.now()), isCutShort: true }
  }

  #start(attempt: Attempt, apiKey: string | undefined): T | PromiseLike<T> {
    attempt.apiKey = apiKey
    const { life, work } = this.#request
    if (life.cancellation.isCanceled) throw life.cancellation.reason
    attempt.throwIfAborted()
    attempt.lease.sent()
    return work.start(attempt)
  }

  #committed(trying: Trying, value: T): void {
    if (trying !== this.#trying) return
    this.#stopTrying()
    const { attempt } = trying
    const { hub } = this.#engine
    const { life } = this.#request
    this.#answering = trying.candidate
    try {
      const now = this.#engine.clock.now()
      attempt.commit(now)
      if (hub.hears('attempt_committed')) {
        const { number, record } = attempt
        const { target } = record
        const durationMs = now - record.startedAt
        hub.emit({ type: 'attempt_committed', requestId: life.id, target, attempt: number, durationMs }, now)
      }
      const open = { attempt, value, life, attempts: this.#attempts, committedAt: now, recoverer: this }
      if (this.#recovering === undefined) {
        this.#resolve?.(this.#deliver(open))
        // It is kept for as long as the answer goes on, and who waited for the answer need not be.
        this.#resolve = undefined
        this.#reject = undefined
      } else this.#recovering.ends.onResumed(open)
    } catch (thrown) {
      this.#crash(thrown)
    }
  }

  #failed(trying: Trying, thrown: unknown): void {
    if (trying !== this.#trying) return
    this.#stopTrying()
    const { attempt, candidate } = trying
    const { life } = this.#request
    try {
      const error = readable(thrown)
      if (error instanceof Diverged) {
        life.cancel(attempt, false)
        if (this.#recovering !== undefined)
          this.#afterBreak(error, candidate, this.#recovering, this.#engine.clock.now())
        this.#goOn()
        return
      }
      const failure = life.fail(attempt, error, false)
      const final = this.#consider({ failure, error, target: attempt.target, secrets: attempt.secrets }, candidate)
      if (final === undefined) this.#goOn()
      else this.#end(final)
    } catch (crashed) {
      this.#crash(crashed)
    }
  }

  #stopTrying(): void {
    this.#trying = undefined
    this.#request.life.passTo(undefined)
  }

  /** What a failure means for the rest of this request. @returns the error that it ends with, if it does */
  #consider(setback: Setback, candidate: Candidate): FailoverError | undefined {
    const { clock, policy, settings, tokens } = this.#engine
    const { failure, target } = setback
    const { link } = candidate
    const now = clock.now()
    if (OF_KEY.includes(failure.reason)) this.#engine.refuseKey(target.credential, setback.secrets)
    if (!policy.freeReasons.includes(failure.reason)) this.#spent += 1
    this.#last = setback
    this.#earliest ??= setback
    // Whatever a server says to a prefill, it may have said it of the prefill.
    const isAnswered = (failure.status ?? 0) >= 400
    if (this.#attempts.at(-1)?.resume === 'prefill' && isAnswered) this.#recovering?.restart(target)
    if (this.#recovering !== undefined && failure.nextStep === 'return') {
      this.#afterRefusal(failure, candidate, this.#recovering, now)
      return undefined
    }
    // What has been delivered came from a model that took the request: nobody else's refusal is its own fault.
    const isFirstModel = link === this.#request.chain[0] && this.#recovering === undefined
    if (isFirstModel) this.#first ??= setback
    const tries = this.#chooser.course.tries(target)
    const isReset = failure.reason === 'network' && failure.nextStep === 'retry_target'
    const backoffUntil = now + this.#engine.retryDelayMs(tries - 1)
    const isFinal = failure.nextStep === 'return' && policy.returnsAtOnce
    const turn = isFinal ? 'return' : this.#chooser.course.after(failure, link, isFirstModel, target, backoffUntil)
    if (policy.pausesBetweenTargets) this.#chooser.pause(now + this.#engine.retryDelayMs(this.#attempts.length - 1))
    if (turn === 'return') return this.#returned(setback)
    if (
      turn === 'retry' &&
      policy.retriesTarget &&
      tries < settings.retry.attempts &&
      // What would come too late is not worth waiting for; another target may be open.
      (isReset || backoffUntil < this.#request.life.deadlineAt) &&
      tokens.take(target.origin, now)
    ) {
      // A pooled connection that was closed under us is no reason to wait.
      this.#chooser.retry(candidate, isReset ? now : backoffUntil)
    } else if (turn === 'retry') {
      this.#chooser.course.exclude(target)
      // Refused or not, it has been seen to fail: its other keys fare no better.
      this.#chooser.course.defer(failure, target, backoffUntil)
    }
    return undefined
  }

  /** An answer broke off: the others first, and what has failed last. */
  #afterBreak(breakage: Breakage, candidate: Candidate, recovering: Recovering<T>, now: number): void {
    const { course } = this.#chooser
    const { link, target } = candidate
    if (breakage instanceof Diverged) {
      // What has gone another way from the beginning goes another way again; without a prefill it may not.
      if (this.#attempts.at(-1)?.resume === 'restart') course.leave(link, target)
      else this.#restart(candidate, recovering, now)
      return
    }
    const { failure, error, secrets } = breakage
    if (OF_KEY.includes(failure.reason)) this.#engine.refuseKey(target.credential, secrets)
    this.#last = { failure, error, target, secrets }
    const backoffUntil = now + this.#engine.retryDelayMs(course.tries(target) - 1)
    // The origin was answering, and so may the model with another key: whoever is likeliest to say the same comes first.
    if (BREAKS.includes(failure.reason) && failure.mayRetryTarget) course.putLast(target, backoffUntil)
    else course.after(failure, link, false, target, backoffUntil)
  }

  /** A target will not go on with the answer: without the prefill it may, and else it is of no use. */
  #afterRefusal({ reason }: Failure, candidate: Candidate, recovering: Recovering<T>, now: number): void {
    const { link, target } = candidate
    if (this.#attempts.at(-1)?.resume === 'restart') {
      this.#chooser.course.leave(link, target)
      return
    }
    if (reason === 'invalid_request') this.#engine.prefills.refused(target)
    this.#restart(candidate, recovering, now)
  }

  /** The target is asked again at once, without the prefill; what it said of that was no try at the answer. */
  #restart(candidate: Candidate, recovering: Recovering<T>, now: number): void {
    const { course } = this.#chooser
    recovering.restart(candidate.target)
    course.forgive(candidate.target)
    this.#chooser.retry(candidate, now)
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
    const { chain, queue } = this.#request
    const whyUnusable = (target: Target): SkipCause | undefined => this.#chooser.unusable(target)
    if (this.#attempts.length === 0) {
      const way = chain.filter(({ onlyAfter }) => onlyAfter === undefined)
      const targets = way.flatMap((link) => link.targets())
      if (targets.every((target) => whyUnusable(target) !== undefined)) {
        const reasons = targets.map((target) => [`${target.provider}/${target.model}`, whyUnusable(target)] as const)
        return noTarget(queue, chain, new Map(reasons))
      }
    }
    const now = this.#engine.clock.now()
    const usable = chain
      .filter((link) => !this.#chooser.course.isTurnedDownBy(link))
      .flatMap((link) => link.targets())
      .filter((target) => whyUnusable(target) === undefined)
    const cause = first ?? this.#earliest
    return allTargetsFailed({
      reason: this.#commonReason(usable, now),
      attempts: this.#attempts,
      nextAvailableAt: soonestOpening(usable, now, this.#request),
      now,
      cause: cause?.error,
      secrets: cause?.secrets ?? [],
    })
  }

  /** The reason for which every attempt failed and every target that was not tried is out; undefined if they differ. */
  #commonReason(usable: readonly Target[], now: number): FailureReason | undefined {
    const { course } = this.#chooser
    const untried = usable
      .filter((target) => course.tries(target) === 0)
      .map((target) => reasonAgainst(target, now, this.#request))
    const [first, ...others] = new Set([...this.#attempts.map(({ reason }) => reason), ...untried])
    return others.length === 0 ? first : undefined
  }

  #rejection({ failure, error, secrets }: Setback): FailoverError {
    return rejectionOf(failure, error, this.#attempts, secrets)
  }

  /**
   * The time this attempt gets before its first content: its own limit, or what is left of the request less a reserve
   * that keeps the models behind it reachable (a quarter for one, half for more).
   */
  #limit({ link, target }: Candidate, now: number): AttemptLimit {
    const { life, work } = this.#request
    const phase = work.phase(target)
    const { attemptMs, firstContentMs, responseMs } = this.#engine.settings.timeouts
    const phaseMs = phase === 'first_content' ? firstContentMs : responseMs
    const ownMs = Math.min(phaseMs, attemptMs)
    // Mostly there is time enough, whatever is behind it.
    const isShort = ownMs > (life.deadlineAt - now) / 2
    // Other keys of the same model at the same origin fare no better where it is silent.
    const isElsewhere = (other: Target): boolean => other.origin !== target.origin || other.model !== target.model
    const shareMs = isShort ? this.#shareMs(link, isElsewhere, now) : ownMs
    if (ownMs > shareMs && shareMs < life.deadlineAt - now) return { phase, ms: shareMs, isCutShort: true }
    return ownLimit(phase, phaseMs, attemptMs)
  }

  /**
   * What this attempt may take of the time that is left; all of it where nothing is behind it.
   * @param isAlternative of the targets of its own model, those that count
   */
  #shareMs(own: ChainLink, isAlternative: (other: Target) => boolean, now: number): number {
    const { chain, life } = this.#request
    const { course } = this.#chooser
    const isBehind = (link: ChainLink, other: Target): boolean =>
      (link !== own || isAlternative(other)) &&
      course.allows(link, other) &&
      course.tries(other) === 0 &&
      this.#chooser.unusable(other) === undefined &&
      opensBefore(other, life.deadlineAt, now, this.#request)
    const behind = chain.filter((link) => link.targets().some((other) => isBehind(link, other)))
    return Math.max(0, life.deadlineAt - now) * (1 - Math.min(2, behind.length) / 4)
  }
}

function ownLimit(phase: AttemptLimit['phase'], phaseMs: number, attemptMs: number): AttemptLimit {
  return phaseMs <= attemptMs
    ? { phase, ms: phaseMs, isCutShort: false }
    : { phase: 'attempt', ms: attemptMs, isCutShort: false }
}
