import { createClassifier, type Failure, type FailureRule } from '../../failure/index.ts'
import type { Random } from '../clock.ts'
import { rungMs, type WindowKind } from '../health/ladder.ts'
import type { Ladders, ScopeHealth } from '../health/scope-health.ts'
import type { Target } from '../target.ts'
import type { FailurePolicy, FailureWindow } from './policy.ts'

export interface EvidenceOptions {
  readonly ladders: Ladders
  /** The longest a provider's word keeps something out, milliseconds. */
  readonly maxHintMs: number
  readonly learnsLimits: boolean
  /** The user's own, asked first. */
  readonly rules: readonly FailureRule[]
  readonly random: Random
}

/** Our own policy: what failed, and for how long, from what the provider said. `docs/failures.md` explains it. */
export function evidencePolicy({ ladders, maxHintMs, learnsLimits, rules, random }: EvidenceOptions): FailurePolicy {
  const inferred = (kind: WindowKind): FailureWindow => ({
    kind,
    stayAway: { end: 'inferred', lengthMs: (rung) => rungMs(kind, rung, ladders[kind], random) },
  })
  return {
    readsQuota: true,
    learnsLimits,
    ofRefusedKey: { alone: inferred('auth'), inIncident: inferred('breaker') },
    classify: createClassifier({ rules }),
    returnsAtOnce: false,
    // A key that is refused at once costs time only: a pool of ten keys with nine dead ones still answers.
    freeReasons: ['auth', 'billing'],
    retriesTarget: true,
    pausesBetweenTargets: false,
    whenNothingIsOpen: { wait: true, panic: 'breaker' },
    windowOf(failure, _, now) {
      const kind = failure.scope === 'none' || failure.scope === 'request' ? undefined : windowKindOf(failure)
      if (kind === undefined) return undefined
      if (failure.retryAfterMs === undefined) return inferred(kind)
      return { kind, stayAway: { end: 'stated', until: now + Math.min(failure.retryAfterMs, maxHintMs) } }
    },
    scopeOf,
  }
}

/** Which window a failure opens, of whatever it condemns; undefined where it opens none. */
function windowKindOf({ reason, scope, confidence }: Failure): WindowKind | undefined {
  switch (reason) {
    case 'rate_limit':
      return 'rateLimit'
    case 'billing':
      return 'billing'
    case 'auth':
      return 'auth'
    case 'permission':
      // A bare 403 of an edge in front of the provider may be gone in a minute; a stated block will not.
      return scope === 'provider' && confidence === 'status' ? 'breaker' : 'permission'
    case 'model_not_found':
      return 'permission'
    case 'overloaded':
    case 'timeout':
    case 'network':
    case 'server_error':
    case 'stream_interrupted':
    case 'bad_response':
      return 'breaker'
    case 'unknown':
      return 'error'
    case 'context_length':
    case 'content_policy':
    case 'invalid_request':
    case 'canceled':
      return undefined
  }
}

/** The scope that carries the window. Where the model is not known, what is about a model falls on the profile. */
function scopeOf({ reason, scope }: Failure, target: Target): ScopeHealth | undefined {
  const { scopes } = target
  switch (scope) {
    case 'none':
    case 'request':
      return undefined
    case 'target':
      if (reason === 'rate_limit' && scopes.groupModel !== undefined) return scopes.groupModel
      return scopes.target ?? scopes.profile
    case 'profile':
      // Money and account-wide limits belong to the group that shares them; a bad key is bad alone.
      return reason === 'rate_limit' || reason === 'billing' ? (scopes.group ?? scopes.profile) : scopes.profile
    case 'model':
      return scopes.model ?? scopes.profile
    case 'provider':
      return scopes.provider
  }
}
