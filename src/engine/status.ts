import type { FailureReason } from '../failure/index.ts'
import { isOpen, reasonAgainst } from './availability.ts'
import { KEY_KINDS, type WindowKind } from './health/ladder.ts'
import type { HealthScope, ScopeHealth } from './health/scope-health.ts'
import { healthOf, standingOf } from './health/standing.ts'
import { hasTrial, type WindowEnd } from './health/window.ts'
import type { Hold } from './limits/hold.ts'
import type { Settings } from './options.ts'
import type { ProfileView } from './profile.ts'
import type { Target } from './target.ts'

/** What would bring something back. */
export type ClearedBy =
  /** nothing but the time */
  | 'time'
  /** one attempt that succeeds, once the time has passed */
  | 'trial'
  /** a changed key (`updateProfile`), or a trial once the time has passed */
  | 'key_change'
  /** `enable(id)` */
  | 'enable'

/** Whether something may be tried, and if not, why. Times are epoch milliseconds. */
export interface HealthView {
  readonly status: 'available' | 'rate_limited' | 'error' | 'disabled'
  /** A failure's reason, or the text `disable` was given. */
  readonly reason?: FailureReason | string
  readonly since?: number
  readonly until?: number
  readonly clearedBy?: ClearedBy
  /** Nothing is wrong, but a limit lets no further request through now; until when, where it takes only time. */
  readonly held?: Hold
}

/** Something that is out: a key, a model at an origin, a whole origin, … Times are epoch milliseconds. */
export interface OutageView {
  readonly scope: HealthScope
  /** What it is, as in the events: `openai:primary`, `https://api.openai.com gpt-5`, … */
  readonly key: string
  readonly kind: WindowKind
  readonly reason: FailureReason
  readonly since: number
  readonly until: number
  readonly end: WindowEnd
  /** Windows in a row: 0 is the first rung of the ladder. */
  readonly rung: number
  /** `cooling`: nothing is tried before `until`; `half_open`: that has passed, and one attempt finds out. */
  readonly state: 'cooling' | 'half_open'
  /** Somebody is finding out. */
  readonly isOnTrial: boolean
  readonly clearedBy: ClearedBy
}

export interface ModelStatus extends HealthView {
  readonly model: string
}

export interface ProfileStatus extends ProfileView, HealthView {
  readonly lastError?: { readonly reason: FailureReason; readonly message: string; readonly at: number }
  readonly consecutiveFailures: number
  readonly inFlight: number
  readonly requests: number
  readonly successes: number
  readonly failures: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly lastUsedAt?: number
  /** Time to the first content, milliseconds: a moving average in which the latest counts for a fifth. */
  readonly latencyMs?: number
  /** The models it has been asked for. */
  readonly models: readonly ModelStatus[]
}

export interface FailoverStatus {
  readonly totalProfiles: number
  /** Profiles with at least one open target: nothing stands against them, and their own limits leave room. */
  readonly availableProfiles: number
  readonly profiles: readonly ProfileStatus[]
  /** Everything that is out, whatever its scope; that of a profile counts against all its models. */
  readonly outages: readonly OutageView[]
  readonly config: Settings
}

/**
 * @param profile the profile as such
 * @param targets its targets of the models it has been asked for
 * @param providerOff why its provider is switched off as a whole, where it is
 */
export function profileStatus(
  profile: Target,
  targets: readonly Target[],
  now: number,
  providerOff: string | undefined,
): ProfileStatus {
  const { credential, health } = profile
  const models = targets.map((target) => ({ model: target.model, ...healthView(target, now) }))
  const {
    consecutiveFailures,
    requests,
    successes,
    failures,
    inputTokens,
    outputTokens,
    lastUsedAt,
    latencyMs,
    lastError,
  } = health
  return {
    ...credential.toJSON(),
    ...ownView(profile, models, now),
    ...(providerOff !== undefined && {
      status: 'disabled' as const,
      reason: providerOff,
      clearedBy: 'enable' as const,
    }),
    ...(lastError !== undefined && { lastError }),
    consecutiveFailures,
    inFlight: health.limits.inFlight,
    requests,
    successes,
    failures,
    inputTokens,
    outputTokens,
    ...(lastUsedAt !== undefined && { lastUsedAt }),
    ...(latencyMs !== undefined && { latencyMs }),
    models,
  }
}

/** What stands against anything. */
export function outagesOf(scopes: Iterable<ScopeHealth>, now: number): OutageView[] {
  const outages: OutageView[] = []
  for (const scope of scopes) {
    for (const { kind, window } of scope.isQuiet ? [] : scope.windowsAt(now)) {
      if (window.state === 'reopened') continue
      const { state, reason, since, until, rung } = window
      const end = window.state === 'cooling' ? window.end : 'inferred'
      const isOnTrial = hasTrial(window, now)
      const common = { scope: scope.scope, key: scope.key, kind, reason, since, until, end, rung, state, isOnTrial }
      outages.push({ ...common, clearedBy: clearedBy(kind, end, scope.scope) })
    }
  }
  return outages
}

/** With at least one open target; a profile nobody has asked for anything yet counts by itself. */
export function isProfileAvailable(profile: Target, targets: readonly Target[], now: number): boolean {
  if (!isOpen(profile, now)) return false
  // Callers name the models: that one is not there says nothing about the profile.
  const served = targets.filter((target) => reasonAgainst(target, now) !== 'model_not_found')
  return served.length === 0 || served.some((target) => isOpen(target, now))
}

/** A profile is as it stands itself; where that is open but all its models are out, as the first to come back. */
function ownView(profile: Target, models: readonly ModelStatus[], now: number): HealthView {
  const view = healthView(profile, now)
  if (view.status !== 'available' || models.length === 0 || models.some(({ status }) => status === 'available'))
    return view
  const { model: _, ...soonest } = models.reduce((best, other) =>
    (other.until ?? 0) < (best.until ?? 0) ? other : best,
  )
  return soonest
}

function healthView(target: Target, now: number): HealthView {
  const { disabled } = target.health
  if (disabled !== undefined)
    return { status: 'disabled', reason: disabled.reason, since: disabled.since, clearedBy: 'enable' }
  const standing = healthOf(target.allScopes, now)
  if (standing.state === 'open' || standing.state === 'trial') {
    const whole = standingOf(target, now)
    if (whole.state !== 'limited') return { status: 'available' }
    const { state: _, ...held } = whole
    return { status: 'available', held }
  }
  const status = standing.reason === 'rate_limit' ? 'rate_limited' : 'error'
  const { since, until } = standing
  if (standing.state === 'on_trial') return { status, reason: standing.reason, since, until, clearedBy: 'trial' }
  const { windowKind, end, scope } = standing
  return { status, reason: standing.reason, since, until, clearedBy: clearedBy(windowKind, end, scope) }
}

function clearedBy(kind: WindowKind, end: WindowEnd, scope: HealthScope): ClearedBy {
  const isOfKey = scope === 'profile' || scope === 'target' || (scope === 'group' && kind === 'billing')
  if (isOfKey && KEY_KINDS.includes(kind)) return 'key_change'
  return end === 'inferred' ? 'trial' : 'time'
}
