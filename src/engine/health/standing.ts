import type { FailureReason } from '../../failure/index.ts'
import type { Hold, LimitName } from '../limits/hold.ts'
import type { Target } from '../target.ts'
import type { WindowKind } from './ladder.ts'
import type { Demand } from './profile-health.ts'
import type { HealthScope, ScopeHealth } from './scope-health.ts'
import { type Cooling, type HalfOpen, hasTrial, type WindowEnd } from './window.ts'

/** How a target stands: may it be tried, and if not, why and until when. Times are epoch milliseconds. */
export type Standing =
  | HealthStanding
  | { readonly state: 'limited'; readonly limit: LimitName; readonly until?: number }
  | { readonly state: 'profile_disabled'; readonly reason: string }

/** The part of it that health alone decides. */
export type HealthStanding =
  | { readonly state: 'open' }
  /** Open for exactly one attempt, which finds out whether it is back. */
  | { readonly state: 'trial' }
  /** Somebody is finding out. */
  | {
      readonly state: 'on_trial'
      readonly scope: HealthScope
      readonly reason: FailureReason
      readonly since: number
      /** When its window ended. */
      readonly until: number
      readonly lapsesAt: number
    }
  | CoolingStanding

interface CoolingStanding {
  readonly state: 'cooling'
  /** The window that ends last decides: whose it is, and how it came to be. */
  readonly scope: HealthScope
  readonly windowKind: WindowKind
  readonly reason: FailureReason
  readonly since: number
  readonly until: number
  readonly end: WindowEnd
  /** Only breaker windows whose end we inferred keep it out: where there is no alternative it may be tried. */
  readonly isOnlyBreaker: boolean
  /** Only a preset's fixed windows keep it out. */
  readonly isOnlyFixed: boolean
  /** Somebody has been let through and is finding out, until then at the latest. */
  readonly trialLapsesAt: number | undefined
}

const OPEN: HealthStanding = { state: 'open' }
const TRIAL: HealthStanding = { state: 'trial' }

/** Looks at all scopes of a target and at its profile's limits; the strictest decides. */
/** @param demand what the request will need; asked only where a limit counts it */
export function standingOf(target: Target, now: number, demand?: Demand): Standing {
  const { health } = target
  const { disabled } = health
  if (disabled !== undefined) return { state: 'profile_disabled', reason: disabled.reason }
  const standing = healthOf(target.allScopes, now)
  if (standing.state === 'cooling' || standing.state === 'on_trial') return standing
  const held = health.heldBy(now, demand) ?? target.quotaScope.learnt?.heldBy(now) ?? heldByRamp(target.allScopes, now)
  return held === undefined ? standing : { state: 'limited', ...held }
}

function heldByRamp(scopes: readonly ScopeHealth[], now: number): Hold | undefined {
  let until: number | undefined
  for (const scope of scopes) {
    const heldUntil = scope.isQuiet ? undefined : scope.rampHeldUntil(now)
    if (heldUntil !== undefined && (until === undefined || heldUntil > until)) until = heldUntil
  }
  return until === undefined ? undefined : { limit: 'ramp', until }
}

/** How a set of scopes stands together. */
export function healthOf(scopes: readonly ScopeHealth[], now: number): HealthStanding {
  let standing = OPEN
  for (const health of scopes) {
    if (health.isQuiet) continue
    for (const { kind, window } of health.windowsAt(now)) {
      if (window.state !== 'reopened') standing = stricter(standing, health.scope, kind, window, now)
    }
  }
  return standing
}

function stricter(
  standing: HealthStanding,
  scope: HealthScope,
  kind: WindowKind,
  window: Cooling | HalfOpen,
  now: number,
): HealthStanding {
  const { reason } = window
  const lapsesAt = hasTrial(window, now) ? window.trial?.lapsesAt : undefined
  if (window.state === 'cooling') {
    const other = standing.state === 'cooling' ? standing : undefined
    const { since, until, end } = window
    const last =
      other !== undefined && other.until >= until ? other : { scope, windowKind: kind, reason, since, until, end }
    return {
      state: 'cooling',
      scope: last.scope,
      windowKind: last.windowKind,
      reason: last.reason,
      since: last.since,
      until: last.until,
      end: last.end,
      isOnlyBreaker: (other?.isOnlyBreaker ?? true) && kind === 'breaker' && end === 'inferred',
      isOnlyFixed: (other?.isOnlyFixed ?? true) && end === 'fixed',
      trialLapsesAt: lapsesAt ?? lapseOf(standing),
    }
  }
  if (standing.state === 'cooling') return lapsesAt === undefined ? standing : { ...standing, trialLapsesAt: lapsesAt }
  const { since, until } = window
  if (lapsesAt !== undefined) return { state: 'on_trial', scope, reason, since, until, lapsesAt }
  return standing.state === 'open' ? TRIAL : standing
}

function lapseOf(standing: HealthStanding): number | undefined {
  if (standing.state === 'on_trial') return standing.lapsesAt
  return standing.state === 'cooling' ? standing.trialLapsesAt : undefined
}
