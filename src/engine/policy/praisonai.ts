import { type ClassifyInput, classifyFailure, type Failure } from '../../failure/index.ts'
import { errorText, saysRateLimit } from './error-text.ts'
import type { FailurePolicy } from './policy.ts'

export interface PraisonaiOptions {
  readonly rateLimitCooldownMs: number
  readonly errorCooldownMs: number
}

/**
 * PraisonAI's rules (`praisonaiagents/llm/failover.py`, 2026): any failure cools the whole profile down, for one time
 * after a rate limit and for another after everything else; the next profile is tried after a back-off; when all are
 * cooling, the one with the shortest time left is tried anyway, until the retries are used up.
 */
export function praisonaiPolicy({ rateLimitCooldownMs, errorCooldownMs }: PraisonaiOptions): FailurePolicy {
  return {
    classify: classifyAsRateLimitOrError,
    readsQuota: false,
    learnsLimits: false,
    returnsAtOnce: true,
    freeReasons: [],
    retriesTarget: false,
    pausesBetweenTargets: true,
    whenNothingIsOpen: { wait: false, panic: 'always' },
    windowOf(failure, _, now) {
      if (failure.scope === 'none') return undefined
      const lengthMs = failure.reason === 'rate_limit' ? rateLimitCooldownMs : errorCooldownMs
      // One kind for both: there, too, a profile has one cooldown, and the latest failure sets it.
      return { kind: 'error', stayAway: { end: 'fixed', until: now + lengthMs } }
    },
    scopeOf: (_, { scopes }) => scopes.profile,
  }
}

function classifyAsRateLimitOrError(input: ClassifyInput): Failure {
  const evidence = classifyFailure(input)
  if (evidence.reason === 'canceled') return evidence
  const text = errorText(input)
  const isRateLimit = evidence.reason === 'rate_limit' || saysRateLimit(text)
  return {
    ...evidence,
    reason: isRateLimit ? 'rate_limit' : evidence.reason,
    scope: 'profile',
    nextStep: 'next_profile',
    isRetryable: true,
    mayRetryTarget: true,
    confidence: 'text',
    ruleId: isRateLimit ? 'praisonai.rate_limit' : 'praisonai.error',
  }
}
