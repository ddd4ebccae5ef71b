import type { PlannedAnswer } from './answer.ts'
import type { ErrorKind } from './fault.ts'
import type { DialectName } from './request.ts'

/**
 * One piece of a stream: `start` before all content, `token` one token, `part` what frames the content (block borders,
 * tool headers, pings), then the finish reason, the usage and the terminal event.
 */
export interface Frame {
  readonly kind: 'start' | 'token' | 'part' | 'finish' | 'usage' | 'done'
  readonly text: string
}

interface ErrorAnswer {
  readonly status: number
  readonly body: unknown
}

/** What the limit has left for one bucket, for the answer's headers. */
export interface LimitState {
  readonly limit: number
  readonly remaining: number
  /** Until the bucket is full again, milliseconds. */
  readonly resetInMs: number
  readonly nowMs: number
}

/** A wire format: pure functions from an answer to what is sent. */
export interface Dialect {
  readonly name: DialectName
  frames(answer: PlannedAnswer): Frame[]
  message(answer: PlannedAnswer): unknown
  error(
    kind: ErrorKind,
    details: { readonly model: string; readonly serial: string; readonly message?: string },
  ): ErrorAnswer
  errorFrame(body: unknown): string
  /** What is missing or wrong in a request, if anything. */
  problemOf(body: Record<string, unknown>): string | undefined
  /** What a trailing assistant message may not be, if this one is. */
  prefillProblem(prefill: string): string | undefined
  limitHeaders(state: LimitState): Record<string, string>
  headers(serial: string): Record<string, string>
  modelList(names: readonly string[], created: number): unknown
  readonly keepAlive: string
  readonly malformed: string
}
