import type { PrefillMode } from './prefill.ts'
import { type FaultRequest, isRecord } from './request.ts'

export interface ToolCall {
  readonly name: string
  /** An object, or the JSON text as it is (which may be broken on purpose). */
  readonly arguments: unknown
  /** Default: made up in the dialect's form. */
  readonly id?: string
}

/** What a healthy answer says, in either dialect. */
export interface Answer {
  readonly text?: string
  readonly reasoning?: string
  readonly toolCalls?: readonly ToolCall[]
  /** Default `tool_calls` where there are any, else `stop`. */
  readonly finishReason?: FinishReason
}

export type FinishReason = (typeof FINISH_REASONS)[number]

export const FINISH_REASONS = ['stop', 'length', 'tool_calls', 'content_filter'] as const

export type AnswerSource = (request: FaultRequest) => string | Answer

/** An answer cut into tokens, with all that the dialects need to write it down. */
export interface PlannedAnswer {
  /** Distinguishes this answer's ids from all others of the provider. */
  readonly serial: string
  readonly model: string
  /** Epoch seconds. */
  readonly created: number
  readonly reasoning: readonly string[]
  readonly text: readonly string[]
  readonly toolCalls: readonly {
    readonly id: string | undefined
    readonly name: string
    readonly fragments: readonly string[]
  }[]
  readonly finishReason: FinishReason
  readonly inputTokens: number
  readonly outputTokens: number
  readonly withUsage: boolean
}

/** Sixty tokens, all different, so that a doubled or missing one shows; some of more than one byte a character. */
export const DEFAULT_ANSWER =
  'When one provider fails, another quietly takes over: requests keep flowing, readers notice nothing, and every word ' +
  'still arrives exactly once. Servers in Zürich, 東京 or São Paulo may stall, reset connections, return nonsense; a good ' +
  'failover layer waits briefly, tries again elsewhere, remembers what went wrong, comes back later, spends no money ' +
  'twice. Afterwards 🎉 everyone sleeps all night.'

/** A token is a word with the white space behind it. */
export function splitTokens(text: string): string[] {
  return text.match(/\s*\S+\s*|\s+/g) ?? []
}

/** Tool arguments travel in fragments that respect nothing, neither words nor escapes. */
export function splitFragments(json: string, length = 8): string[] {
  const characters = [...json]
  return Array.from({ length: Math.ceil(characters.length / length) }, (_, i) =>
    characters.slice(i * length, (i + 1) * length).join(''),
  )
}

export interface AnswerPlanInput {
  readonly request: FaultRequest
  readonly answer: string | Answer
  readonly prefill: PrefillMode
  readonly splitTokens: (text: string) => readonly string[]
  readonly omitUsage: boolean
  readonly serial: string
  readonly nowMs: number
}

export function planAnswer(input: AnswerPlanInput): PlannedAnswer {
  const { request } = input
  const answer: Answer = typeof input.answer === 'string' ? { text: input.answer } : input.answer
  const full = answer.text ?? ''
  const given = input.prefill === 'continue' ? prefillOf(request.body) : undefined
  const isContinued = given !== undefined && given !== '' && full.startsWith(given)
  const text = input.splitTokens(isContinued ? full.slice(given.length) : full)
  const reasoning = isContinued ? [] : input.splitTokens(answer.reasoning ?? '')
  const toolCalls = (answer.toolCalls ?? []).map((call) => ({
    id: call.id,
    name: call.name,
    fragments: splitFragments(typeof call.arguments === 'string' ? call.arguments : JSON.stringify(call.arguments)),
  }))
  return {
    serial: input.serial,
    model: request.model ?? '',
    created: Math.floor(input.nowMs / 1000),
    reasoning,
    text,
    toolCalls,
    finishReason: answer.finishReason ?? (toolCalls.length > 0 ? 'tool_calls' : 'stop'),
    inputTokens: Math.ceil(request.bodyBytes / 4),
    outputTokens: toolCalls.reduce((sum, call) => sum + call.fragments.length, reasoning.length + text.length),
    withUsage: !input.omitUsage && (request.dialect === 'anthropic' || !request.stream || asksForUsage(request.body)),
  }
}

/** The text of an assistant message that comes last; undefined where the conversation ends otherwise. */
export function prefillOf(body: unknown): string | undefined {
  const messages = isRecord(body) ? body.messages : undefined
  const last: unknown = Array.isArray(messages) ? messages.at(-1) : undefined
  if (!isRecord(last) || last.role !== 'assistant') return undefined
  if (typeof last.content === 'string') return last.content
  if (!Array.isArray(last.content)) return ''
  return last.content
    .map((part: unknown) => (isRecord(part) && typeof part.text === 'string' ? part.text : ''))
    .join('')
}

function asksForUsage(body: unknown): boolean {
  return isRecord(body) && isRecord(body.stream_options) && body.stream_options.include_usage === true
}
