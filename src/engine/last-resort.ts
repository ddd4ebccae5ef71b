import type { Candidate, Choice } from './choice.ts'
import type { Demand } from './health/profile-health.ts'
import { type Standing, standingOf } from './health/standing.ts'
import type { FailurePolicy } from './policy/policy.ts'

/** A candidate that is left to a request but may not be tried now, and what keeps it. Times are epoch milliseconds. */
export type Blocked = {
  readonly candidate: Candidate
  /** Until then this request stays away of its own accord. */
  readonly putOffUntil: number
} & (
  | { readonly by: 'backoff' }
  /** It is refused until then. */
  | { readonly by: 'refusal'; readonly until: number }
  /** Only breaker windows keep it until then: it may be tried where there is no alternative. */
  | { readonly by: 'breaker'; readonly until: number }
  /** It is just back, and as many are under way as it should bear; where there is no alternative it bears one more. */
  | { readonly by: 'ramp'; readonly until: number }
  /** Somebody's attempt has to end first, which it may at any moment, or by then at the latest. */
  | { readonly by: 'attempt'; readonly endsBy: number | undefined; readonly isItsTrial: boolean }
)

/** What bears on the decision besides the candidates. */
export interface Situation {
  readonly now: number
  readonly deadlineAt: number
  /** How long the request may still wait for others, milliseconds. */
  readonly patienceMs: number
  /** Is there room in the queue? */
  readonly hasRoom: boolean
  readonly rules: FailurePolicy['whenNothingIsOpen']
}

export type Resort =
  | Extract<Choice, { do: 'wait' | 'give_up' }>
  | { readonly do: 'panic'; readonly candidate: Candidate }

/**
 * What is done when nothing is open: wait, panic, or give up, in this order. A sole target is never refused by a
 * breaker window: there, the window limits what is in flight instead.
 */
export function lastResort(blocked: readonly Blocked[], situation: Situation): Resort {
  const { now, rules } = situation
  const [only] = blocked
  if (only?.by === 'breaker' && blocked.length === 1) {
    if (now < only.putOffUntil) return { do: 'wait', until: only.putOffUntil, cause: 'backoff' }
    return { do: 'panic', candidate: only.candidate }
  }
  const wait = waitFor(blocked, situation)
  if (wait !== undefined && rules.wait) return wait
  if (!blocked.every(isOfBreakers)) return { do: 'give_up' }
  const triable = blocked.filter(({ by }) => by === 'breaker' || by === 'ramp')
  const likeliest = soonestOf(
    triable.filter(({ putOffUntil }) => putOffUntil <= now),
    now,
  )
  return likeliest === undefined ? { do: 'give_up' } : { do: 'panic', candidate: likeliest.candidate }
}

/** Waiting for the soonest of them, if that is worth it: within the deadline, the request's patience and the queue. */
function waitFor(
  blocked: readonly Blocked[],
  { now, deadlineAt, patienceMs, hasRoom }: Situation,
): Extract<Choice, { do: 'wait' }> | undefined {
  const soonest = soonestOf(blocked, now)
  const backoff = soonestOf(
    blocked.filter(({ by }) => by === 'backoff'),
    now,
  )
  const opens = soonest === undefined ? deadlineAt : opensAt(soonest, now)
  const isWorthIt = patienceMs > 0 && opens - now <= patienceMs && hasRoom && opens < deadlineAt
  // A back-off of our own is part of trying, not of waiting for somebody else.
  if (backoff !== undefined && backoff.putOffUntil < deadlineAt && (soonest?.by === 'backoff' || !isWorthIt)) {
    return { do: 'wait', until: backoff.putOffUntil, cause: 'backoff' }
  }
  if (!isWorthIt) return undefined
  const times = blocked.map((each) => (each.by === 'attempt' ? (each.endsBy ?? deadlineAt) : opensAt(each, now)))
  return { do: 'wait', until: Math.min(now + patienceMs, deadlineAt, ...times), cause: 'nothing_open' }
}

/** What keeps a candidate; undefined where it will not open by itself. */
export function blockedBy(
  candidate: Candidate,
  putOffUntil: number,
  {
    now,
    nextLapseAt,
    panic,
    demand,
  }: {
    readonly now: number
    readonly nextLapseAt: number | undefined
    readonly panic: FailurePolicy['whenNothingIsOpen']['panic']
    readonly demand: Demand
  },
): Blocked | undefined {
  const common = { candidate, putOffUntil }
  const held = ({ until }: { readonly until?: number }): Blocked =>
    until === undefined
      ? { ...common, by: 'attempt', endsBy: nextLapseAt, isItsTrial: false }
      : { ...common, by: 'refusal', until }
  const standing: Standing = standingOf(candidate.target, now, demand)
  switch (standing.state) {
    case 'profile_disabled':
      return undefined
    case 'open':
    case 'trial':
      return { ...common, by: 'backoff' }
    case 'limited':
      return standing.limit === 'ramp' ? { ...common, by: 'ramp', until: standing.until ?? now } : held(standing)
    case 'on_trial':
      return { ...common, by: 'attempt', endsBy: standing.lapsesAt, isItsTrial: false }
    case 'cooling': {
      const until = Math.max(standing.until, putOffUntil)
      const mayBeTried = panic === 'breaker' ? standing.isOnlyBreaker : panic === 'always' && standing.isOnlyFixed
      if (!mayBeTried) return { ...common, by: 'refusal', until }
      // Its profile's own limits hold however badly it is needed.
      const limit = candidate.target.health.heldBy(now, demand)
      if (limit !== undefined) return held(limit)
      const { trialLapsesAt } = standing
      if (trialLapsesAt !== undefined) return { ...common, by: 'attempt', endsBy: trialLapsesAt, isItsTrial: true }
      return { ...common, by: 'breaker', until }
    }
  }
}

function isOfBreakers(blocked: Blocked): boolean {
  return blocked.by === 'breaker' || blocked.by === 'ramp' || (blocked.by === 'attempt' && blocked.isItsTrial)
}

function soonestOf(blocked: readonly Blocked[], now: number): Blocked | undefined {
  let soonest: Blocked | undefined
  for (const each of blocked) if (soonest === undefined || opensAt(each, now) < opensAt(soonest, now)) soonest = each
  return soonest
}

/** When it may open at the earliest. */
function opensAt(blocked: Blocked, now: number): number {
  switch (blocked.by) {
    case 'backoff':
      return blocked.putOffUntil
    case 'refusal':
    case 'breaker':
    case 'ramp':
      return blocked.until
    case 'attempt':
      return now
  }
}
