import type { FailureReason } from './failure.ts'

/**
 * Every way the package can fail, stable across versions. `docs/errors.md` has a section for each.
 *
 * - `INVALID_OPTION`: an option or argument is wrong; the message names it, its value and what is allowed
 * - `INVALID_REQUEST`: the request handed to `call` or `run` cannot be sent at all (no model)
 * - `UNKNOWN_PROFILE`: no profile has this id
 * - `NO_TARGET`: the chain is empty: nobody serves the model that was asked for
 * - `ALL_TARGETS_FAILED`: everything was tried or is out; see `attempts` and `nextAvailableAt`
 * - `REQUEST_REJECTED`: the failure is the request's own; status, headers and body are the provider's
 * - `STREAM_INTERRUPTED`: the stream failed after its first content was handed over
 * - `DEADLINE_EXCEEDED`: the caller's deadline passed first
 * - `CANCELED`: the caller aborted
 * - `PROVIDER_ERROR`: a provider answered with an error (thrown by `hotspare/http`, wrapped by the engine)
 * - `NETWORK_ERROR`: no answer: refused, reset, DNS, TLS
 * - `TIMEOUT`: one of our own limits ran out
 */
export type FailoverErrorCode =
  | 'INVALID_OPTION'
  | 'INVALID_REQUEST'
  | 'UNKNOWN_PROFILE'
  | 'NO_TARGET'
  | 'ALL_TARGETS_FAILED'
  | 'REQUEST_REJECTED'
  | 'STREAM_INTERRUPTED'
  | 'DEADLINE_EXCEEDED'
  | 'CANCELED'
  | 'PROVIDER_ERROR'
  | 'NETWORK_ERROR'
  | 'TIMEOUT'

/** What was tried: one (provider, model, profile). */
export interface TargetRef {
  readonly provider: string
  /** The model's bare id, as the provider knows it. */
  readonly model: string
  /** The profile's id. */
  readonly profile: string
  /** The engine's own give `provider/model@profile`. */
  toString(): string
}

/** One try of one target, as errors, streams and events report it. */
export interface AttemptRecord {
  readonly target: TargetRef
  readonly outcome: 'pending' | 'succeeded' | 'failed' | 'canceled'
  /** Why it failed. */
  readonly reason?: FailureReason
  /** The classification rule that said so. */
  readonly ruleId?: string
  /** HTTP status, where there was an answer. */
  readonly status?: number
  /** Epoch milliseconds. */
  readonly startedAt: number
  /** Until its outcome was known; 0 while pending. */
  readonly durationMs: number
  /** How long the provider asked to stay away. */
  readonly retryAfterMs?: number
  /**
   * It went on with an answer that had broken off: from a `prefill`, or by asking the request again (`restart`). Absent:
   * it was asked for the answer from its beginning.
   */
  readonly resume?: 'prefill' | 'restart'
}

export interface FailoverErrorDetails {
  readonly isRetryable?: boolean | undefined
  readonly retryAfterMs?: number | undefined
  readonly cause?: unknown
  readonly reason?: FailureReason | undefined
  readonly ruleId?: string | undefined
  readonly status?: number | undefined
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | undefined
  readonly body?: unknown
  readonly attempts?: readonly AttemptRecord[] | undefined
  readonly nextAvailableAt?: number | undefined
  /** The failure arrived inside a stream that had begun with HTTP 200. */
  readonly inStream?: boolean | undefined
}

/**
 * The one error class of the package. Branch on `code`, not on the message.
 *
 * No API key appears in any of its fields: known keys are masked before an error is built.
 */
export class FailoverError extends Error {
  override readonly name = 'FailoverError'
  readonly code: FailoverErrorCode
  /** The same request may succeed later. */
  readonly isRetryable: boolean
  /** When to ask again, milliseconds from now, where it is known. */
  declare readonly retryAfterMs?: number
  /** What the failure was classified as. */
  declare readonly reason?: FailureReason
  /** The rule that said so, where it was known when the error was made; `docs/rules.md` lists them. */
  declare readonly ruleId?: string
  /** The provider's HTTP status, where one answer decided. */
  declare readonly status?: number
  /** The provider's response headers, names in lower case. */
  declare readonly headers?: Readonly<Record<string, string | readonly string[]>>
  /** The provider's response body: parsed JSON, or text where it was not JSON. */
  declare readonly body?: unknown
  /** What was tried, in order. */
  declare readonly attempts?: readonly AttemptRecord[]
  /** Epoch milliseconds at which the soonest target comes back; absent where none will by itself. */
  declare readonly nextAvailableAt?: number
  /** The failure arrived inside a stream that had begun with HTTP 200. */
  declare readonly inStream?: boolean

  constructor(code: FailoverErrorCode, message: string, details: FailoverErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.isRetryable = details.isRetryable ?? false
    for (const key of OPTIONAL_DETAILS) {
      const value = details[key]
      if (value !== undefined) Object.defineProperty(this, key, { value, enumerable: true })
    }
  }
}

const OPTIONAL_DETAILS = [
  'retryAfterMs',
  'reason',
  'ruleId',
  'status',
  'headers',
  'body',
  'attempts',
  'nextAvailableAt',
  'inStream',
] as const satisfies readonly (keyof FailoverErrorDetails)[]

/** A wrong option: the message says which one, what it was, and what is allowed. */
export function invalidOption(path: string, value: unknown, allowed: string): FailoverError {
  return new FailoverError('INVALID_OPTION', `${path}: ${describeValue(path, value)} is not allowed; ${allowed}`)
}

/** A value as an error message may show it: short, on one line, and never a secret. */
function describeValue(path: string, value: unknown): string {
  if (/key|secret|token$|password|authorization/i.test(path)) return `a value of type ${typeof value}`
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
  if (value === null || value === undefined || typeof value === 'number' || typeof value === 'boolean')
    return `${value}`
  if (typeof value === 'bigint' || typeof value === 'symbol') return value.toString()
  if (Array.isArray(value)) return `an array of ${value.length}`
  return typeof value === 'function' ? 'a function' : 'an object'
}
