import type { FailoverEvent, FailoverEventOf, FailoverStatus, Lease, TargetRef } from '../../src/index.ts'
import { checkFirst, checkGivingUp, checkOffer, checkReception, checkStart, type Knowledge } from './attempt-rules.ts'
import { checkCaller, checkRest, checkStatus } from './end-rules.ts'
import type { Reception } from './fake-provider.ts'
import { shownKey } from './faults.ts'
import { begin, LeaseBook } from './lease-book.ts'
import { type KnownTarget, Mirror } from './mirror.ts'
import type { World } from './plan.ts'
import type { AttemptEnd, Caller, KnownAttempt, KnownRequest, Outcome, Rule, Violation } from './records.ts'
import { attemptOf, nameOf } from './records.ts'
import { WindowBook } from './window-book.ts'
import { checkWindow } from './window-rules.ts'

/**
 * Keeps its own books of everything that is heard, received and configured, and says what must not have happened. It
 * shares no code with the engine.
 */
export class Oracle {
  readonly mirror: Mirror
  readonly violations: Violation[] = []
  readonly callers: Caller[] = []
  readonly #windows: WindowBook
  readonly #knowledge: Knowledge
  readonly leases: LeaseBook
  readonly #requests = new Map<string, KnownRequest>()
  #order = 0
  /** Whoever calls the manager at this moment. */
  #entering: Caller | undefined
  /** Its failure has been told; what it does to the windows comes next. */
  #failing: KnownAttempt | undefined

  constructor(world: World) {
    const { options } = world
    const { attemptMs = 600_000 } = options.timeouts ?? {}
    this.mirror = new Mirror(world)
    this.#windows = new WindowBook(Math.min(attemptMs, 30_000))
    this.#knowledge = { mirror: this.mirror, windows: this.#windows, options, report: this.report }
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

  lent(lease: Lease, now: number): void {
    const known = this.#know(lease.target)
    if (known !== undefined) this.leases.lent(lease, known, this.#next(), now)
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
    if (checkReception(this.#knowledge, reception, request, attempt) && attempt !== undefined)
      attempt.reception = reception
  }

  jumped(): void {
    for (const { attempts } of this.#requests.values()) for (const attempt of attempts) attempt.hasJumped = true
  }

  removed(id: string): void {
    this.mirror.remove(id)
    this.#windows.forgetProfile(id)
  }

  heard(event: FailoverEvent): void {
    const { report } = this.#knowledge
    this.leases.lapse(event.at)
    this.#settleFailure(event)
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
        this.#windows.end(event)
        break
      default:
        this.#mustBeGoingOn(event)
    }
  }

  /** Compares what the manager says of its state with these books. */
  compare(status: FailoverStatus, now: number): void {
    this.leases.lapse(now)
    checkStatus(this.#knowledge, status, now)
  }

  /** All is over: what is left that should not be? */
  close(): void {
    for (const request of this.#requests.values()) checkRest(this.#knowledge, request)
    for (const caller of this.callers) checkCaller(this.#knowledge, caller, this.#requestOf(caller.id))
  }

  #onRequest(event: FailoverEventOf<'request_started'>): void {
    const caller = this.#entering
    if (caller === undefined || caller.requestId !== undefined || this.#requests.has(event.requestId)) {
      this.report('caller_and_events_agree', `${event.requestId} began, and nobody had asked for it`)
      return
    }
    caller.requestId = event.requestId
    const links = event.chain.flatMap((reference) => this.mirror.linkOf(reference) ?? [])
    this.#requests.set(event.requestId, {
      started: event,
      links: links.length === event.chain.length ? links : undefined,
      caller,
      attempts: [],
      outcome: undefined,
    })
  }

  #onAttempt(event: FailoverEventOf<'attempt_started'>): void {
    const request = this.#mustBeGoingOn(event)
    const known = this.#know(event.target)
    if (request === undefined || known === undefined) return
    const attempt = attemptOf(event, known, this.#next())
    checkStart(this.#knowledge, request, attempt, event.at)
    checkFirst(this.#knowledge, request, attempt, event.at)
    request.attempts.push(attempt)
    begin(this.#knowledge, attempt, event.kind === 'trial' || event.kind === 'panic', event.at)
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
    this.#windows.giveBack(attempt)
  }

  #onAttemptEnd(event: AttemptEnd): void {
    const attempt = this.#underWay(event)
    if (attempt === undefined) return
    attempt.end = event
    const { profile } = attempt.known
    profile.inFlight -= 1
    if (event.type === 'attempt_succeeded') {
      const { inputTokens = 0, outputTokens = 0 } = event.usage ?? {}
      profile.spent.push({ at: event.at, tokens: inputTokens + outputTokens })
    }
    if (event.type === 'attempt_failed') this.#failing = attempt
    else this.#windows.giveBack(attempt)
  }

  /** A failure is told before its windows open, which must still know whose trial it was. */
  #settleFailure(event: FailoverEvent): void {
    const attempt = this.#failing
    const isItsOwn = event.type === 'cooldown_started' && event.requestId === attempt?.end?.requestId
    if (attempt === undefined || isItsOwn || event.type === 'cooldown_ended') return
    this.#failing = undefined
    this.#windows.giveBack(attempt)
  }

  #onOutcome(event: Outcome): void {
    const request = this.#mustBeGoingOn(event)
    if (request === undefined) return
    request.outcome = event
    if (event.type === 'request_failed' && event.code === 'ALL_TARGETS_FAILED')
      checkGivingUp(this.#knowledge, request, event.at)
  }

  #onCooldown(event: FailoverEventOf<'cooldown_started'>): void {
    const request = event.requestId === undefined ? undefined : this.#requests.get(event.requestId)
    const cause = request?.attempts.at(-1) ?? this.leases.returning
    // An attempt of a profile that has been removed since changes nothing for one of the same name.
    const isOwn = event.scope === 'target' || event.scope === 'profile'
    if (isOwn && cause !== undefined && !this.mirror.isKnown(cause.known.profile)) return
    const before = this.#windows.find(event)
    checkWindow(this.#knowledge, event, before, cause)
    this.#windows.start(event, this.#next(), cause)
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
