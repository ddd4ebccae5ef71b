import type { PlannedAnswer } from './answer.ts'
import type { Dialect } from './dialect.ts'
import type { ErrorKind, Fault } from './fault.ts'
import type { FaultRequest } from './request.ts'
import { bodySteps, breakAtByte, byteBreak, type Ending, type Step, streamSteps, waitBeforeBody } from './steps.ts'

/** All that happens on the wire, decided before the first byte is sent. */
export interface Reply {
  /** `POSITIVE_INFINITY` is silence. */
  readonly delayHeadersMs: number
  /** The connection ends before the status line. */
  readonly isBrokenAtOnce?: 'cut' | 'reset'
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly steps: readonly Step[]
  readonly ending: Ending
}

export interface ReplyInput {
  readonly request: FaultRequest
  readonly dialect: Dialect
  readonly fault: Fault
  readonly serial: string
  /** Headers that any answer of this provider carries. */
  readonly headers: Readonly<Record<string, string>>
  /** Called only where the fault leaves room for an answer. */
  readonly answer: () => PlannedAnswer
}

export function buildReply(input: ReplyInput): Reply {
  const { fault } = input
  const base = { delayHeadersMs: fault.silence ? Number.POSITIVE_INFINITY : (fault.delayHeadersMs ?? 0) }
  if (fault.resetBeforeHeaders) return { ...base, ...NOTHING, isBrokenAtOnce: 'reset' }
  if (fault.cutBeforeHeaders) return { ...base, ...NOTHING, isBrokenAtOnce: 'cut' }
  if (fault.silence) return { ...base, ...NOTHING }
  if (fault.errorAfterTokens === undefined) {
    if (fault.body !== undefined) return { ...base, ...rawReply(input, fault.status ?? 200, fault.body) }
    if (isFailure(fault)) return { ...base, ...errorReply(input) }
  }
  const answer = input.answer()
  if (input.request.stream) {
    const steps = streamSteps({
      frames: input.dialect.frames(answer),
      fault,
      dialect: input.dialect,
      errorBody: () => errorOf(input).body,
    })
    return { ...base, ...chunked(input, fault.status ?? 200, steps.steps, steps.ending) }
  }
  const delayHeadersMs = base.delayHeadersMs + waitBeforeBody(fault, answer.outputTokens)
  const body = fault.errorAfterTokens === undefined ? input.dialect.message(answer) : errorOf(input).body
  return {
    delayHeadersMs,
    ...sized(input, fault.status ?? 200, toBytes(body), 'application/json', answer.outputTokens),
  }
}

/** Whether the fault answers with an error instead of words, so that no limit counts the request. */
export function isFailure(fault: Fault): boolean {
  if (fault.resetBeforeHeaders || fault.cutBeforeHeaders || fault.silence) return true
  if (fault.errorAfterTokens !== undefined) return false
  return fault.error !== undefined || fault.body !== undefined || (fault.status ?? 200) >= 300
}

const NOTHING = { status: 0, headers: {}, steps: [], ending: 'end' } as const

type Body = Omit<Reply, 'delayHeadersMs'>

function errorReply(input: ReplyInput): Body {
  const { status, body } = errorOf(input)
  if (status < 300 && input.request.stream) {
    const text = input.dialect.errorFrame(body)
    return chunked(input, status, [{ kind: 'write', bytes: Buffer.from(text), tokens: 0 }], 'end')
  }
  return sized(input, status, toBytes(body), 'application/json', 0)
}

function rawReply(input: ReplyInput, status: number, body: unknown): Body {
  const bytes = toBytes(body)
  const type = contentTypeOf(body, bytes)
  if (type.startsWith('text/event-stream')) return chunked(input, status, [{ kind: 'write', bytes, tokens: 0 }], 'end')
  return sized(input, status, bytes, type, 0)
}

function chunked(input: ReplyInput, status: number, steps: readonly Step[], ending: Ending): Body {
  const headers = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' }
  const broken = breakAtByte({ steps, ending }, byteBreak(input.fault))
  return { ...broken, status, headers: { ...headers, ...input.headers, ...input.fault.headers } }
}

function sized(input: ReplyInput, status: number, body: Buffer, type: string, tokens: number): Body {
  const { fault } = input
  const { bytes, steps, ending } = bodySteps(body, tokens, fault)
  const headers = { 'content-type': type, 'content-length': `${bytes + (fault.contentLengthExtra ?? 0)}` }
  return { steps, ending, status, headers: { ...headers, ...input.headers, ...fault.headers } }
}

function errorOf({ fault, dialect, request, serial }: ReplyInput): { status: number; body: unknown } {
  const kind = fault.error ?? kindOf(fault.status ?? 500)
  const answer = dialect.error(kind, { model: request.model ?? '', serial })
  return { status: fault.status ?? answer.status, body: fault.body ?? answer.body }
}

function kindOf(status: number): ErrorKind {
  const known = KINDS_BY_STATUS.get(status)
  return known ?? (status >= 500 ? 'server_error' : 'invalid_request')
}

const KINDS_BY_STATUS: ReadonlyMap<number, ErrorKind> = new Map([
  [401, 'invalid_key'],
  [402, 'insufficient_quota'],
  [403, 'permission'],
  [404, 'model_not_found'],
  [408, 'timeout'],
  [413, 'request_too_large'],
  [429, 'rate_limited'],
  [503, 'unavailable'],
  [504, 'timeout'],
  [529, 'overloaded'],
])

function toBytes(body: unknown): Buffer {
  if (typeof body === 'string') return Buffer.from(body)
  return body instanceof Uint8Array ? Buffer.from(body) : Buffer.from(JSON.stringify(body))
}

function contentTypeOf(body: unknown, bytes: Buffer): string {
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) return 'application/json'
  const start = bytes
    .subarray(0, 64)
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .trimStart()
  if (/^(data|event|id|retry)?:/.test(start)) return 'text/event-stream; charset=utf-8'
  if (start.startsWith('<')) return 'text/html; charset=utf-8'
  return /^[[{]/.test(start) ? 'application/json' : 'text/plain; charset=utf-8'
}
