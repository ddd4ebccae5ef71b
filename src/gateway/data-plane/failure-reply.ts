import type { Dialect, ToldError } from '../../dialects/index.ts'
import type { FailoverError, FailureReason } from '../../failure/index.ts'
import { headersToClient } from './forwarded-headers.ts'
import { Refusal } from './refusal.ts'
import type { Reply } from './write-reply.ts'

/**
 * SDKs ask again within seconds where they are told to, and sleep no longer than about a minute; where nothing is back
 * by then, asking again only costs.
 */
const LONGEST_SENSIBLE_RETRY_MS = 60_000

/**
 * What a client is told of a request that failed: the provider's own words where the fault is the request's, else an
 * error in the form of the dialect that asked.
 *
 * @param said the provider's body, where it can be repeated byte for byte
 */
export function failureReply(failure: Refusal | FailoverError, dialect: Dialect, said?: Buffer): Reply {
  if (failure instanceof Refusal) return told(dialect, failure, Object.entries(failure.headers).flat())
  if (isRepeated(failure)) return repeated(failure, dialect, said)
  return told(dialect, toldOf(failure), retryHeaders(failure))
}

/**
 * The same as an event, where the head of a stream went out before it was known. Clients go by what the provider's error
 * says: an agent makes its conversation shorter at `context_length_exceeded`.
 */
export function failureEvent(failure: Refusal | FailoverError, dialect: Dialect, said?: Buffer): string {
  if (failure instanceof Refusal) return dialect.errorEvent(failure)
  const told = toldOf(failure)
  const error = isRepeated(failure) ? errorIn(bodyOf(failure, said), dialect) : undefined
  return error === undefined
    ? dialect.errorEvent(told)
    : dialect.continuation.encode({ ...dialect.errorBody(told), error })
}

/** A failure in the form of a dialect: what is told of one that comes amid a stream, too. */
export function toldOf(error: FailoverError): ToldError {
  const { code, message, reason } = error
  const isUnknownModel = code === 'ALL_TARGETS_FAILED' && reason === 'model_not_found'
  return { status: statusOf(error), code: isUnknownModel ? 'model_not_found' : code.toLowerCase(), message }
}

function statusOf(error: FailoverError): number {
  switch (error.code) {
    case 'INVALID_REQUEST':
    case 'INVALID_OPTION':
      return 400
    case 'NO_TARGET':
      return 404
    case 'REQUEST_REJECTED':
      return (error.status ?? 0) >= 400 ? (error.status ?? 400) : isOfRequest(error.reason) ? 400 : 502
    case 'DEADLINE_EXCEEDED':
    case 'TIMEOUT':
      return 504
    case 'ALL_TARGETS_FAILED':
      if (error.reason === 'rate_limit') return 429
      return error.reason === 'model_not_found' ? 404 : 503
    case 'CANCELED':
      return 503
    case 'STREAM_INTERRUPTED':
      return error.reason === 'overloaded' ? 529 : error.reason === 'rate_limit' ? 429 : 502
    case 'UNKNOWN_PROFILE':
    case 'PROVIDER_ERROR':
    case 'NETWORK_ERROR':
      return 502
  }
}

/** Does the fault lie with the request? A refusal may come with HTTP 200, or by a preset's rules for any failure. */
function isOfRequest(reason: FailureReason | undefined): boolean {
  return reason === 'invalid_request' || reason === 'context_length' || reason === 'content_policy'
}

/** Whether and when to ask again, in the headers that SDKs look at. */
function retryHeaders({ code, reason, retryAfterMs }: FailoverError): string[] {
  // Asked again, the same request would fail again.
  if (code === 'NO_TARGET' || code === 'DEADLINE_EXCEEDED' || reason === 'model_not_found')
    return ['x-should-retry', 'false']
  if (code !== 'ALL_TARGETS_FAILED') return []
  const headers =
    retryAfterMs === undefined
      ? []
      : [
          'retry-after',
          `${Math.max(1, Math.ceil(retryAfterMs / 1_000))}`,
          'retry-after-ms',
          `${Math.max(1_000, Math.ceil(retryAfterMs))}`,
        ]
  const isSensible = retryAfterMs !== undefined && retryAfterMs <= LONGEST_SENSIBLE_RETRY_MS
  return isSensible ? headers : [...headers, 'x-should-retry', 'false']
}

/** Is it told in the provider's own words? */
function isRepeated({ code, status = 0 }: FailoverError): boolean {
  return code === 'REQUEST_REJECTED' && status >= 400
}

function repeated(error: FailoverError, dialect: Dialect, said: Buffer | undefined): Reply {
  const { status = 400, headers = {} } = error
  const passed = headersToClient(headers as Readonly<Record<string, string | string[]>>)
  const body = bodyOf(error, said)
  if (body.length > 0) return { status, headers: passed, body }
  return told(dialect, { ...toldOf(error), status }, withoutType(passed))
}

/** What the provider said; empty where that was nothing. */
function bodyOf({ body }: FailoverError, said: Buffer | undefined): Buffer {
  if (said !== undefined && said.length > 0) return said
  // Where it did not come whole, or a secret in it had to be masked.
  return Buffer.from(typeof body === 'string' || body === undefined ? (body ?? '') : JSON.stringify(body))
}

/** The error in a provider's body, where it has the dialect's own form. */
function errorIn(body: Buffer, dialect: Dialect): object | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(body.toString())
  } catch {
    return undefined
  }
  const error = memberOf(parsed, 'error')
  const isNamed = dialect.name === 'openai' || typeof memberOf(error, 'type') === 'string'
  return isNamed && typeof memberOf(error, 'message') === 'string' ? (error as object) : undefined
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined
}

/** What is told in place of an empty body has a type of its own. */
function withoutType(headers: readonly string[]): string[] {
  return headers.filter((_, index) => headers[index - (index % 2)] !== 'content-type')
}

function told(dialect: Dialect, error: ToldError, headers: readonly string[]): Reply {
  const body = Buffer.from(JSON.stringify(dialect.errorBody(error)))
  return { status: error.status, headers: ['content-type', 'application/json', ...headers], body }
}
