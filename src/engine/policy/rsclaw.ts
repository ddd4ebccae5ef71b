import { type ClassifyInput, classifyFailure, type Failure } from '../../failure/index.ts'
import { errorText, saysRateLimit } from './error-text.ts'
import type { FailurePolicy } from './policy.ts'

export interface RsclawOptions {
  /** Back-off for the n-th failure in a row, jitter included. */
  readonly backoffMs: (failuresBefore: number) => number
  readonly minCooldownMs: number
  readonly maxCooldownMs: number
}

/**
 * rsclaw's rules (`provider/failover.rs` of the published crate, 2026.4): what the text of an error says decides;
 * a rate limit or an authentication error cools the whole profile down for `minDelay × 2ⁿ`, clamped, n being its
 * failures in a row, and the next profile is tried; everything else goes back to the caller at once. Nothing waits.
 */
export function rsclawPolicy({ backoffMs, minCooldownMs, maxCooldownMs }: RsclawOptions): FailurePolicy {
  return {
    classify: classifyBySubstring,
    readsQuota: false,
    learnsLimits: false,
    returnsAtOnce: true,
    freeReasons: [],
    retriesTarget: false,
    pausesBetweenTargets: false,
    whenNothingIsOpen: { wait: false, panic: 'never' },
    windowOf(failure, failuresBefore, now) {
      if (failure.nextStep !== 'next_profile') return undefined
      const lengthMs = Math.min(maxCooldownMs, Math.max(minCooldownMs, backoffMs(failuresBefore)))
      // One kind for both: there, too, a profile has one cooldown, and the latest failure sets it.
      return { kind: 'rateLimit', stayAway: { end: 'fixed', until: now + lengthMs } }
    },
    scopeOf: (_, { scopes }) => scopes.profile,
  }
}

const AUTH = ['401', 'unauthorized', 'invalid api key']

function classifyBySubstring(input: ClassifyInput): Failure {
  const evidence = classifyFailure(input)
  if (evidence.reason === 'canceled') return evidence
  const text = errorText(input)
  const base = { ...evidence, confidence: 'text', mayRetryTarget: false } as const
  if (saysRateLimit(text)) {
    return {
      ...base,
      reason: 'rate_limit',
      scope: 'profile',
      nextStep: 'next_profile',
      isRetryable: true,
      ruleId: 'rsclaw.rate_limit',
    }
  }
  if (AUTH.some((phrase) => text.includes(phrase))) {
    return {
      ...base,
      reason: 'auth',
      scope: 'profile',
      nextStep: 'next_profile',
      isRetryable: false,
      ruleId: 'rsclaw.auth',
    }
  }
  return { ...base, scope: 'none', nextStep: 'return', isRetryable: false, ruleId: 'rsclaw.not_retryable' }
}
