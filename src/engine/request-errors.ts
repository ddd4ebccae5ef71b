import {
  type AttemptRecord,
  FailoverError,
  type Failure,
  readHeaders,
  readThrown,
  redactKnown,
} from '../failure/index.ts'
import { isRecord } from './checks.ts'
import type { SkipCause } from './events.ts'
import { formatTarget } from './model-ref.ts'
import type { ChainLink } from './routes.ts'

/** The failure is the request's own: the provider's error as it was, with the keys we know masked. */
export function rejectionOf(
  failure: Failure,
  error: unknown,
  attempts: readonly AttemptRecord[],
  knownKey: string | undefined,
): FailoverError {
  const { status, headers, body } = readThrown(error)
  const headerMap = headers === undefined ? undefined : Object.fromEntries(readHeaders(headers))
  return new FailoverError(failure.reason === 'canceled' ? 'CANCELED' : 'REQUEST_REJECTED', failure.message, {
    reason: failure.reason,
    status,
    headers: redactDeep(headerMap, knownKey),
    body: redactDeep(body, knownKey),
    isRetryable: failure.isRetryable,
    retryAfterMs: failure.retryAfterMs,
    attempts,
    cause: withoutKey(error, knownKey),
  })
}

interface Exhaustion {
  readonly attempts: readonly AttemptRecord[]
  readonly nextAvailableAt: number | undefined
  readonly now: number
  readonly cause: unknown
  readonly knownKey: string | undefined
}

/** Everything was tried or is out. */
export function allTargetsFailed({ attempts, nextAvailableAt, now, cause, knownKey }: Exhaustion): FailoverError {
  const tried = attempts.map(
    ({ target, reason, status }) => `${formatTarget(target)} ${reason}${status === undefined ? '' : ` (${status})`}`,
  )
  const story = tried.length === 0 ? 'every target is out' : `all targets failed: ${tried.join(', ')}`
  const retryAfterMs = nextAvailableAt === undefined ? undefined : Math.max(0, nextAvailableAt - now)
  const outlook =
    retryAfterMs === undefined
      ? 'none comes back by itself'
      : `the next one may be tried in ${(retryAfterMs / 1_000).toFixed(1)} s`
  return new FailoverError('ALL_TARGETS_FAILED', `${story}; ${outlook}`, {
    isRetryable: nextAvailableAt !== undefined,
    retryAfterMs,
    nextAvailableAt,
    attempts,
    cause: withoutKey(cause, knownKey),
  })
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
    if (cause?.kind === 'provider_not_registered') return `${reference}: provider ${provider} is not registered`
    return `${reference}: ${provider} has no profile that serves it`
  })
  const story = told.length === 0 ? `${model}: its chain is empty` : told.join('; ')
  return new FailoverError('NO_TARGET', `nobody serves ${story}`, { attempts: [] })
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
  knownKey: string | undefined,
): FailoverError {
  const { status, body } = readThrown(error)
  return new FailoverError('STREAM_INTERRUPTED', `the answer broke off after it had begun: ${failure.message}`, {
    reason: failure.reason,
    status,
    body: redactDeep(body, knownKey),
    isRetryable: failure.isRetryable,
    retryAfterMs: failure.retryAfterMs,
    attempts,
    inStream: true,
    cause: withoutKey(error, knownKey),
  })
}

const MAX_DEPTH = 8

/** The same value with a key masked wherever a text in it holds it. */
function redactDeep<T>(value: T, key: string | undefined): T {
  if (key === undefined) return value
  const redact = (inner: unknown, depth: number): unknown => {
    if (typeof inner === 'string') return redactKnown(inner, [key])
    if (depth > MAX_DEPTH || typeof inner !== 'object' || inner === null) return inner
    if (Array.isArray(inner)) return inner.map((item) => redact(item, depth + 1))
    if (!isRecord(inner) || Object.getPrototypeOf(inner) !== Object.prototype) return inner
    return Object.fromEntries(
      Object.entries(inner).map(([name, item]) => [redactKnown(name, [key]), redact(item, depth + 1)]),
    )
  }
  return redact(value, 0) as T
}

/**
 * The error as a cause: itself, unless the key is found in it (SDKs and user functions may keep the request they
 * sent). Then a copy that says the same without it.
 */
function withoutKey(error: unknown, key: string | undefined): unknown {
  if (key === undefined || !mentions(error, key, new Set())) return error
  if (!(error instanceof Error)) return redactDeep(error, key)
  const copy = new Error(redactKnown(error.message, [key]))
  copy.name = error.name
  copy.stack = redactKnown(error.stack ?? '', [key])
  return copy
}

const MAX_LOOKED_AT = 2_000

/** Does the key occur in the value, in anything it holds, or in anything an iteration over it yields (`Headers`, maps)? */
function mentions(value: unknown, key: string, seen: Set<unknown>): boolean {
  if (typeof value === 'string') return value.includes(key)
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false
  if (seen.has(value) || seen.size > MAX_LOOKED_AT) return false
  seen.add(value)
  const holds = (read: () => unknown): boolean => {
    try {
      return mentions(read(), key, seen)
    } catch {
      return false
    }
  }
  if (Reflect.ownKeys(value).some((name) => holds(() => (value as Record<PropertyKey, unknown>)[name]))) return true
  return !Array.isArray(value) && Symbol.iterator in value && holds(() => [...(value as Iterable<unknown>)])
}
