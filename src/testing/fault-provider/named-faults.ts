import type { ErrorKind, Fault } from './fault.ts'

/**
 * The usual faults by name. Each call gives a plain `Fault`, to be used as it is or combined:
 * `{ ...faults.overloaded(), delayHeadersMs: 500 }`.
 */
export const faults = {
  /** No fault: shields a model or key from the rules that come after. */
  healthy: (): Fault => ({ name: 'healthy' }),

  // Errors with a status, in the words of the dialect that asks.
  rateLimited: (options: { readonly retryAfterSeconds?: number; readonly retryAfterMs?: number } = {}): Fault => ({
    name: 'rateLimited',
    error: 'rate_limited',
    headers: {
      ...(options.retryAfterSeconds === undefined ? {} : { 'retry-after': `${options.retryAfterSeconds}` }),
      ...(options.retryAfterMs === undefined ? {} : { 'retry-after-ms': `${options.retryAfterMs}` }),
    },
  }),
  insufficientQuota: (): Fault => ({ name: 'insufficientQuota', error: 'insufficient_quota' }),
  revokedKey: (): Fault => ({ name: 'revokedKey', error: 'invalid_key' }),
  forbidden: (): Fault => ({ name: 'forbidden', error: 'permission' }),
  modelNotFound: (): Fault => ({ name: 'modelNotFound', error: 'model_not_found' }),
  contextLength: (): Fault => ({ name: 'contextLength', error: 'context_length' }),
  contentFilter: (): Fault => ({ name: 'contentFilter', error: 'content_filter' }),
  invalidRequest: (): Fault => ({ name: 'invalidRequest', error: 'invalid_request' }),
  overloaded: (): Fault => ({ name: 'overloaded', error: 'overloaded' }),
  unavailable: (): Fault => ({ name: 'unavailable', error: 'unavailable' }),
  serverError: (status = 500): Fault => ({ name: 'serverError', status }),
  badGateway: (status = 502): Fault => ({
    name: 'badGateway',
    status,
    body: `<html>\r\n<head><title>${status} Bad Gateway</title></head>\r\n<body>\r\n<center><h1>${status} Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n`,
  }),

  // HTTP 200 that is none.
  okWithError: (error: ErrorKind = 'overloaded'): Fault => ({ name: 'okWithError', status: 200, error }),
  emptyBody: (): Fault => ({ name: 'emptyBody', status: 200, body: '' }),
  emptyAnswer: (): Fault => ({ name: 'emptyAnswer', answer: '' }),
  shortBody: (missingBytes = 10): Fault => ({ name: 'shortBody', contentLengthExtra: missingBytes }),

  // Time.
  silent: (): Fault => ({ name: 'silent', silence: true }),
  slowHeaders: (delayHeadersMs: number): Fault => ({ name: 'slowHeaders', delayHeadersMs }),
  slowFirstToken: (firstTokenDelayMs: number): Fault => ({ name: 'slowFirstToken', firstTokenDelayMs }),
  slowTokens: (tokenDelayMs: number): Fault => ({ name: 'slowTokens', tokenDelayMs }),
  stallAfter: (tokens: number, stallMs?: number): Fault => ({
    name: 'stallAfter',
    stallAfterTokens: tokens,
    ...(stallMs === undefined ? {} : { stallMs }),
  }),

  // Connections.
  resetBeforeHeaders: (): Fault => ({ name: 'resetBeforeHeaders', resetBeforeHeaders: true }),
  cutBeforeHeaders: (): Fault => ({ name: 'cutBeforeHeaders', cutBeforeHeaders: true }),
  cutAfter: (tokens: number): Fault => ({ name: 'cutAfter', cutAfterTokens: tokens }),
  cutAtByte: (bytes: number): Fault => ({ name: 'cutAtByte', cutAfterBytes: bytes }),
  resetAfter: (tokens: number): Fault => ({ name: 'resetAfter', resetAfterTokens: tokens }),
  resetAtByte: (bytes: number): Fault => ({ name: 'resetAtByte', resetAfterBytes: bytes }),
  endAfter: (tokens: number): Fault => ({ name: 'endAfter', endAfterTokens: tokens }),
  endAtByte: (bytes: number): Fault => ({ name: 'endAtByte', endAfterBytes: bytes }),

  // Streams that say the wrong thing.
  malformedAfter: (tokens: number): Fault => ({ name: 'malformedAfter', malformedAfterTokens: tokens }),
  errorAfter: (tokens: number, error: ErrorKind = 'overloaded'): Fault => ({
    name: 'errorAfter',
    errorAfterTokens: tokens,
    error,
  }),
  noDone: (): Fault => ({ name: 'noDone', omitDone: true }),
  noFinish: (): Fault => ({ name: 'noFinish', omitFinish: true, omitDone: true }),
  noPrefill: (): Fault => ({ name: 'noPrefill', prefill: 'reject' }),

  /** The fault strikes so often, then the next rule decides. */
  times: (times: number, fault: Fault): Fault => ({ ...fault, times }),
  once: (fault: Fault): Fault => ({ ...fault, times: 1 }),
} as const
