import type { FailureReason } from '../failure/index.ts'

/** Token counts as one event or answer tells them. Input includes what was read from or written to a cache. */
export interface TokenCounts {
  readonly inputTokens?: number
  readonly outputTokens?: number
}

/** A failure that an event of a 200 answer reports. */
export interface EventFailure {
  /** What the provider said, as it said it. */
  readonly message: string
  /** Set only where the event leaves no doubt; otherwise the classifier reads the event. */
  readonly reason?: FailureReason
}

/**
 * How far one answer has come.
 *
 * - `open`: it would be incomplete if it ended here
 * - `finished`: complete; a token count or an end mark may still follow
 * - `closed`: nothing can follow
 */
export type AnswerState = 'open' | 'finished' | 'closed'

/** Follows one answer, event by event; a whole (non-streaming) answer is its only event. */
export interface AnswerProgress {
  observe(event: unknown): void
  readonly state: AnswerState
  /** What is wrong with an answer that came to its end: it has no content. Absent: nothing. */
  verdict(): EventFailure | undefined
}

/** A failure of ours, to be told in a dialect's own form. */
export interface ToldError {
  /** HTTP status, 400 to 599; where the answer had begun, the one it would have had. */
  readonly status: number
  /** Stable and machine-readable, lower case. */
  readonly code: string
  readonly message: string
}

export type DialectName = 'openai' | 'anthropic'

/** A wire format. Pure: it reads and builds values and does no I/O. */
export interface Dialect {
  readonly name: DialectName
  /** Headers of every request, lower case; an operator may replace them. */
  readonly headers: Readonly<Record<string, string>>
  /** Where requests go: base URLs with and without trailing slash, version segment or endpoint are all understood. */
  endpointOf(baseUrl: URL): URL
  /** How the key travels. */
  authHeaders(apiKey: string): Readonly<Record<string, string>>
  isStreaming(request: unknown): boolean
  /** Text, reasoning, a tool call or a refusal; not role-only chunks, empty deltas, pings or token counts. */
  isContent(event: unknown): boolean
  /** The text of the answer that this event or whole answer carries, of its first choice; not reasoning, not tools. */
  textOf(event: unknown): string
  /** Keys of events whose texts are the answer's own, or padding: whatever they say, the event means the same. */
  readonly freeText: ReadonlySet<string>
  /** Does this event end the answer in the dialect's own terms? */
  isTerminal(event: unknown): boolean
  /** Is this a complete answer to a request that did not ask for a stream? */
  isWholeAnswer(body: unknown): boolean
  /** The failure this event or body reports, if it does. */
  errorOf(event: unknown): EventFailure | undefined
  usageOf(event: unknown): TokenCounts | undefined
  startProgress(): AnswerProgress
  /** The JSON body of an error, as clients of this dialect expect it. */
  errorBody(error: ToldError): object
  /** The event, in bytes as text, that ends a stream which had begun; clients of this dialect raise it as an error. */
  errorEvent(error: ToldError): string
  /** The event that closes a stream, where clients of this dialect take an answer without it for a failure; else empty. */
  readonly closingEvent: string
  /** Does an end mark (`[DONE]`) follow the last event? */
  readonly hasEndMark: boolean
}
