import { Course } from './course.ts'
import type { Engine, LoopRequest, Work } from './engine.ts'
import type { AttemptKind, SkipCause } from './events.ts'
import { type Standing, standingOf } from './health/standing.ts'
import type { ChainLink } from './routes.ts'
import type { Target } from './target.ts'

/** A target, and the model of the chain that it serves. */
export interface Candidate {
  readonly link: ChainLink
  readonly target: Target
}

/** What a request does next. */
export type Choice =
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
  /** Where `until` is not known: when at the latest it is worth looking again, epoch milliseconds. */
  readonly lookAgainAt: number | undefined
  readonly cause: 'backoff' | 'nothing_open'
}

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
    const open: Target[] = []
    const trials = new Set<Target>()
    for (const target of link.targets()) {
      if (!this.course.allows(link, target)) continue
      const deferredUntil = this.course.deferredUntil(target)
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
    const target =
      open.find(({ profile }) => profile === link.pinned) ??
      this.#engine.strategy.choose([first, ...others], this.#request.sessionKey)
    if (!this.#isPaidFor(target, now)) return this.#chooseIn(link, wantsDeferred, now)
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
      return now < only.putOffUntil ? { do: 'wait', until: only.putOffUntil, cause: 'backoff' } : this.#panic(only, now)
    }
    const until = this.#waitableUntil(blocked, now)
    if (wait && until !== undefined) return until
    const likeliest = blocked.every(({ mayPanic, putOffUntil }) => mayPanic && putOffUntil <= now)
      ? earliest(blocked.filter(({ isOnTrial }) => !isOnTrial))
      : undefined
    if (panic !== 'never' && likeliest !== undefined) return this.#panic(likeliest, now)
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
    if (soonest.until !== undefined) return { do: 'wait', until: soonest.until, cause }
    const times = blocked.flatMap((each) => [each.until ?? [], each.lookAgainAt ?? []].flat())
    return { do: 'wait', until: Math.min(now + patienceMs, life.deadlineAt, ...times), cause }
  }

  #panic({ candidate }: Blocked, now: number): Choice {
    return this.#isPaidFor(candidate.target, now)
      ? { do: 'try', candidate, kind: 'panic' }
      : this.#chooseWhenNothingIsOpen(now)
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
    return this.#request.chain.flatMap((link) =>
      link.targets().flatMap((target) => this.#blockedBy({ link, target }, now) ?? []),
    )
  }

  #blockedBy(candidate: Candidate, now: number): Blocked | undefined {
    const { target } = candidate
    if (!this.#isAllowed(candidate)) return undefined
    const { panic } = this.#engine.policy.whenNothingIsOpen
    const standing = standingOf(target, now)
    const putOffUntil = this.course.deferredUntil(target) ?? 0
    const refused = {
      candidate,
      putOffUntil,
      mayPanic: false,
      isOnTrial: false,
      lookAgainAt: undefined,
      cause: 'nothing_open',
    } as const
    switch (standing.state) {
      case 'profile_disabled':
        return undefined
      case 'limited':
        return { ...refused, until: standing.until, lookAgainAt: this.#nextLapseAt }
      case 'on_trial':
        return { ...refused, until: undefined, isOnTrial: true, lookAgainAt: standing.lapsesAt }
      case 'cooling': {
        const mayBeTried = panic === 'breaker' ? standing.isOnlyBreaker : panic === 'always' && standing.isOnlyFixed
        // Its profile's own limits hold however badly it is needed.
        const held = mayBeTried ? target.health.limiter.heldBy(now) : undefined
        if (held !== undefined) return { ...refused, until: held.until, lookAgainAt: this.#nextLapseAt }
        const isOnTrial = mayBeTried && standing.trialLapsesAt !== undefined
        // Somebody was let through and may be back with a verdict at any moment.
        const until = isOnTrial ? undefined : Math.max(standing.until, putOffUntil)
        return { ...refused, until, mayPanic: mayBeTried, isOnTrial, lookAgainAt: standing.trialLapsesAt }
      }
      case 'open':
      case 'trial':
        return { ...refused, until: putOffUntil, cause: 'backoff' }
    }
  }

  #skip(target: Target, why: SkipCause | Standing | undefined): void {
    const { hub } = this.#engine
    if (!hub.isHeard || why === undefined) return
    const cause = skipCauseOf(why)
    const once = `${target} ${JSON.stringify(cause)}`
    if (cause === undefined || this.#skipped.has(once)) return
    this.#skipped.add(once)
    hub.emit({ type: 'target_skipped', requestId: this.#request.life.id, target: target.toJSON(), cause })
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

function earliest(blocked: readonly Blocked[]): Blocked | undefined {
  return blocked.reduce<Blocked | undefined>(
    (best, other) => (best === undefined || (other.until ?? 0) < (best.until ?? 0) ? other : best),
    undefined,
  )
}
