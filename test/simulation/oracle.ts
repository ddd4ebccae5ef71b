import type { FailoverEvent, FailoverEventOf, FailoverStatus, Lease, TargetRef } from '../../src/index.ts'
import { checkFirst, checkGivingUp, checkStart, checkWindows, type Knowledge } from './attempt-rules.ts'
import { checkCaller, checkRest, checkStatus } from './end-rules.ts'
import type { Reception } from './fake-provider.ts'
import { shownKey } from './faults.ts'
import { brokenLimit, type KnownTarget, Mirror } from './mirror.ts'
import type { World } from './plan.ts'
import type { AttemptEnd, Caller, KnownAttempt, KnownRequest, Outcome, Rule, Violation } from './records.ts'
import { nameOf } from './records.ts'
import { type Holder, WindowBook } from './window-book.ts'
import { checkWindow } from './window-rules.ts'

interface Lent extends Holder {
  readonly lease: Lease
  readonly known: KnownTarget
}

/**
 * Keeps its own books of everything that is heard, received and configured, and says what must not have happened. It
 * shares no code with the engine.
 */
export class Oracle {
  readonly mirror: Mirror
  readonly violations: Violation[] = []
  readonly #windows: WindowBook
  readonly #knowledge: Knowledge
  readonly #lapseMs: number
  readonly #requests = new Map<string, KnownRequest>()
  readonly #callers: Caller[] = []
  readonly #lent = new Set<Lent>()
  #order = 0
  /** Whoever calls the manager at this moment. */
  #entering: Caller | undefined
  #returning: Lent | undefined
  /** Its failure has been told; what it does to the windows comes next. */
  #failing: KnownAttempt | undefined

  constructor(world: World) {
    const { options } = world
    this.#lapseMs = options.timeouts?.attemptMs ?? 600_000
    this.mirror = new Mirror(world)
    this.#windows = new WindowBook(Math.min(this.#lapseMs, 30_000))
    this.#knowledge = { mirror: this.mirror, windows: this.#windows, options, report: this.report }
  }

  readonly report = (rule: Rule, text: string): void => {
    this.violations.push({ rule, text })
  }

  get callers(): readonly Caller[] {
    return this.#callers
  }

  /** A request is handed to the manager, which tells of its beginning before `enter` returns. */
  enter<T>(caller: Caller, call: () => T): T {
    this.#callers.push(caller)
    this.#entering = caller
    try {
      return call()
    } finally {
      this.#entering = undefined
    }
  }

  lent(lease: Lease, now: number): void {
    this.#lapse(now)
    const known = this.#know(lease.target)
    if (known === undefined) return
    const name = `a lease for ${nameOf(lease.target)}`
    const lent: Lent = { lease, known, startedAt: now, order: this.#next() }
    const { report } = this.#knowledge
    if (known.profile.isDisabled) report('out_of_use_is_left_alone', `${name}: it is disabled`)
    checkWindows(this.#knowledge, known, lease.isTrial ? 'trial' : 'regular', now, name)
    const limit = brokenLimit(known.profile, now)
    if (limit !== undefined) report('limits_hold', `${name} breaks ${limit}`)
    this.#begin(lent, known, lease.isTrial, now)
    this.#lent.add(lent)
  }

  /** A lease ends by what is called. */
  returned(lease: Lease, end: () => void): void {
    const lent = [...this.#lent].find((each) => each.lease === lease)
    this.#returning = lent
    try {
      end()
    } finally {
      this.#returning = undefined
      if (lent !== undefined) this.#end(lent)
    }
  }

  /** A pure look must not offer what is out. */
  offered(target: TargetRef, now: number): void {
    this.#lapse(now)
    const known = this.#know(target)
    if (known === undefined) return
    const kind = this.#windows.against(known, now).length > 0 ? 'trial' : 'regular'
    checkWindows(this.#knowledge, known, kind, now, `the look that offers ${nameOf(target)}`)
    if (known.profile.isDisabled) this.report('out_of_use_is_left_alone', `${nameOf(target)} is offered, and disabled`)
  }

  received(reception: Reception): void {
    const { caller, context } = reception
    const request = this.#requestOf(caller)
    const attempt = request?.attempts.at(-1)
    const { report } = this.#knowledge
    const name = `caller ${caller}'s attempt ${context.attempt} at ${nameOf(context.target)}`
    if (attempt === undefined || attempt.number !== context.attempt || nameOf(attempt.target) !== nameOf(context.target))
      return report('provider_and_events_agree', `${name} arrived, and no event told of it`)
    if (attempt.reception !== undefined) report('provider_and_events_agree', `${name} arrived twice`)
    if (attempt.end !== undefined) report('provider_and_events_agree', `${name} arrived after its end`)
    if (request?.caller.hasLeft) report('nothing_is_tried_too_late', `${name} arrived after the caller had left`)
    const { apiKey } = attempt.known.profile.options
    if (typeof apiKey !== 'function' && apiKey !== context.apiKey && attempt.startedAt === reception.at)
      report('provider_and_events_agree', `${name} came with another key than the profile's`)
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
    this.#lapse(event.at)
    this.#settleFailure(event)
    const key = shownKey(JSON.stringify(event))
    if (key !== undefined) report('keys_are_not_shown', `in the event ${event.type}: ${key}`)
    switch (event.type) {
      case 'request_started':
        return this.#onRequest(event)
      case 'attempt_started':
        return this.#onAttempt(event)
      case 'attempt_committed':
        return this.#onCommit(event)
      case 'attempt_succeeded':
      case 'attempt_failed':
      case 'attempt_canceled':
        return this.#onAttemptEnd(event)
      case 'request_succeeded':
      case 'request_failed':
      case 'request_canceled':
        return this.#onOutcome(event)
      case 'cooldown_started':
        return this.#onCooldown(event)
      case 'cooldown_ended':
        this.#windows.end(event)
        return
      default:
        this.#mustBeGoingOn(event)
    }
  }

  /** Compares what the manager says of its state with these books. */
  compare(status: FailoverStatus, now: number): void {
    this.#lapse(now)
    checkStatus(this.#knowledge, status, now)
  }

  /** All is over: what is left that should not be? */
  close(): void {
    for (const request of this.#requests.values()) checkRest(this.#knowledge, request)
    for (const caller of this.#callers) checkCaller(this.#knowledge, caller, this.#requestOf(caller.id))
  }

  #onRequest(event: FailoverEventOf<'request_started'>): void {
    const caller = this.#entering
    if (caller === undefined || caller.requestId !== undefined || this.#requests.has(event.requestId))
      return this.#knowledge.report('caller_and_events_agree', `${event.requestId} began, and nobody had asked for it`)
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
    const { at: startedAt, attempt: number, target, kind } = event
    const attempt: KnownAttempt = {
      number,
      target,
      known,
      kind,
      startedAt,
      order: this.#next(),
      isCommitted: false,
      end: undefined,
      reception: undefined,
      hasJumped: false,
    }
    checkStart(this.#knowledge, request, attempt, startedAt)
    checkFirst(this.#knowledge, request, attempt, startedAt)
    request.attempts.push(attempt)
    this.#begin(attempt, known, kind === 'trial' || kind === 'panic', startedAt)
  }

  #onCommit(event: FailoverEventOf<'attempt_committed'>): void {
    const attempt = this.#underWay(event)
    if (attempt === undefined) return
    if (attempt.isCommitted)
      this.#knowledge.report('attempts_have_one_end_each', `${event.requestId} committed attempt ${event.attempt} twice`)
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
    const cause = request?.attempts.at(-1) ?? this.#returning
    checkWindow(this.#knowledge, event, this.#windows.find(event), cause)
    this.#windows.start(event, this.#next())
  }

  #begin(holder: Holder, known: KnownTarget, isTrial: boolean, now: number): void {
    const { profile } = known
    profile.inFlight += 1
    profile.starts.push(now)
    if (isTrial) this.#windows.take(this.#windows.against(known, now), holder)
  }

  /** Leases that nobody ended are over after the attempt limit. */
  #lapse(now: number): void {
    for (const lent of this.#lent) if (now >= lent.startedAt + this.#lapseMs) this.#end(lent)
  }

  #end(lent: Lent): void {
    if (!this.#lent.delete(lent)) return
    lent.known.profile.inFlight -= 1
    this.#windows.giveBack(lent)
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
    const id = this.#callers.find((each) => each.id === caller)?.requestId
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
