import { checkBoolean, checkNumber, checkRecord, checkText, checkTexts, invalidOption } from '../failure/index.ts'
import type { Usage } from './provider.ts'

/** Which profiles a look or a lease is about. Everything is optional. */
export interface ProfileQuery {
  readonly provider?: string
  /** The provider's bare model id; windows that are about a model count only where it is named. */
  readonly model?: string
  /** Requests of one session keep to one profile among equals. */
  readonly sessionKey?: string
}

/** What a single request may set. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined
  readonly sessionKey?: string | undefined
  /** Milliseconds for the whole request, retries and failover included. Default `timeouts.requestMs`. */
  readonly deadlineMs?: number | undefined
  /** In place of the configured fallbacks; empty is strict. */
  readonly fallbacks?: readonly string[] | undefined
  /** What events call this request, for whoever has a name for it already. Default: one that is made up. */
  readonly requestId?: string | undefined
  /**
   * Tokens it is expected to take, input and output together, from 0: reserved against `tokensPerMinute` before it is
   * sent, and settled with what the answer reports. Default: the provider's estimate, else what answers took so far.
   */
  readonly estimatedTokens?: number | undefined
}

/** What `markFailure` may be told besides the error. */
export interface FailureMark {
  /** The provider's bare model id; without it the failure counts against the whole profile. */
  readonly model?: string
  /** Take it for a rate limit, whatever the error says. */
  readonly isRateLimit?: boolean
  /** How long the provider asked to stay away, milliseconds. */
  readonly retryAfterMs?: number
}

export interface SuccessMark {
  readonly model?: string
  readonly latencyMs?: number
  readonly usage?: Usage
}

export function checkQuery(query: ProfileQuery, further: readonly string[] = []): void {
  checkRecord('query', query, ['provider', 'model', 'sessionKey', ...further])
  for (const name of ['provider', 'model', 'sessionKey'] as const) {
    if (query[name] !== undefined) checkText(`query.${name}`, query[name])
  }
}

const CALL_OPTIONS = ['signal', 'sessionKey', 'deadlineMs', 'fallbacks', 'requestId', 'estimatedTokens']

export function checkCallOptions(options: CallOptions): void {
  checkRecord('options', options, CALL_OPTIONS)
  const { signal, sessionKey, deadlineMs, fallbacks, requestId, estimatedTokens } = options
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw invalidOption('options.signal', signal, 'it must be an AbortSignal')
  }
  if (sessionKey !== undefined) checkText('options.sessionKey', sessionKey)
  if (requestId !== undefined) checkText('options.requestId', requestId)
  checkNumber('options.deadlineMs', deadlineMs, { min: 1 })
  checkNumber('options.estimatedTokens', estimatedTokens)
  if (fallbacks !== undefined) checkTexts('options.fallbacks', fallbacks)
}

export function checkFailureMark(mark: FailureMark): void {
  checkRecord('mark', mark, ['model', 'isRateLimit', 'retryAfterMs'])
  if (mark.model !== undefined) checkText('mark.model', mark.model)
  checkBoolean('mark.isRateLimit', mark.isRateLimit)
  checkNumber('mark.retryAfterMs', mark.retryAfterMs)
}
