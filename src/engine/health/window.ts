import type { FailureReason } from '../../failure/index.ts'

/**
 * A time in which something is not tried, as a state machine. Each state carries only what it needs:
 *
 * - `cooling`: not tried before `until`
 * - `half_open`: an *inferred* end has passed; one request, the trial, finds out whether it is back
 * - `reopened`: a *stated* or *learnt* end has passed; open, but the rung is remembered until a success
 *
 * Absent (`undefined`) means: nothing is wrong. All functions here are pure.
 */
export type Window = Cooling | HalfOpen | Reopened

/**
 * Who says when it ends: the provider, our ladder, a limit that we have learnt and that paces what comes after, or a
 * fixed rule of a preset.
 */
export type WindowEnd = 'stated' | 'inferred' | 'learnt' | 'fixed'

export interface Cooling {
  readonly state: 'cooling'
  readonly reason: FailureReason
  /** Epoch milliseconds, as all times here. */
  readonly since: number
  /** The newest attempt there was when it opened: those up to it were already under way. */
  readonly openedAfter: number
  readonly until: number
  readonly end: WindowEnd
  /** Rung of the ladder: 0 for the first window. */
  readonly rung: number
  /** The attempt that was let through although the window is open (sole target, panic). */
  readonly trial?: Trial
}

export interface HalfOpen {
  readonly state: 'half_open'
  readonly reason: FailureReason
  readonly since: number
  readonly openedAfter: number
  readonly until: number
  readonly rung: number
  readonly trial?: Trial
}

interface Reopened {
  readonly state: 'reopened'
  readonly reason: FailureReason
  readonly since: number
  readonly openedAfter: number
  readonly until: number
  readonly rung: number
}

interface Trial {
  /** Who holds it. */
  readonly lease: number
  /** From then on another may take it. */
  readonly lapsesAt: number
}

/** Whose outcome it is. */
export interface AttemptMark {
  /** Counts up: a later attempt has a greater one. */
  readonly lease: number
  readonly startedAt: number
}

/** The lease of an outcome that somebody reported by hand: it is news, whatever is under way. */
export const BY_HAND = Number.POSITIVE_INFINITY

/** When a failure arrives. */
export interface Moment {
  readonly mark: AttemptMark
  /** The newest attempt there is. */
  readonly newestLease: number
  readonly now: number
}

/** What a failure says about how long to stay away. */
export type StayAway =
  | { readonly end: 'stated' | 'learnt' | 'fixed'; readonly until: number }
  | { readonly end: 'inferred'; readonly lengthMs: (rung: number) => number }

/** The window as it is now: a cooling one whose end has passed becomes half-open or reopened. */
export function windowAt(window: Window | undefined, now: number): Window | undefined {
  if (window?.state !== 'cooling' || now < window.until) return window
  const { reason, since, openedAfter, until, rung, trial } = window
  const passed = { reason, since, openedAfter, until, rung }
  return window.end === 'inferred'
    ? { state: 'half_open', ...passed, ...(trial && { trial }) }
    : { state: 'reopened', ...passed }
}

/**
 * A failure arrived.
 *
 * The ladder climbs only with a failure that follows a window that ran out (failure policy, section 1). A failure inside
 * the window, or one that was already under way when it opened, says nothing new: it does not lengthen an inferred
 * window and does not climb the ladder; nor a learnt one. A stated end replaces an inferred or learnt one in either
 * direction; among stated ends the later wins. A preset's fixed end replaces whatever stands.
 */
export function afterFailure(
  window: Window | undefined,
  reason: FailureReason,
  stayAway: StayAway,
  moment: Moment,
): Window {
  const { mark, now } = moment
  const current = windowAt(window, now)
  if (current === undefined) return cooling(reason, stayAway, 0, moment)
  const wasUnderWay = mark.lease <= current.openedAfter
  // One that was let through in spite of a window shows only what the window says already.
  if (!wasUnderWay && current.state !== 'cooling') return cooling(reason, stayAway, current.rung + 1, moment)
  if (stayAway.end === 'inferred' || stayAway.end === 'learnt') return current
  const isLater =
    current.state !== 'cooling' ||
    current.end !== 'stated' ||
    stayAway.end !== 'stated' ||
    stayAway.until > current.until
  if (!isLater) return current
  const replacing = cooling(reason, stayAway, current.rung, moment)
  return current.state === 'cooling'
    ? { ...replacing, since: current.since, openedAfter: current.openedAfter }
    : replacing
}

/** A success arrived: what is left of the window, if anything. */
export function afterSuccess(window: Window | undefined, attempt: AttemptMark, now: number): Window | undefined {
  const current = windowAt(window, now)
  if (current === undefined) return undefined
  if (current.state !== 'reopened' && current.trial?.lease === attempt.lease) return undefined
  // A success that was under way before the window opened says nothing against it. Into a fixed one nobody is let but
  // on purpose, so that a success inside it counts.
  if (current.state === 'cooling')
    return current.end === 'fixed' && attempt.startedAt > current.since ? undefined : current
  return attempt.startedAt >= current.until ? undefined : current
}

/** The trial's holder gives it back undecided. */
export function withoutTrial(window: Window, lease: number): Window {
  if (window.state === 'reopened' || window.trial?.lease !== lease) return window
  const { trial: _, ...rest } = window
  return rest
}

export function withTrial<W extends Cooling | HalfOpen>(window: W, trial: Trial): W {
  return { ...window, trial }
}

export function hasTrial(window: Cooling | HalfOpen, now: number): boolean {
  return window.trial !== undefined && now < window.trial.lapsesAt
}

function cooling(reason: FailureReason, stayAway: StayAway, rung: number, { newestLease, now }: Moment): Cooling {
  const until = stayAway.end === 'inferred' ? now + stayAway.lengthMs(rung) : stayAway.until
  return {
    state: 'cooling',
    reason,
    since: now,
    openedAfter: newestLease,
    until: Math.max(now, until),
    end: stayAway.end,
    rung,
  }
}
