import type { AnswerFlaw, ReportedFailure, TokenCounts } from '../dialect.ts'
import { errorObjectOf } from '../error-object.ts'
import { flawOfFinish } from '../flaws.ts'
import { asObject, countIn, hasSubstance, type JsonObject, objectsIn } from '../json.ts'
import { tokenCounts } from '../token-counts.ts'

/** Fields of a delta or message that hold what a caller waits for. `reasoning*` are DeepSeek's and OpenRouter's. */
const CONTENT_KEYS = [
  'content',
  'tool_calls',
  'reasoning_content',
  'reasoning',
  'reasoning_details',
  'refusal',
  'function_call',
  'audio',
  'images',
]

/**
 * Finish reasons that say the provider failed, not that the answer is done.
 *
 * `error` https://openrouter.ai/docs/api-reference/errors, `error_finish` relays, `insufficient_system_resource`
 * https://api-docs.deepseek.com/api/create-chat-completion, `network_error` https://docs.z.ai/api-reference, `abort`
 * https://docs.vllm.ai (the server gave the request up)
 */
const FAILED_FINISH: ReadonlyMap<string, AnswerFlaw> = new Map<string, AnswerFlaw>([
  ['error', 'failed'],
  ['error_finish', 'failed'],
  ['network_error', 'failed'],
  ['abort', 'failed'],
  ['insufficient_system_resource', 'no_capacity'],
])

/**
 * Finish reasons that say why there is no more of an answer that did end. `sensitive` https://docs.z.ai/api-reference;
 * the others are Gemini's and Anthropic's, as relays and Gemini's own OpenAI endpoint pass them on.
 */
const FLAWED_FINISH: ReadonlyMap<string, AnswerFlaw> = new Map<string, AnswerFlaw>([
  ['content_filter', 'withheld'],
  ['sensitive', 'withheld'],
  ['safety', 'withheld'],
  ['recitation', 'withheld'],
  ['prohibited_content', 'withheld'],
  ['blocklist', 'withheld'],
  ['spii', 'withheld'],
  ['refusal', 'refused'],
  ['model_context_window_exceeded', 'no_room'],
  ['function_call_filter', 'malformed_call'],
  ['malformed_function_call', 'malformed_call'],
])

/** The choices of a chunk or a whole answer, of chat completions and of the older completions. */
export function choicesOf(event: unknown): readonly JsonObject[] {
  return objectsIn(asObject(event)?.choices)
}

/** Why a choice ended; absent while it goes on. */
export function finishReasonOf(choice: JsonObject): string | undefined {
  const reason = choice.finish_reason
  return typeof reason === 'string' && reason !== '' ? reason : undefined
}

/** What a finish reason says is wrong with the answer. Gemini's endpoint adds a detail: `content_filter: SPII`. */
export function flawIn(finishReason: string): AnswerFlaw | undefined {
  return FLAWED_FINISH.get(finishReason.split(':', 1)[0]?.toLowerCase() ?? '')
}

/** A chunk or a whole answer; MiniMax sends `choices: null` beside its errors. */
export function recognises(event: unknown): boolean {
  const body = asObject(event)
  return body !== undefined && (Array.isArray(body.choices) || asObject(body.base_resp) !== undefined)
}

export function isContent(event: unknown): boolean {
  return choicesOf(event).some(hasContent)
}

/** Does this choice hold something that a caller waits for? Older completions have their text in the choice itself. */
export function hasContent(choice: JsonObject): boolean {
  const piece = asObject(choice.delta) ?? asObject(choice.message)
  if (piece === undefined) return hasSubstance(choice.text)
  return CONTENT_KEYS.some((key) => hasSubstance(piece[key]))
}

export function textOf(event: unknown): string {
  const [choice] = choicesOf(event)
  const content = (asObject(choice?.delta) ?? asObject(choice?.message))?.content
  return typeof content === 'string' ? content : ''
}

export function isTerminal(event: unknown): boolean {
  return choicesOf(event).some((choice) => finishReasonOf(choice) !== undefined)
}

export function isWholeAnswer(body: unknown): boolean {
  return choicesOf(body).some((choice) => asObject(choice.message) !== undefined)
}

export function errorOf(event: unknown): ReportedFailure | undefined {
  const reported = errorObjectOf(event)
  if (reported !== undefined) return reported
  for (const choice of choicesOf(event)) {
    // OpenRouter: https://openrouter.ai/docs/api-reference/errors
    const ofChoice = errorObjectOf(choice)
    if (ofChoice !== undefined) return ofChoice
    const finish = finishReasonOf(choice)
    const flaw = finish === undefined ? undefined : FAILED_FINISH.get(finish)
    if (finish !== undefined && flaw !== undefined) return flawOfFinish(flaw, finish)
  }
  return undefined
}

/** Groq's streams carry the counts under `x_groq`. */
export function usageOf(event: unknown): TokenCounts | undefined {
  const body = asObject(event)
  const usage = asObject(body?.usage) ?? asObject(asObject(body?.x_groq)?.usage)
  return tokenCounts(countIn(usage?.prompt_tokens), countIn(usage?.completion_tokens))
}
