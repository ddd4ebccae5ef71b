import { FailoverError, type Failure } from '../failure/index.ts'
import { timeoutPhaseOf } from './attempt.ts'
import type { Clock } from './clock.ts'
import type { Credentials } from './credentials.ts'
import { NameFailures } from './name-failures.ts'
import type { FailurePolicy } from './policy/policy.ts'
import type { ModelRequest } from './provider.ts'
import type { ProviderRegistry } from './provider-registry.ts'
import { readable } from './readable.ts'
import type { FailureMark } from './request-options.ts'
import type { Target } from './target.ts'

interface DiagnosisOptions<Request extends ModelRequest, Event> {
  readonly clock: Clock
  readonly policy: FailurePolicy
  readonly registry: ProviderRegistry<Request, Event>
  readonly credentials: Credentials
}

/** What an error means: the policy's verdict, with everything at hand that it may want to know. */
export class Diagnosis<Request extends ModelRequest, Event> {
  readonly #options: DiagnosisOptions<Request, Event>
  readonly #nameFailures = new NameFailures()

  constructor(options: DiagnosisOptions<Request, Event>) {
    this.#options = options
  }

  /** @param secrets keys that the error may hold; default: the profile's as far as it is known */
  of(thrown: unknown, target: Target, secrets = this.#options.credentials.secretsOf(target.credential)): Failure {
    const { clock, policy, registry } = this.#options
    const error = readable(thrown)
    const entry = registry.get(target.provider)
    const nowMs = clock.now()
    const failure = policy.classify({
      provider: target.provider,
      dialect: entry.state === 'registered' ? entry.provider.dialect : undefined,
      model: target.model,
      error,
      timeoutPhase: timeoutPhaseOf(error),
      nowMs,
      secrets,
    })
    // Its provider was disabled after it had been chosen.
    if (error instanceof FailoverError && error.code === 'NO_TARGET')
      return { ...failure, scope: 'none', ruleId: 'local.no_target' }
    const isOurs = failure.ruleId === 'transport.dns' && this.#nameFailures.isOurs(target.origin, nowMs)
    return isOurs ? { ...failure, scope: 'none', ruleId: 'local.dns' } : failure
  }

  /** The same for a failure that somebody reports by hand, who may know more than the error says. */
  ofMark(error: unknown, target: Target, { isRateLimit = false, retryAfterMs }: FailureMark): Failure {
    const said = this.of(error, target)
    const failure: Failure =
      isRateLimit && said.reason !== 'rate_limit'
        ? {
            ...said,
            reason: 'rate_limit',
            scope: 'target',
            nextStep: 'next_profile',
            isRetryable: true,
            ruleId: 'marked.rate_limit',
          }
        : said
    return retryAfterMs === undefined
      ? failure
      : { ...failure, retryAfterMs, resetAt: this.#options.clock.now() + retryAfterMs }
  }
}
