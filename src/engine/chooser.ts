import { BoundRequest } from './binding.ts'
import type { Candidate, Choice } from './choice.ts'
import { Course } from './course.ts'
import type { Engine, LoopRequest, Work } from './engine.ts'
import type { AttemptKind, SkipCause } from './events.ts'
import type { ScopeHealth } from './health/scope-health.ts'
import { standingOf } from './health/standing.ts'
import { type Blocked, blockedBy, lastResort } from './last-resort.ts'
import { isSameCause } from './passed-over.ts'
import type { ChainLink } from './routes.ts'
import type { Gate } from './select/gate.ts'
import type { Ask, Session } from './select/rule.ts'
import type { Target } from './target.ts'

/** Targets passed over in one choice that are told where nobody listens and they are only recorded. */
const RECORDED_SKIPS = 10
const FIRST_SKIPS = Array.from({ length: RECORDED_SKIPS }, (_, index) => index)

/** The part of a request that choosing depends on. */
type ChooserRequest = Omit<LoopRequest<unknown>, 'work'> & {
  readonly work: Pick<Work<unknown>, 'unusable' | 'bindings' | 'guessSession'>
}

/**
 * Decides what one request does next: which target it tries, what it waits for, or that nothing is left. It looks at
 * health, limits and the request's own course, and changes none of them but for the course; strategies remember whose
 * turn it was.
 */
export class Chooser implements Ask {
  readonly course: Course
  readonly #engine: Engine
  readonly #request: ChooserRequest
  /** What was told first of each target. */
  #told: Map<Target, SkipCause> | undefined
  /** What else has been told. */
  #toldLater: Set<string> | undefined
  #retry: { readonly candidate: Candidate; readonly notBefore: number } | undefined
  #waitedMs = 0
  #pauseUntil = 0
  /** When the next lease that was lent lapses, epoch milliseconds. */
  #nextLapseAt: number | undefined
  #session: Session | 'none' | undefined
  #bound: BoundRequest | 'free' | undefined

  constructor(engine: Engine, request: ChooserRequest) {
    this.#engine = engine
    this.#request = request
    const { contextWindowOf, settings } = engine
    this.course = new Course({ maxTries: settings.retry.attempts, chain: request.chain, contextWindowOf })
  }

  /** The same target is to be tried again, not before this time (epoch milliseconds). */
  retry(candidate: Candidate, notBefore: number): void {
    this.#retry = { candidate, notBefore }
  }

  /** Nothing is to be tried before this time (epoch milliseconds). */
  pause(until: number): void {
    this.#pauseUntil = until
  }

  /** It waits already, so that there is room for it. */
  isQueued = false

  /** How long it may still wait for something to open, milliseconds. */
  get patienceMs(): number {
    return this.#engine.settings.wait.maxMs - this.#waitedMs
  }

  /** Time was spent waiting for something to open, milliseconds. */
  waited(ms: number): void {
    this.#waitedMs += ms
  }

  choose(now: number = this.#engine.clock.now()): Choice {
    this.#nextLapseAt = this.#engine.reclaim(now)
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

  /** Read once, where it is first asked for. */
  session(): Session | undefined {
    if (this.#session === undefined) {
      const { sessionKey, work } = this.#request
      const named = sessionKey === undefined ? undefined : { key: sessionKey, isNamed: true }
      this.#session = named ?? work.guessSession?.() ?? 'none'
    }
    return this.#session === 'none' ? undefined : this.#session
  }

  /** Why this request cannot be served by a target, whatever its health. */
  unusable(target: Target): SkipCause | undefined {
    const cause = this.#request.work.unusable(target)
    if (cause !== undefined) return cause
    const binding = this.#boundRequest()?.against(target)
    return binding === undefined ? undefined : { kind: 'bound_elsewhere', binding }
  }

  /** The same target again, if it is still open; a back-off before it is waited for although others are open. */
  #chooseRetry(now: number): Choice | undefined {
    const retry = this.#retry
    if (retry === undefined) return undefined
    const { link, target: before } = retry.candidate
    // Looked up anew: its key may have been changed meanwhile, or the profile removed.
    const target = link.targets().find(({ profile }) => profile === before.profile)
    const isOpen =
      target !== undefined &&
      this.#isAllowed({ link, target }) &&
      standingOf(target, now, this.#request).state === 'open'
    if (isOpen && now < retry.notBefore) return { do: 'wait', until: retry.notBefore, cause: 'backoff' }
    this.#retry = undefined
    return isOpen ? this.#try(link, target, 'retry') : undefined
  }

  #try(link: ChainLink, target: Target, kind: AttemptKind): Choice {
    const dropped = this.#boundRequest()?.droppedFor(target)
    if (dropped === undefined) return { do: 'try', candidate: { link, target }, kind }
    const { hub } = this.#engine
    if (hub.hears('bindings_dropped') && this.#isNews(`${target} without ${dropped.join()}`))
      hub.emit({ type: 'bindings_dropped', requestId: this.#request.life.id, target: target.ref, kinds: dropped })
    return { do: 'try', candidate: { link, target, dropped }, kind }
  }

  /** Nothing but health and limits keeps this request from trying it. */
  #isAllowed({ link, target }: Candidate): boolean {
    return this.course.allows(link, target) && this.unusable(target) === undefined
  }

  #boundRequest(): BoundRequest | undefined {
    if (this.#bound === undefined) {
      const { chain, work } = this.#request
      const { bindings = [] } = work
      this.#bound =
        bindings.length === 0 ? 'free' : new BoundRequest(bindings, this.#engine.bindings, chain[0]?.provider)
    }
    return this.#bound === 'free' ? undefined : this.#bound
  }

  #chooseIn(link: ChainLink, wantsDeferred: boolean, now: number): Choice | undefined {
    const pool = link.pool()
    const any = pool.targets[0]
    if (any === undefined) return undefined
    const bound = this.#boundRequest()
    const mayTry = (target: Target): boolean =>
      this.#isDue(link, target, wantsDeferred, now) && bound?.against(target) === undefined
    const { history, hub, selection } = this.#engine
    const isTold = hub.isListenedTo('target_skipped')
    const maxRefused = history === undefined || isTold ? 0 : RECORDED_SKIPS
    const gate = selection.gate(pool, now, mayTry, { demand: this.#request, maxRefused })
    // A provider that cannot be used has no target that can.
    const isUsable = this.#request.work.unusable(any) === undefined
    const index = isUsable ? this.#pick(link, gate) : -1
    if (isTold) this.#tellSkips(link, gate, index, wantsDeferred)
    else if (maxRefused > 0) this.#recordSkips(link, gate, isUsable ? gate.refused : FIRST_SKIPS, index, wantsDeferred)
    const target = pool.targets[index]
    if (target === undefined) return undefined
    const { state } = standingOf(target, now, this.#request)
    // Whoever was told of the others may have taken it meanwhile.
    const isOpen = state === 'open' || state === 'trial'
    if (!isOpen || !this.#isPaidFor(target, now)) return this.#chooseIn(link, wantsDeferred, now)
    return this.#try(link, target, state === 'trial' ? 'trial' : wantsDeferred ? 'retry' : 'regular')
  }

  /** May this request try it in this round, in which what has been put off has its turn, or what has not? */
  #isDue(link: ChainLink, target: Target, wantsDeferred: boolean, now: number): boolean {
    if (!this.course.allows(link, target)) return false
    const deferredUntil = this.course.deferredUntil(target)
    return (deferredUntil !== undefined) === wantsDeferred && (deferredUntil ?? now) <= now
  }

  /** The pinned profile if it may be tried; else as the strategy says. */
  #pick({ pinned }: ChainLink, gate: Gate): number {
    const index = pinned === undefined ? -1 : gate.pool.indexOf(pinned)
    return index !== -1 && gate.allows(index) ? index : this.#engine.selection.take(gate, this)
  }

  #chooseWhenNothingIsOpen(now: number): Choice {
    const { policy, waiting } = this.#engine
    const { life, queue } = this.#request
    const resort = lastResort(this.#blocked(now), {
      now,
      deadlineAt: life.deadlineAt,
      patienceMs: this.patienceMs,
      hasRoom: this.isQueued || waiting.hasRoom(queue),
      rules: policy.whenNothingIsOpen,
    })
    if (resort.do !== 'panic') return resort
    const { candidate } = resort
    if (this.#isPaidFor(candidate.target, now)) return this.#try(candidate.link, candidate.target, 'panic')
    return this.#chooseWhenNothingIsOpen(now)
  }

  /** Trying the same target again takes a retry of its origin, whatever the occasion; without one it is over for it. */
  #isPaidFor(target: Target, now: number): boolean {
    const isPaid =
      !this.#engine.policy.retriesTarget ||
      this.course.tries(target) === 0 ||
      this.course.isFree(target) ||
      this.#engine.tokens.take(target.origin, now)
    if (!isPaid) this.course.exclude(target)
    return isPaid
  }

  /** The candidates that are left but may not be tried now. */
  #blocked(now: number): Blocked[] {
    const { panic } = this.#engine.policy.whenNothingIsOpen
    const situation = { now, nextLapseAt: this.#nextLapseAt, panic, demand: this.#request }
    const blocked: Blocked[] = []
    // A pin and its model, or a provider's default model and its name, lead to the same target: that is one alternative.
    const seen = new Set<ScopeHealth>()
    for (const link of this.#request.chain) {
      for (const target of link.targets()) {
        const candidate = { link, target }
        const itself = target.scopes.target ?? target.scopes.profile
        if (seen.has(itself) || !this.#isAllowed(candidate)) continue
        seen.add(itself)
        const each = blockedBy(candidate, this.course.deferredUntil(target) ?? 0, situation)
        if (each !== undefined) blocked.push(each)
      }
    }
    return blocked
  }

  /** Tells listeners of all that was passed over on the way to a choice; none was made if its index is -1. */
  #tellSkips(link: ChainLink, gate: Gate, chosen: number, wantsDeferred: boolean): void {
    const { now, pool } = gate
    const end = this.#isFirstEnough(link) && chosen !== -1 ? chosen : pool.size
    for (let index = 0; index < end; index += 1) {
      const target = pool.targets[index]
      const cause = target && index !== chosen && this.#whySkipped(link, gate, index, target, wantsDeferred)
      if (!target || !cause || !this.#isNewCause(target, cause)) continue
      const { id } = this.#request.life
      this.#engine.hub.emit({ type: 'target_skipped', requestId: id, target: target.ref, cause }, now)
    }
  }

  /** Where nobody listens, the first are kept for the request's story. */
  #recordSkips(link: ChainLink, gate: Gate, passed: readonly number[], chosen: number, wantsDeferred: boolean): void {
    if (passed.length === 0) return
    const { life } = this.#request
    const { now, pool } = gate
    const isFirstEnough = this.#isFirstEnough(link)
    const targets: Target[] = []
    const causes: SkipCause[] = []
    for (const index of passed) {
      const target = pool.targets[index]
      if (target === undefined || index === chosen || (isFirstEnough && chosen !== -1 && index > chosen)) continue
      const cause = this.#whySkipped(link, gate, index, target, wantsDeferred)
      if (cause === undefined || life.passedOver?.has(target, cause)) continue
      targets.push(target)
      causes.push(cause)
    }
    if (targets.length > 0) life.passOver(now, targets, causes)
  }

  /** Are those that come after the first open one of no concern? */
  #isFirstEnough({ pinned }: ChainLink): boolean {
    const hasSession = this.#session !== undefined && this.#session !== 'none' && this.#session.isNamed
    return pinned === undefined && this.#engine.selection.takesFirst && !hasSession
  }

  #whySkipped(
    link: ChainLink,
    gate: Gate,
    index: number,
    target: Target,
    wantsDeferred: boolean,
  ): SkipCause | undefined {
    if (!this.#isDue(link, target, wantsDeferred, gate.now)) return undefined
    const cause = this.unusable(target) ?? gate.against(index)
    if (cause !== undefined) return cause
    return gate.isSpent(index) && !gate.takesSpent ? { kind: 'quota_spent' } : undefined
  }

  #isNewCause(target: Target, cause: SkipCause): boolean {
    this.#told ??= new Map()
    const first = this.#told.get(target)
    if (first === undefined) this.#told.set(target, cause)
    else return !isSameCause(first, cause) && this.#isNews(`${target} ${JSON.stringify(cause)}`)
    return true
  }

  /** Has it not been told yet? From now on it has. */
  #isNews(what: string): boolean {
    this.#toldLater ??= new Set()
    const isNews = !this.#toldLater.has(what)
    this.#toldLater.add(what)
    return isNews
  }
}
