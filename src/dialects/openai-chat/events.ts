import type { EventFailure, TokenCounts } from '../dialect.ts'
import { errorObjectOf } from '../error-object.ts'
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
 * `error` https://openrouter.ai/docs/api-reference/errors, `insufficient_system_resource`
 * https://api-docs.deepseek.com/api/create-chat-completion, `network_error` https://docs.z.ai/api-reference
 */
const FAILED_FINISH: ReadonlyMap<unknown, EventFailure> = new Map<unknown, EventFailure>([
  ['error', { message: 'the provider ended the answer with finish_reason "error"', reason: 'server_error' }],
  [
    'network_error',
    { message: 'the provider ended the answer with finish_reason "network_error"', reason: 'server_error' },
  ],
  [
    'insufficient_system_resource',
    {
      message: 'the provider ended the answer with finish_reason "insufficient_system_resource"',
      reason: 'overloaded',
    },
  ],
])

export function choicesOf(event: unknown): readonly JsonObject[] {
  return objectsIn(asObject(event)?.choices)
}

/** Why a choice ended; absent while it goes on. */
export function finishReasonOf(choice: JsonObject): string | undefined {
  const reason = choice.finish_reason
  return typeof reason === 'string' && reason !== '' ? reason : undefined
}

export function isContent(event: unknown): boolean {
  return choicesOf(event).some((choice) => {
    const piece = asObject(choice.delta) ?? asObject(choice.message)
    return piece !== undefined && CONTENT_KEYS.some((key) => hasSubstance(piece[key]))
  })
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

export function errorOf(event: unknown): EventFailure | undefined {
  const reported = errorObjectOf(event)
  if (reported !== undefined) return reported
  for (const choice of choicesOf(event)) {
    const failed = FAILED_FINISH.get(choice.finish_reason)
    if (failed !== undefined) return failed
  }
  return undefined
}

/** Groq's streams carry the counts under `x_groq`. */
export function usageOf(event: unknown): TokenCounts | undefined {
  const body = asObject(event)
  const usage = asObject(body?.usage) ?? asObject(asObject(body?.x_groq)?.usage)
  return tokenCounts(countIn(usage?.prompt_tokens), countIn(usage?.completion_tokens))
}
