import type { Candidate, Choice } from './choice.ts'
import { Course } from './course.ts'
import type { Engine, LoopRequest, Work } from './engine.ts'
import type { SkipCause } from './events.ts'
import { type Standing, standingOf } from './health/standing.ts'
import { type Blocked, blockedBy, lastResort } from './last-resort.ts'
import type { ChainLink } from './routes.ts'
import type { Target } from './target.ts'

/** The part of a request that choosing depends on. */
type ChooserRequest = Omit<LoopRequest<unknown>, 'work'> & { readonly work: Pick<Work<unknown>, 'unusable'> }

/**
 * Decides what one request does next: which target it tries, what it waits for, or that nothing is left. It looks at
 * health, limits and the request's own course, and changes none of them but for the course.
 */
export class Chooser {
  readonly course: Course
  readonly #engine: Engine
  readonly #request: ChooserRequest
  readonly #skipped = new Set<string>()
  #retry: { readonly candidate: Candidate; readonly notBefore: number } | undefined
  #waitedMs = 0
  #pauseUntil = 0
  /** When the next lease that was lent lapses, epoch milliseconds. */
  #nextLapseAt: number | undefined

  constructor(engine: Engine, request: ChooserRequest) {
    this.#engine = engine
    this.#request = request
    this.course = new Course(engine.settings.retry.attempts)
  }

  /** The same target is to be tried again, not before this time (epoch milliseconds). */
  retry(candidate: Candidate, notBefore: number): void {
    this.#retry = { candidate, notBefore }
  }

  /** Nothing is to be tried before this time (epoch milliseconds). */
  pause(until: number): void {
    this.#pauseUntil = until
  }

  /** Time was spent waiting for something to open, milliseconds. */
  waited(ms: number): void {
    this.#waitedMs += ms
  }

  choose(): Choice {
    const now = this.#engine.clock.now()
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

  /** The same target again, if it is still open; a back-off before it is waited for although others are open. */
  #chooseRetry(now: number): Choice | undefined {
    const retry = this.#retry
    if (retry === undefined) return undefined
    const { link, target: before } = retry.candidate
    // Looked up anew: its key may have been changed meanwhile, or the profile removed.
    const target = link.targets().find(({ profile }) => profile === before.profile)
    const isOpen = target !== undefined && this.#isAllowed({ link, target }) && standingOf(target, now).state === 'open'
    if (isOpen && now < retry.notBefore) return { do: 'wait', until: retry.notBefore, cause: 'backoff' }
    this.#retry = undefined
    return isOpen ? { do: 'try', candidate: { link, target }, kind: 'retry' } : undefined
  }

  /** Nothing but health and limits keeps this request from trying it. */
  #isAllowed({ link, target }: Candidate): boolean {
    return this.course.allows(link, target) && this.#request.work.unusable(target) === undefined
  }

  #chooseIn(link: ChainLink, wantsDeferred: boolean, now: number): Choice | undefined {
    const { strategy } = this.#engine
    const { sessionKey, work } = this.#request
    const isFirstEnough = link.pinned === undefined && strategy.takesFirst(sessionKey)
    const open: Target[] = []
    for (const target of link.targets()) {
      if (!this.course.allows(link, target)) continue
      const deferredUntil = this.course.deferredUntil(target)
      if ((deferredUntil !== undefined) !== wantsDeferred || (deferredUntil ?? now) > now) continue
      const unusable = work.unusable(target)
      const standing = unusable === undefined ? standingOf(target, now) : undefined
      if (standing?.state !== 'open' && standing?.state !== 'trial') this.#skip(target, unusable ?? standing)
      else if (open.push(target) === 1 && isFirstEnough) break
    }
    const [first, ...others] = open
    if (first === undefined) return undefined
    const target =
      open.find(({ profile }) => profile === link.pinned) ?? strategy.choose([first, ...others], sessionKey)
    if (!this.#isPaidFor(target, now)) return this.#chooseIn(link, wantsDeferred, now)
    const isTrial = standingOf(target, now).state === 'trial'
    return { do: 'try', candidate: { link, target }, kind: isTrial ? 'trial' : wantsDeferred ? 'retry' : 'regular' }
  }

  #chooseWhenNothingIsOpen(now: number): Choice {
    const { policy, settings, waiting } = this.#engine
    const { life, queue } = this.#request
    const resort = lastResort(this.#blocked(now), {
      now,
      deadlineAt: life.deadlineAt,
      patienceMs: settings.wait.maxMs - this.#waitedMs,
      hasRoom: waiting.hasRoom(queue),
      rules: policy.whenNothingIsOpen,
    })
    if (resort.do !== 'panic') return resort
    const { candidate } = resort
    if (this.#isPaidFor(candidate.target, now)) return { do: 'try', candidate, kind: 'panic' }
    return this.#chooseWhenNothingIsOpen(now)
  }

  /** Trying the same target again takes a retry of its origin, whatever the occasion; without one it is over for it. */
  #isPaidFor(target: Target, now: number): boolean {
    const isPaid =
      this.course.tries(target) === 0 || this.course.isFree(target) || this.#engine.tokens.take(target.origin, now)
    if (!isPaid) this.course.exclude(target)
    return isPaid
  }

  /** The candidates that are left but may not be tried now. */
  #blocked(now: number): Blocked[] {
    const { panic } = this.#engine.policy.whenNothingIsOpen
    const candidates = this.#request.chain.flatMap((link) => link.targets().map((target) => ({ link, target })))
    return candidates.flatMap((candidate) => {
      if (!this.#isAllowed(candidate)) return []
      const putOffUntil = this.course.deferredUntil(candidate.target) ?? 0
      return blockedBy(candidate, putOffUntil, { now, nextLapseAt: this.#nextLapseAt, panic }) ?? []
    })
  }

  #skip(target: Target, why: SkipCause | Standing | undefined): void {
    const { hub } = this.#engine
    if (!hub.hears('target_skipped') || why === undefined) return
    const cause = skipCauseOf(why)
    const once = `${target} ${JSON.stringify(cause)}`
    if (cause === undefined || this.#skipped.has(once)) return
    this.#skipped.add(once)
    hub.emit({ type: 'target_skipped', requestId: this.#request.life.id, target: target.ref, cause })
  }
}

function skipCauseOf(why: SkipCause | Standing): SkipCause | undefined {
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
