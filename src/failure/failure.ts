/**
 * What happened.
 *
 * The set is closed: a `switch` over it can be exhaustive. What each reason means, how much of the world it condemns
 * and what is done about it stands in `docs/failures.md`.
 */
export type FailureReason =
  | 'rate_limit'
  | 'overloaded'
  | 'billing'
  | 'auth'
  | 'permission'
  | 'model_not_found'
  | 'context_length'
  | 'content_policy'
  | 'invalid_request'
  | 'timeout'
  | 'network'
  | 'server_error'
  | 'stream_interrupted'
  | 'bad_response'
  | 'canceled'
  | 'unknown'

/**
 * How much of the world a failure condemns.
 *
 * - `none`: nobody's fault (the caller left)
 * - `request`: this request fails everywhere alike; health is not touched
 * - `target`: one key on one model (its quota group on that model, where one is set)
 * - `profile`: one key, whatever the model (its quota group, where one is set)
 * - `model`: one model at one origin, whatever the key
 * - `provider`: one origin (scheme, host and port), whatever the key and model
 */
export type FailureScope = 'none' | 'request' | 'target' | 'profile' | 'model' | 'provider'

/** What a lone request should do next. */
export type NextStep = 'retry_target' | 'next_profile' | 'next_model' | 'next_provider' | 'return'

/** What a verdict rests on: a machine-readable field, the HTTP status alone, or wording. */
export type Confidence = 'structured' | 'status' | 'text'

/** The limits one of our own timers can enforce; each failure of reason `timeout` names its own. */
export type TimeoutPhase = 'connect' | 'first_content' | 'throughput' | 'response' | 'idle' | 'attempt'

/** One rate-limit bucket as the provider described it in its answer's headers. */
export interface QuotaBucket {
  /** The provider's own name of the bucket, such as `requests`, `tokens`, `input-tokens`. */
  readonly name: string
  /** Size of the bucket, in the bucket's own unit. */
  readonly limit?: number
  /** What is left of it, in the bucket's own unit. */
  readonly remaining?: number
  /** When it is full again, epoch milliseconds. */
  readonly resetAt?: number
  /** The time the limit counts over, milliseconds, where the provider's documentation states it; the contract's name. */
  readonly window?: number
  /** The same as `window`, under a name that tells its unit. */
  readonly windowMs?: number
}

/** A diagnosis: what failed, how far it reaches, when to come back, and which rule said so. */
export interface Failure {
  readonly reason: FailureReason
  readonly scope: FailureScope
  readonly nextStep: NextStep
  /** How long the provider asks to wait, milliseconds from when it was classified; never negative, at most 31 days. */
  readonly retryAfterMs?: number
  /** The same as a point in time, epoch milliseconds. */
  readonly resetAt?: number
  /** The same request may succeed later on the same target. */
  readonly isRetryable: boolean
  /** The time the limit counts over, milliseconds, where a rate limit says so (a month is 30 days). */
  readonly limitWindowMs?: number
  /** The provider forbade (`false`) trying the same target again in this request; `x-should-retry`. */
  readonly mayRetryTarget: boolean
  readonly quota?: readonly QuotaBucket[]
  readonly confidence: Confidence
  /** The rule that decided; `docs/failures.md` lists them. */
  readonly ruleId: string
  /** HTTP status of the answer, where there was one. */
  readonly status?: number
  /** Which of our own limits ran out, for reason `timeout`. */
  readonly timeoutPhase?: TimeoutPhase
  /** What the provider said, shortened and with secrets masked. */
  readonly message: string
}

/** Evidence, in any shape and any completeness. */
export interface ClassifyInput {
  /** The provider's name; picks its rule table. */
  readonly provider?: string | undefined
  /** The wire format; picks the rule table of providers that have none of their own. */
  readonly dialect?: string | undefined
  readonly model?: string | undefined
  /** HTTP status, 100 to 599. */
  readonly status?: number | undefined
  /** Response headers: a plain record, a `Headers` object, or a flat list of alternating names and values. */
  readonly headers?: unknown
  /** Response body: text, bytes, or parsed JSON. */
  readonly body?: unknown
  /** A thrown value; status, headers and body are read from it where they are not given. */
  readonly error?: unknown
  /** The failure arrived as an event inside a stream that began with HTTP 200. */
  readonly inStream?: boolean | undefined
  /** Set when one of our own timers ran out. */
  readonly timeoutPhase?: TimeoutPhase | undefined
  /** Keys that are known; they are masked in `message` wherever they occur. */
  readonly secrets?: readonly string[] | undefined
  /** The present, epoch milliseconds. Default: the answer's `date` header, else the epoch of the hint's own reference. */
  readonly nowMs?: number | undefined
}
