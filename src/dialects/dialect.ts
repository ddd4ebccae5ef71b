import type { ContinuationFormat } from './continuation-format.ts'
import type { RequestFormat } from './request-format.ts'

/** Token counts as one event or answer tells them. Input includes what was read from or written to a cache. */
export interface TokenCounts {
  readonly inputTokens?: number
  readonly outputTokens?: number
}

/**
 * What can be wrong with an answer under HTTP 200 where no error of the provider's own says it.
 *
 * - `empty`: it came to its end without any content
 * - `no_room`: the prompt filled the window, so that nothing could be said
 * - `withheld`: a filter kept it back, or cut it off
 * - `refused`: the model, or a classifier beside it, refused to answer
 * - `malformed_call`: the model wrote a tool call that cannot be read
 * - `failed`: its finish reason says that the provider failed
 * - `no_capacity`: its finish reason says that the provider lacked the means
 * - `cut_short`: it ended before its end
 * - `no_answer`: it is no answer at all, and no error: HTML, text, another shape
 */
export type AnswerFlaw =
  | 'empty'
  | 'no_room'
  | 'withheld'
  | 'refused'
  | 'malformed_call'
  | 'failed'
  | 'no_capacity'
  | 'cut_short'
  | 'no_answer'

/** A failure that an event of a 200 answer reports. */
export interface ReportedFailure {
  /** What the provider said, as it said it. */
  readonly message: string
  /** Set where a finish reason tells; otherwise the event is an error, and the classifier reads it. */
  readonly flaw?: AnswerFlaw
}

/** What is wrong with an answer that came to its end. */
export interface FlawedAnswer {
  readonly message: string
  readonly flaw: AnswerFlaw
  /** It has content all the same, and its own finish reason tells its reader how it ended. */
  readonly hasContent: boolean
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
  /** What is wrong with an answer that came to its end. Absent: nothing. */
  verdict(): FlawedAnswer | undefined
}

/** How answers go in one wire format: enough to judge one. Pure; every look takes whatever it is given. */
export interface AnswerFormat {
  /** Its streams are lines of JSON: an answer of one line may be the beginning of one. */
  readonly streamsLines?: boolean
  /** Is this one of its events, or a whole answer of it? Told by its keys alone. */
  recognises(event: unknown): boolean
  /** Text, reasoning, a tool call or a refusal; not role-only chunks, empty deltas, pings or token counts. */
  isContent(event: unknown): boolean
  /** The failure this event or body reports, if it does. */
  errorOf(event: unknown): ReportedFailure | undefined
  startProgress(): AnswerProgress
}

/** A failure of ours, to be told in a dialect's own form. */
export interface ToldError {
  /** HTTP status, 400 to 599; where the answer had begun, the one it would have had. */
  readonly status: number
  /** Stable and machine-readable, lower case. */
  readonly code: string
  readonly message: string
}

/** The wire formats that the engine speaks. */
export const DIALECT_NAMES = ['openai', 'anthropic'] as const

export type DialectName = (typeof DIALECT_NAMES)[number]

/** A wire format. Pure: it reads and builds values and does no I/O. */
export interface Dialect extends AnswerFormat {
  readonly name: DialectName
  /** Headers of every request, lower case; an operator may replace them. */
  readonly headers: Readonly<Record<string, string>>
  /** Where requests go: base URLs with and without trailing slash, version segment or endpoint are all understood. */
  endpointOf(baseUrl: URL): URL
  /** How the key travels. */
  authHeaders(apiKey: string): Readonly<Record<string, string>>
  isStreaming(request: unknown): boolean
  /** What a request tells besides what it asks. */
  readonly requests: RequestFormat
  /** The smallest request that a model answers, but for the model. */
  readonly probe: Readonly<Record<string, unknown>>
  /** The text of the answer that this event or whole answer carries, of its first choice; not reasoning, not tools. */
  textOf(event: unknown): string
  /** Keys of events whose texts are the answer's own, or padding: whatever they say, the event means the same. */
  readonly freeText: ReadonlySet<string>
  /** Does this event end the answer in the dialect's own terms? */
  isTerminal(event: unknown): boolean
  /** Is this a complete answer to a request that did not ask for a stream? */
  isWholeAnswer(body: unknown): boolean
  usageOf(event: unknown): TokenCounts | undefined
  /** The JSON body of an error, as clients of this dialect expect it. */
  errorBody(error: ToldError): object
  /** The event, in bytes as text, that ends a stream which had begun; clients of this dialect raise it as an error. */
  errorEvent(error: ToldError): string
  /** The event that closes a stream, where clients of this dialect take an answer without it for a failure; else empty. */
  readonly closingEvent: string
  /** Does an end mark (`[DONE]`) follow the last event? */
  readonly hasEndMark: boolean
  /** How an answer that broke off is continued. */
  readonly continuation: ContinuationFormat
}
