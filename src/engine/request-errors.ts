import {
  type AttemptRecord,
  FailoverError,
  type Failure,
  type FailureReason,
  readHeaders,
  readThrown,
} from '../failure/index.ts'
import type { SkipCause } from './events.ts'
import { formatTarget } from './model-ref.ts'
import { redactDeep, withoutSecrets } from './redaction.ts'
import type { ChainLink } from './routes.ts'

/** The failure is the request's own: the provider's error as it was, with the keys we know masked. */
export function rejectionOf(
  failure: Failure,
  error: unknown,
  attempts: readonly AttemptRecord[],
  secrets: readonly string[],
): FailoverError {
  const { status, headers, body } = readThrown(error)
  const headerMap = headers === undefined ? undefined : Object.fromEntries(readHeaders(headers))
  return new FailoverError(failure.reason === 'canceled' ? 'CANCELED' : 'REQUEST_REJECTED', failure.message, {
    reason: failure.reason,
    status,
    headers: redactDeep(headerMap, secrets),
    body: redactDeep(body, secrets),
    isRetryable: failure.isRetryable,
    retryAfterMs: failure.retryAfterMs,
    attempts,
    cause: withoutSecrets(error, secrets),
  })
}

interface Exhaustion {
  /** What all targets have in common, tried or not. */
  readonly reason: FailureReason | undefined
  readonly attempts: readonly AttemptRecord[]
  readonly nextAvailableAt: number | undefined
  readonly now: number
  readonly cause: unknown
  readonly secrets: readonly string[]
}

/** Everything was tried or is out. */
export function allTargetsFailed({
  reason,
  attempts,
  nextAvailableAt,
  now,
  cause,
  secrets,
}: Exhaustion): FailoverError {
  const tried = attempts.map(
    ({ target, reason, status }) => `${formatTarget(target)} ${reason}${status === undefined ? '' : ` (${status})`}`,
  )
  const story = tried.length === 0 ? 'no target could be tried' : `all targets failed: ${tried.join(', ')}`
  const retryAfterMs = nextAvailableAt === undefined ? undefined : Math.max(0, nextAvailableAt - now)
  const outlook = outlookOf(retryAfterMs)
  return new FailoverError('ALL_TARGETS_FAILED', `${story}; ${outlook}`, {
    reason,
    isRetryable: nextAvailableAt !== undefined,
    retryAfterMs,
    nextAvailableAt,
    attempts,
    cause: withoutSecrets(cause, secrets),
  })
}

function outlookOf(retryAfterMs: number | undefined): string {
  if (retryAfterMs === undefined) return 'none comes back by itself'
  return retryAfterMs === 0
    ? 'one may be tried again at once'
    : `the next one may be tried in ${(retryAfterMs / 1_000).toFixed(1)} s`
}

/** Nobody serves what was asked for. */
export function noTarget(
  model: string,
  chain: readonly ChainLink[],
  reasons: ReadonlyMap<string, SkipCause | undefined>,
): FailoverError {
  const told = chain.map(({ reference, provider, model }) => {
    const cause = reasons.get(`${provider}/${model}`)
    if (cause?.kind === 'provider_disabled') return `${reference}: provider ${provider} is disabled: ${cause.reason}`
    if (cause?.kind === 'provider_unfit') return `${reference}: provider ${provider} ${cause.reason}`
    if (cause?.kind === 'bound_elsewhere')
      return `${reference}: its ${cause.binding} exists at another profile, which this request may not go to`
    if (cause?.kind === 'provider_not_registered') return `${reference}: provider ${provider} is not registered`
    return `${reference}: ${provider} has no profile that serves it`
  })
  const story = told.length === 0 ? `${model}: its chain is empty` : told.join('; ')
  return new FailoverError('NO_TARGET', `nobody serves ${story}`, { attempts: [] })
}

/** A function of a provider that only looks at requests has thrown; no attempt is to blame. */
export function providerFailed(cause: unknown, secrets: readonly string[]): FailoverError {
  return new FailoverError('PROVIDER_ERROR', 'a function of a provider failed; see the cause', {
    cause: withoutSecrets(cause, secrets),
  })
}

/** The caller left or the deadline passed: the reason the request's signal was aborted with, and what was tried. */
export function requestEnded(reason: unknown, attempts: readonly AttemptRecord[]): FailoverError {
  if (!(reason instanceof FailoverError))
    return new FailoverError('CANCELED', 'the request was canceled', { cause: reason, attempts })
  const { code, message, isRetryable, cause } = reason
  return new FailoverError(code, message, { isRetryable, cause, reason: reason.reason, attempts })
}

/** The stream broke after its first content. */
export function streamInterrupted(
  failure: Failure,
  error: unknown,
  attempts: readonly AttemptRecord[],
  secrets: readonly string[],
): FailoverError {
  const { status, body } = readThrown(error)
  return new FailoverError('STREAM_INTERRUPTED', `the answer broke off after it had begun: ${failure.message}`, {
    reason: failure.reason,
    status,
    body: redactDeep(body, secrets),
    isRetryable: failure.isRetryable,
    retryAfterMs: failure.retryAfterMs,
    attempts,
    inStream: true,
    cause: withoutSecrets(error, secrets),
  })
}
