import type { DisarmedBy } from '../../recovery/index.ts'
import { asObject, countIn, hasSubstance } from '../json.ts'
import type { RequestBody } from '../request-body.ts'

/**
 * Members by which an answer is made to fit a schema or grammar as a whole, beside OpenAI's own `response_format`: those of
 * vLLM (https://docs.vllm.ai/en/latest/features/structured_outputs.html) and llama.cpp's server.
 */
const SCHEMA_MEMBERS = [
  'structured_outputs',
  'guided_json',
  'guided_regex',
  'guided_choice',
  'guided_grammar',
  'grammar',
  'json_schema',
] as const

/** The members of a request that these functions look at. */
export const CONTINUATION_MEMBERS: readonly string[] = [
  'messages',
  'n',
  'tools',
  'tool_stream',
  'tool_choice',
  'function_call',
  'response_format',
  'modalities',
  'audio',
  'logprobs',
  'thinking',
  'enable_thinking',
  'reasoning',
  'reasoning_effort',
  ...SCHEMA_MEMBERS,
]

/** Why answers to this request cannot be continued. */
export function disarmedBy(body: RequestBody): DisarmedBy | undefined {
  if ((countIn(body.member('n')) ?? 1) > 1) return 'several_choices'
  if (isStructured(body)) return 'structured_output'
  const modalities = body.member('modalities')
  const isText = !Array.isArray(modalities) || modalities.every((modality) => modality === 'text')
  const isPlain = isText && asObject(body.member('audio')) === undefined && body.member('logprobs') !== true
  return isPlain ? undefined : 'other_content'
}

function isStructured(body: RequestBody): boolean {
  const { type = 'text' } = asObject(body.member('response_format')) ?? {}
  return type !== 'text' || SCHEMA_MEMBERS.some((member) => hasSubstance(body.member(member)))
}

/**
 * `tool_stream`: https://docs.z.ai/guides/tools/stream-tool; `eager_input_streaming`, for relays to Anthropic:
 * https://platform.claude.com/docs/en/agents-and-tools/tool-use/fine-grained-tool-streaming
 */
export function wantsEagerCalls(body: RequestBody): boolean {
  if (body.member('tool_stream') === true) return true
  for (const item of body.items('tools')) {
    const tool = asObject(item)
    if (tool?.eager_input_streaming === true || asObject(tool?.function)?.eager_input_streaming === true) return true
  }
  return false
}

/**
 * A prefill is the answer's own text: it fits neither a schema, nor a call that is forced, nor a request that has one
 * already, nor one that asks to reason first.
 */
export function fitsPrefill(body: RequestBody): boolean {
  let last: unknown
  for (const message of body.items('messages')) last = message
  if (last === undefined || asObject(last)?.role === 'assistant') return false
  return !isStructured(body) && !isCallForced(body) && !asksToReason(body)
}

function isCallForced(body: RequestBody): boolean {
  return [body.member('tool_choice'), body.member('function_call')].some(
    (choice) => choice !== 'auto' && choice !== 'none' && hasSubstance(choice),
  )
}

/**
 * OpenAI's and OpenRouter's word for it, DeepSeek's and z.ai's, Qwen's. Partial answers and thinking exclude each other:
 * https://www.alibabacloud.com/help/en/model-studio/partial-mode
 */
function asksToReason(body: RequestBody): boolean {
  const effort = body.member('reasoning_effort')
  const thinking = asObject(body.member('thinking'))
  const reasoning = asObject(body.member('reasoning'))
  return (
    (hasSubstance(effort) && effort !== 'none') ||
    (thinking !== undefined && thinking.type !== 'disabled') ||
    body.member('enable_thinking') === true ||
    (reasoning !== undefined && reasoning.enabled !== false && reasoning.effort !== 'none')
  )
}
