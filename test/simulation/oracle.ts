import type {
  FailoverEvent,
  FailoverEventOf,
  FailoverManager,
  FailoverStatus,
  Lease,
  ProfileOptions,
  QuotaBucket,
  TargetRef,
  Usage,
} from '../../src/index.ts'
import { checkOffer, checkProbe, checkReception, checkStart, type Knowledge } from './attempt-rules.ts'
import { BindingBook, type Bound, idMadeFor, referredTo } from './binding-book.ts'
import { BlameBook } from './blame-book.ts'
import { checkChoice, checkExhausted, checkOutcome, checkQueues, checkWaiting, linksOf } from './choice-rules.ts'
import { checkCaller, checkRest, checkStatus, checkStatusIsDiscreet } from './end-rules.ts'
import type { Reception } from './fake-provider.ts'
import { shownKey } from './faults.ts'
import { begin, LeaseBook, type Trying } from './lease-book.ts'
import { settle } from './meter.ts'
import { type KnownLink, type KnownTarget, Mirror, type ProviderState } from './mirror.ts'
import type { RequestPlan, World } from './plan.ts'
import { PrefillBook } from './prefill-book.ts'
import { QuotaBook } from './quota-book.ts'
import { RampBook } from './ramp-book.ts'
import type { AttemptEnd, Caller, KnownAttempt, KnownRequest, Outcome, Rule, Violation } from './records.ts'
import { attemptOf, hasRefused, nameOf } from './records.ts'
import { checkAfterFailed, checkBeginning, checkBrokenEnd, checkResume, noteRecovery } from './resume-rules.ts'
import { RetryBook } from './retry-book.ts'
import { SessionBook } from './session-book.ts'
import { checkStories } from './story-rules.ts'
import { checkText } from './text-rules.ts'
import { limitNames, TroubleBook, useName } from './trouble-book.ts'
import { type KnownWindow, WindowBook } from './window-book.ts'
import { checkIncident, checkNewKey, checkStated, checkWindow } from './window-rules.ts'

/**
 * Keeps its own books of everything that is heard, received and configured, and says what must not have happened. It
 * shares no code with the engine.
 */
export class Oracle {
  readonly mirror: Mirror
  readonly violations: Violation[]
  readonly callers: Caller[] = []
  readonly #windows: WindowBook
  readonly #troubles = new TroubleBook()
  readonly #bindings = new BindingBook()
  readonly #blame = new BlameBook()
  /** A target may be asked by two: where its window was closed meanwhile by something else, and opened again. */
  readonly #probes: Trying[] = []
  readonly #knowledge: Knowledge
  readonly leases: LeaseBook
  readonly #requests = new Map<string, KnownRequest>()
  #order = 0
  /** Whoever calls the manager at this moment. */
  #entering: Caller | undefined
  /** Its failure has been told; what it does to the windows comes next. */
  #failing: KnownAttempt | Trying | undefined

  /** @param violations where it writes down what must not have happened */
  constructor(world: World, violations: Violation[]) {
    const { options } = world
    const { attemptMs = 600_000 } = options.timeouts ?? {}
    this.violations = violations
    this.mirror = new Mirror(world)
    this.#windows = new WindowBook(Math.min(attemptMs, 30_000))
    this.#knowledge = {
      mirror: this.mirror,
      windows: this.#windows,
      troubles: this.#troubles,
      retries: new RetryBook(options.retry?.maxDelayMs ?? 30_000),
      ramps: new RampBook(),
      sessions: new SessionBook(),
      quotas: new QuotaBook(),
      prefills: new PrefillBook(),
      options,
      report: this.report,
    }
    this.leases = new LeaseBook(this.#knowledge, attemptMs)
  }

  readonly report = (rule: Rule, text: string): void => {
    this.violations.push({ rule, text })
  }

  /** A request is handed to the manager, which tells of its beginning before `enter` returns. */
  enter<T>(caller: Caller, call: () => T): T {
    this.callers.push(caller)
    this.#entering = caller
    try {
      return call()
    } finally {
      this.#entering = undefined
    }
  }

  /** A caller reads no further. */
  left(caller: Caller): void {
    checkText(this.#knowledge, caller, this.#requestOf(caller.id))
  }

  lent(lease: Lease, now: number): void {
    const known = this.#know(lease.target)
    if (known !== undefined) this.leases.lent(lease, known, this.#next(), now)
  }

  /** A lease is ended by what is called. */
  returned(lease: Lease, now: number, end: () => void): void {
    this.leases.returned(lease, now, end)
  }

  /** Somebody has been served otherwise than by a request. */
  served(): void {
    this.#blame.served()
  }

  /** An answer has told what is left. */
  told({ caller, context }: Reception, buckets: readonly QuotaBucket[], now: number): void {
    const attempt = this.#requestOf(caller)?.attempts[context.attempt - 1]
    if (attempt !== undefined) this.#knowledge.quotas.told(attempt, buckets, now)
  }

  /** An answer has made something, and has told so. */
  made(id: string): void {
    this.#bindings.sent(id)
  }

  /** What was known has been forgotten by hand, more or less of it. */
  forgotten(): void {
    this.#knowledge.ramps.doubt()
    this.#knowledge.quotas.doubt()
    this.#blame.served()
  }

  /** A pure look must not offer what is out. */
  offered(target: TargetRef, now: number): void {
    this.leases.lapse(now)
    const known = this.#know(target)
    if (known !== undefined) checkOffer(this.#knowledge, known, now)
  }

  received(reception: Reception): void {
    const request = this.#requestOf(reception.caller)
    const attempt = request?.attempts.at(-1)
    if (!checkReception(this.#knowledge, reception, request, attempt)) return
    if (request === undefined || attempt === undefined) return
    attempt.reception = reception
    checkBeginning(this.#knowledge, reception, request, attempt)
  }

  jumped(): void {
    for (const request of this.#requests.values()) {
      request.hasJumped = true
      for (const attempt of request.attempts) attempt.hasJumped = true
    }
  }

  setDisabled(id: string, isDisabled: boolean): void {
    this.#troubles.note(useName(id), this.#next())
    const profile = this.mirror.find(id)
    if (profile !== undefined) profile.isDisabled = isDisabled
  }

  setProvider(name: string, state: ProviderState): void {
    this.#troubles.note(useName(name), this.#next())
    this.mirror.providers.set(name, state)
  }

  added(options: ProfileOptions): void {
    this.#changed(options.id)
    this.mirror.add(options)
  }

  updated(id: string, patch: Partial<ProfileOptions>): void {
    this.#changed(id)
    this.mirror.update(id, patch)
  }

  removed(id: string): void {
    this.#changed(id)
    this.mirror.remove(id)
    this.#windows.forgetProfile(id)
    this.#bindings.forgetProfile(id)
    this.forgotten()
  }

  /** A profile has got another key. */
  keyChanged(id: string, now: number): void {
    this.#blame.forget(id)
    checkNewKey(this.#knowledge, id, now)
  }

  heard(event: FailoverEvent): void {
    const { report } = this.#knowledge
    this.leases.lapse(event.at)
    this.#settleFailure(event)
    const concerned = 'requestId' in event && event.requestId !== undefined && this.#requests.get(event.requestId)
    if (concerned) {
      concerned.told.push(event.type)
      checkAfterFailed(this.#knowledge, concerned, event)
    }
    const key = shownKey(JSON.stringify(event))
    if (key !== undefined) report('keys_are_not_shown', `in the event ${event.type}: ${key}`)
    switch (event.type) {
      case 'request_started':
        this.#onRequest(event)
        break
      case 'attempt_started':
        this.#onAttempt(event)
        break
      case 'attempt_committed':
        this.#onCommit(event)
        break
      case 'attempt_succeeded':
      case 'attempt_failed':
      case 'attempt_canceled':
        this.#onAttemptEnd(event)
        break
      case 'request_succeeded':
      case 'request_failed':
      case 'request_canceled':
        this.#onOutcome(event)
        break
      case 'cooldown_started':
        this.#onCooldown(event)
        break
      case 'cooldown_ended':
        this.#onCooldownEnd(event)
        break
      case 'probe_started':
        this.#onProbe(event)
        break
      case 'probe_succeeded':
      case 'probe_failed':
        this.#onProbeEnd(event)
        break
      case 'request_waiting':
        this.#onWaiting(event)
        break
      case 'recovery_started':
      case 'recovery_diverged':
      case 'recovery_succeeded':
      case 'recovery_failed':
        this.#onRecovery(event)
        break
      default:
        this.#mustBeGoingOn(event)
    }
  }

  /** Everything has come to rest for the moment. */
  rest(): void {
    this.#settleFailure()
    checkQueues(this.#knowledge, this.#requests.values())
  }

  /** In what ways a target has ever been out. */
  everOut(target: KnownTarget): ReturnType<WindowBook['everAgainst']> {
    return this.#windows.everAgainst(target)
  }

  /** The windows that are still known of. */
  get windows(): Iterable<KnownWindow> {
    return this.#windows.all()
  }

  /** Compares what the manager says of its state with these books. */
  compare(status: FailoverStatus, now: number): void {
    this.leases.lapse(now)
    checkStatus(this.#knowledge, status, now)
  }

  /** Compares the stories it remembers with what has been told. */
  remember(stories: ReturnType<FailoverManager['recentRequests']>): void {
    checkStories(this.#knowledge, stories, [...this.#requests.values()])
  }

  /** Looks for keys in it. */
  examine(status: FailoverStatus): void {
    checkStatusIsDiscreet(this.#knowledge, status)
  }

  /** The process dies in the midst of it: only what had ended already can be judged. */
  die(): void {
    for (const request of this.#requests.values())
      if (request.outcome !== undefined) checkRest(this.#knowledge, request)
    for (const caller of this.callers)
      if (caller.ending !== undefined) checkCaller(this.#knowledge, caller, this.#requestOf(caller.id))
      else this.left(caller)
  }

  /** All is over: what is left that should not be? */
  close(): void {
    for (const request of this.#requests.values()) checkRest(this.#knowledge, request)
    for (const caller of this.callers) checkCaller(this.#knowledge, caller, this.#requestOf(caller.id))
  }

  #changed(id: string): void {
    this.#troubles.note(useName(id), this.#next())
    this.#knowledge.sessions.forget()
    this.#knowledge.quotas.doubt()
  }

  #onRequest(event: FailoverEventOf<'request_started'>): void {
    const caller = this.#entering
    if (caller === undefined || caller.requestId !== undefined || this.#requests.has(event.requestId)) {
      this.report('caller_and_events_agree', `${event.requestId} began, and nobody had asked for it`)
      return
    }
    caller.requestId = event.requestId
    const links = event.chain.flatMap((reference) => this.mirror.linkOf(reference) ?? [])
    const [first] = event.chain.length === links.length ? links : []
    this.#requests.set(event.requestId, {
      started: event,
      links: links.length === event.chain.length ? links : undefined,
      bound: this.#boundBy(caller, first),
      reservedTokens: this.#reservedBy(caller.plan, first),
      told: [event.type],
      caller,
      order: this.#next(),
      attempts: [],
      recovery: 'none',
      outcome: undefined,
      endOrder: 0,
      hasJumped: false,
      waitingSince: undefined,
      waitedMs: 0,
    })
    // Whoever has no room now is in trouble, although nothing has been heard of it since.
    for (const { profile } of links.flatMap((link) => this.mirror.targetsOf(link))) {
      if (this.mirror.hasRoom(profile, event.at)) continue
      for (const name of limitNames(profile)) this.#troubles.note(name, this.#next())
    }
  }

  #onAttempt(event: FailoverEventOf<'attempt_started'>): void {
    const request = this.#mustBeGoingOn(event)
    const known = this.#know(event.target)
    if (request === undefined || known === undefined) return
    const attempt = attemptOf(event, known, {
      links: linksOf(this.mirror, request, known),
      order: this.#next(),
    })
    checkStart(this.#knowledge, request, attempt, event.at)
    checkChoice(this.#knowledge, request, attempt, event.at)
    checkResume(this.#knowledge, request, attempt)
    request.attempts.push(attempt)
    begin(this.#knowledge, attempt, {
      isTrial: event.kind === 'trial' || event.kind === 'panic',
      reservedTokens: request.reservedTokens,
    })
  }

  #onCommit(event: FailoverEventOf<'attempt_committed'>): void {
    const attempt = this.#underWay(event)
    if (attempt === undefined) return
    if (attempt.isCommitted)
      this.#knowledge.report(
        'attempts_have_one_end_each',
        `${event.requestId} committed attempt ${event.attempt} twice`,
      )
    attempt.isCommitted = true
    this.#blame.served()
    this.#knowledge.ramps.committed(attempt, event.at)
    this.#windows.giveBack(attempt)
  }

  #onAttemptEnd(event: AttemptEnd): void {
    const attempt = this.#underWay(event)
    if (attempt === undefined) return
    attempt.end = event
    const hasReached = attempt.reception !== undefined && !isUnreached(event)
    settle(attempt.entries, event.type === 'attempt_succeeded' ? tokensOf(event.usage) : 0, hasReached)
    this.#knowledge.ramps.left(attempt)
    if (event.type === 'attempt_failed') this.#onFailure(attempt, event)
    else this.#windows.giveBack(attempt)
    if (event.type === 'attempt_succeeded') this.#noteMade(attempt, event.requestId)
  }

  #onFailure(attempt: KnownAttempt, { at, failure }: FailoverEventOf<'attempt_failed'>): void {
    this.#failing = attempt
    const isOutdated = attempt.known.profile.options !== attempt.configured
    if (hasRefused(attempt) && failure.reason === 'invalid_request') this.#knowledge.prefills.refused(attempt)
    if (failure.reason === 'rate_limit') this.#knowledge.quotas.refused(attempt.known)
    if (failure.reason === 'auth' && !isOutdated) attempt.refusedBefore = this.#blame.refused(attempt, at)
    if (failure.reason === 'network' && attempt.reception?.fault === 'dns')
      attempt.isOurFault = this.#blame.lostName(attempt, at)
  }

  /** An answer that was read to its end has told what it has made. */
  #noteMade({ known, configured: { quotaGroup } }: KnownAttempt, requestId: string): void {
    const { caller } = this.#requests.get(requestId) ?? {}
    const { provider, options } = known.profile
    if (caller?.plan.door === 'call' && this.mirror.isKnown(known.profile))
      this.#bindings.noted(idMadeFor(caller.id), { profile: options.id, provider, quotaGroup })
  }

  /** What is surely set aside for it before it is sent; a provider that is not registered can make out nothing. */
  #reservedBy({ door, estimatedTokens, guessedTokens = 0 }: RequestPlan, first: KnownLink | undefined): number {
    const isReadable = door === 'call' && first !== undefined && this.mirror.stateOf(first.provider) === 'registered'
    return estimatedTokens ?? (isReadable ? guessedTokens : 0)
  }

  /** What is bound elsewhere only a provider can read that is registered. */
  #boundBy({ plan, id, seed }: Caller, first: KnownLink | undefined): Bound | undefined {
    if (plan.binding === undefined || plan.door === 'run') return undefined
    if (first !== undefined && this.mirror.stateOf(first.provider) !== 'registered') return undefined
    return this.#bindings.boundBy(referredTo(plan.binding, id, seed), plan.binding, first)
  }

  /**
   * A failure is told before its windows open, which must still know whose trial it was.
   * @param event what is told now; it may still be a consequence
   */
  #settleFailure(event?: FailoverEvent): void {
    const failing = this.#failing
    if (failing === undefined || event?.type === 'cooldown_ended') return
    // Where an origin has an incident, windows of other profiles change, too.
    const isConsequence =
      event?.type === 'cooldown_started' && [undefined, requestIdOf(failing)].includes(event.requestId)
    if (isConsequence) return
    this.#failing = undefined
    this.#windows.giveBack(failing)
    if ('end' in failing && failing.end?.type === 'attempt_failed') {
      checkStated(this.#knowledge, failing, failing.end)
      checkIncident(this.#knowledge, failing, failing.end.at)
    }
  }

  #onProbe({ target, at }: FailoverEventOf<'probe_started'>): void {
    const known = this.#know(target)
    if (known === undefined) return
    const probe: Trying = { known, entries: [], startedAt: at, order: this.#next() }
    checkProbe(this.#knowledge, known, at)
    begin(this.#knowledge, probe, { isTrial: true, reservedTokens: 0 })
    this.#probes.push(probe)
  }

  #onProbeEnd({ target, type, at, durationMs }: FailoverEventOf<'probe_succeeded' | 'probe_failed'>): void {
    const place = this.#probes.findIndex(
      ({ known, startedAt }) =>
        known.profile.options.id === target.profile && known.model === target.model && startedAt === at - durationMs,
    )
    const [probe] = place < 0 ? [] : this.#probes.splice(place, 1)
    if (probe === undefined) {
      this.report('attempts_have_one_end_each', `${type} was told of ${nameOf(target)}, which nobody was asking for`)
      return
    }
    settle(probe.entries, 0, type === 'probe_succeeded')
    this.#knowledge.ramps.left(probe)
    if (type === 'probe_failed') this.#failing = probe
    else {
      this.#blame.served()
      this.#knowledge.ramps.committed(probe, at)
      this.#windows.giveBack(probe)
    }
  }

  #onOutcome(event: Outcome): void {
    const request = this.#mustBeGoingOn(event)
    if (request === undefined) return
    request.outcome = event
    request.endOrder = this.#next()
    checkOutcome(this.#knowledge, request, event)
    checkBrokenEnd(this.#knowledge, request, event)
  }

  #onRecovery(event: Parameters<typeof noteRecovery>[2]): void {
    const request = this.#mustBeGoingOn(event)
    if (request === undefined) return
    noteRecovery(this.#knowledge, request, event)
    if (event.type === 'recovery_failed' && event.cause === 'exhausted')
      checkExhausted(this.#knowledge, request, event.at)
  }

  #onWaiting(event: FailoverEventOf<'request_waiting'>): void {
    const request = this.#mustBeGoingOn(event)
    if (request === undefined) return
    checkWaiting(this.#knowledge, request, event)
    if (event.cause === 'nothing_open') request.waitingSince = event.at
  }

  #onCooldown(event: FailoverEventOf<'cooldown_started'>): void {
    const request = event.requestId === undefined ? undefined : this.#requests.get(event.requestId)
    const failing = this.#failing !== undefined && 'end' in this.#failing ? undefined : this.#failing
    const cause = request?.attempts.at(-1) ?? this.leases.returning ?? failing
    // An attempt of a profile that has been removed since changes nothing for one of the same name.
    const isOwn = event.scope === 'target' || event.scope === 'profile'
    if (isOwn && cause !== undefined && !this.mirror.isKnown(cause.known.profile)) return
    const before = this.#windows.find(event)
    const last = request?.attempts.at(-1)
    checkWindow(this.#knowledge, event, before, cause, {
      failure: last?.end?.type === 'attempt_failed' ? last.end.failure : undefined,
      isOurFault: last?.isOurFault ?? false,
      wasAsked: last === undefined || last.reception !== undefined,
    })
    if (last?.end !== undefined && last.end.type !== 'attempt_failed')
      this.report(
        'other_answers_condemn_nobody',
        `${event.scope} ${event.key} is out for ${nameOf(last.target)}, which has not failed`,
      )
    const order = this.#next()
    this.#troubles.note(`${event.scope} ${event.key}`, order)
    if (event.kind === 'rateLimit') this.#knowledge.quotas.struck(`${event.scope} ${event.key}`)
    this.#windows.start(event, order, cause)
  }

  #onCooldownEnd(event: FailoverEventOf<'cooldown_ended'>): void {
    const order = this.#next()
    this.#troubles.note(`${event.scope} ${event.key}`, order)
    this.#knowledge.ramps.windowEnded(event, this.#windows.find(event), order)
    this.#windows.end(event)
  }

  #underWay(event: AttemptEnd | FailoverEventOf<'attempt_committed'>): KnownAttempt | undefined {
    const attempt = this.#mustBeGoingOn(event)?.attempts.at(-1)
    if (attempt !== undefined && attempt.number === event.attempt && attempt.end === undefined) return attempt
    const text = `${event.requestId}: ${event.type} of attempt ${event.attempt}, which is not under way`
    this.#knowledge.report('attempts_have_one_end_each', text)
    return undefined
  }

  /** Nothing is told of a request before it began or after its outcome. */
  #mustBeGoingOn(event: FailoverEvent): KnownRequest | undefined {
    if (!('requestId' in event) || event.requestId === undefined) return undefined
    const request = this.#requests.get(event.requestId)
    if (request === undefined || request.outcome !== undefined)
      this.#knowledge.report('one_outcome_each', `${event.type} was told of ${event.requestId}, which is not going on`)
    // Whatever it does next, its waiting is over.
    if (request?.waitingSince !== undefined && event.type !== 'target_skipped') {
      request.waitedMs += event.at - request.waitingSince
      request.waitingSince = undefined
    }
    return request
  }

  #requestOf(caller: number): KnownRequest | undefined {
    const id = this.callers.find((each) => each.id === caller)?.requestId
    return id === undefined ? undefined : this.#requests.get(id)
  }

  #know(target: TargetRef): KnownTarget | undefined {
    const profile = this.mirror.find(target.profile)
    if (profile !== undefined) return { profile, model: target.model }
    this.#knowledge.report('out_of_use_is_left_alone', `${nameOf(target)} is tried, and there is no such profile`)
    return undefined
  }

  #next(): number {
    this.#order += 1
    return this.#order
  }
}

function requestIdOf(failing: KnownAttempt | Trying): string | undefined {
  return 'end' in failing ? failing.end?.requestId : undefined
}

/** Where the network failed before anything came, nobody may have been reached. */
function isUnreached(event: AttemptEnd): boolean {
  return event.type === 'attempt_failed' && event.failure.reason === 'network' && !event.isCommitted
}

function tokensOf({ inputTokens = 0, outputTokens = 0 }: Usage = {}): number {
  return inputTokens + outputTokens
}
