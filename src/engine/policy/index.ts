import type { Random } from '../clock.ts'
import type { Settings } from '../options.ts'
import { retryDelayMs } from '../retry-delay.ts'
import { evidencePolicy } from './evidence.ts'
import type { FailurePolicy } from './policy.ts'
import { praisonaiPolicy } from './praisonai.ts'
import { rsclawPolicy } from './rsclaw.ts'

/** The policy that the settings ask for, with their numbers. */
export function policyOf({ policy, cooldown, learnLimits, retry, rules }: Settings, random: Random): FailurePolicy {
  switch (policy) {
    case 'evidence':
      return evidencePolicy({
        ladders: cooldown,
        maxHintMs: cooldown.maxHintMs,
        learnsLimits: learnLimits,
        rules,
        random,
      })
    case 'rsclaw':
      return rsclawPolicy({
        backoffMs: (failuresBefore) => retryDelayMs(failuresBefore, retry, random),
        minCooldownMs: cooldown.rateLimit.minMs,
        maxCooldownMs: cooldown.rateLimit.maxMs,
      })
    case 'praisonai':
      return praisonaiPolicy({ rateLimitCooldownMs: cooldown.rateLimit.minMs, errorCooldownMs: cooldown.error.minMs })
  }
}
