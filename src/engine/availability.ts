import type { FailureReason } from '../failure/index.ts'
import type { Demand } from './health/profile-health.ts'
import { standingOf } from './health/standing.ts'
import type { Target } from './target.ts'

/** May it be tried now? */
export function isOpen(target: Target, now: number): boolean {
  const { state } = standingOf(target, now)
  return state === 'open' || state === 'trial'
}

/**
 * When the first of them may be tried, epoch milliseconds: `now` if one may at once, undefined if none will by itself.
 * Where somebody's attempt decides, that is at any moment, so `now` too.
 */
export function soonestOpening(targets: Iterable<Target>, now: number, demand?: Demand): number | undefined {
  let soonest: number | undefined
  for (const target of targets) {
    const at = openingOf(target, now, demand)
    if (at !== undefined && (soonest === undefined || at < soonest)) soonest = at
  }
  return soonest
}

/** May it be tried before that time? */
export function opensBefore(target: Target, time: number, now: number, demand: Demand): boolean {
  const at = openingOf(target, now, demand)
  return at !== undefined && at < time
}

/** What keeps it out; a limit of our own stands for the rate limit that it spares us. */
export function reasonAgainst(target: Target, now: number, demand?: Demand): FailureReason | undefined {
  const standing = standingOf(target, now, demand)
  switch (standing.state) {
    case 'cooling':
    case 'on_trial':
      return standing.reason
    case 'limited':
      // Who is just back from an outage is not refused for its rate.
      return standing.limit === 'ramp' ? 'overloaded' : 'rate_limit'
    case 'open':
    case 'trial':
    case 'profile_disabled':
      return undefined
  }
}

function openingOf(target: Target, now: number, demand?: Demand): number | undefined {
  const standing = standingOf(target, now, demand)
  switch (standing.state) {
    case 'open':
    case 'trial':
    case 'on_trial':
      return now
    case 'cooling':
      return standing.until
    case 'limited':
      return standing.until ?? now
    case 'profile_disabled':
      return undefined
  }
}
