import type { Answer, AnswerSource } from './answer.ts'
import type { PrefillMode } from './prefill.ts'
import type { FaultRequest } from './request.ts'

/** What an error says; each dialect puts it in its own words, with its own status and codes. */
export type ErrorKind = (typeof ERROR_KINDS)[number]

export const ERROR_KINDS = [
  'invalid_request',
  'invalid_key',
  'insufficient_quota',
  'permission',
  'model_not_found',
  'context_length',
  'content_filter',
  'prefill_unsupported',
  'request_too_large',
  'rate_limited',
  'server_error',
  'unavailable',
  'timeout',
  'overloaded',
] as const

/**
 * What goes wrong with one answer. Fields combine; `{}` is a healthy answer. A place is counted in tokens of this answer
 * (reasoning, text and fragments of tool arguments alike) or in bytes of the response body; an answer that ends before
 * that place is not touched. In an answer that is not streamed, n tokens stand for that share of the JSON body.
 */
export interface Fault {
  /** Shown in the attempt log. */
  readonly name?: string
  /** Strike this many requests, then let the next rule decide. Default: without end. */
  readonly times?: number

  /** HTTP status. From 300 on the body is the dialect's error for that status, unless `body` or `error` says otherwise. */
  readonly status?: number
  /** Added to the answer's headers, or put in place of them. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  /** The body as it is: a string or bytes as they are, anything else as JSON. Status 200 unless `status` says otherwise. */
  readonly body?: unknown
  /** The dialect's error of this kind. With `status: 200` a stream's first event, or the JSON body, is the error. */
  readonly error?: ErrorKind

  /** Wait before the status line, milliseconds. */
  readonly delayHeadersMs?: number
  /** Accept the request and never send a byte. */
  readonly silence?: boolean
  /** TCP reset instead of an answer. */
  readonly resetBeforeHeaders?: boolean
  /** Connection closed (FIN) instead of an answer. */
  readonly cutBeforeHeaders?: boolean

  /** Wait between headers and first token, milliseconds; not streamed: before the headers. */
  readonly firstTokenDelayMs?: number
  /** Wait between two tokens, milliseconds; not streamed: their sum before the headers. */
  readonly tokenDelayMs?: number
  /** Fall silent after this many tokens, for `stallMs`. */
  readonly stallAfterTokens?: number
  /** Length of the stall, milliseconds. Default: for ever. */
  readonly stallMs?: number
  /** While a stream waits, send the dialect's keep-alive this often (a comment; Anthropic: a ping), milliseconds. */
  readonly pingEveryMs?: number

  /** Close the connection (FIN, without the closing chunk or the full content-length) after this many tokens. */
  readonly cutAfterTokens?: number
  readonly cutAfterBytes?: number
  /** TCP reset after this many tokens. */
  readonly resetAfterTokens?: number
  readonly resetAfterBytes?: number
  /** End the HTTP body properly after this many tokens, as if that were all. */
  readonly endAfterTokens?: number
  readonly endAfterBytes?: number

  /** After this many tokens send the error event (`error` or `body`; default `server_error`) and end. Not streamed: 200 with the error. */
  readonly errorAfterTokens?: number
  /** After this many tokens put an event that is not JSON between the others. Not streamed: the JSON body breaks off there. */
  readonly malformedAfterTokens?: number
  /** The broken event's raw text. Default: the dialect's event, broken off in the middle. */
  readonly malformed?: string
  /** No finish reason (Anthropic: no `message_delta`). */
  readonly omitFinish?: boolean
  /** No usage, even if asked for. */
  readonly omitUsage?: boolean
  /** No `data: [DONE]` (Anthropic: no `message_stop`). */
  readonly omitDone?: boolean
  /** Everything is sent, but the connection is not ended. */
  readonly stayOpen?: boolean
  /** Announce this many bytes more than are sent, then close. Only where there is a content-length: not for streams. */
  readonly contentLengthExtra?: number

  /** Another answer than the provider's. */
  readonly answer?: string | Answer | AnswerSource
  /** Another treatment of prefills than the provider's. */
  readonly prefill?: PrefillMode
}

/** When a fault strikes: every condition that is given must hold. */
export interface FaultRule {
  readonly fault: Fault | readonly Fault[]
  /** The model asked for: one, or one of several. */
  readonly model?: string | readonly string[]
  /** The API key, as Bearer, x-api-key or api-key: one, or one of several. */
  readonly key?: string | readonly string[]
  /** Path without query, such as `/v1/messages`. */
  readonly path?: string
  readonly stream?: boolean
  readonly when?: (request: FaultRequest) => boolean
  /** Milliseconds since the provider started or was reset; for rules added by `set`, since then. */
  readonly fromMs?: number
  /** The first millisecond at which it no longer holds. */
  readonly untilMs?: number
  /** For each of its faults that does not say so itself. */
  readonly times?: number
}
