import type { DisarmedBy } from '../../recovery/index.ts'
import { asObject, countIn, hasSubstance, type JsonObject } from '../json.ts'

/** Fields of a delta that are understood, and those of them that are texts. */
const TEXT_KEYS: ReadonlySet<string> = new Set(['content', 'reasoning_content', 'reasoning'])
const OTHER_KEYS: ReadonlySet<string> = new Set(['role', 'tool_calls', 'function_call', 'reasoning_details'])

/**
 * Lists and objects beside the delta that say nothing of the answer: counts, what filters found (Azure), timings
 * (llama.cpp, Cerebras), tokens by number (vLLM), an envelope (MiniMax); a failure is
 * judged elsewhere.
 */
const METADATA_KEYS: ReadonlySet<string> = new Set([
  'choices',
  'delta',
  'error',
  'usage',
  'x_groq',
  'timings',
  'time_info',
  'perf_metrics',
  'metrics',
  'metadata',
  'base_resp',
  'nvext',
  'prompt_filter_results',
  'prompt_token_ids',
  'token_ids',
  'content_filter_results',
  'content_filter_result',
  'content_filter_offsets',
  'kv_transfer_params',
])

/**
 * What of a chunk another attempt would not bring the same way: citations, pictures, sound, refusals, whatever comes next
 * year. Only what is known can be continued.
 */
export function foreignIn(event: JsonObject, choices: readonly JsonObject[]): DisarmedBy | undefined {
  const [choice] = choices
  if (choices.length > 1 || (countIn(choice?.index) ?? 0) > 0) return 'several_choices'
  const isForeign = some(event, isForeignBeside) || some(choice, isForeignInChoice) || some(choice?.delta, isForeignIn)
  return isForeign ? 'other_content' : undefined
}

function isForeignIn(key: string, value: unknown): boolean {
  if (TEXT_KEYS.has(key)) return typeof value !== 'string' && value !== null && value !== undefined
  return !OTHER_KEYS.has(key) && hasSubstance(value)
}

/** Beside the delta, numbers and texts are ids, names and reasons. */
function isForeignBeside(key: string, value: unknown): boolean {
  return typeof value === 'object' && !METADATA_KEYS.has(key) && hasSubstance(value)
}

/** `text` is that of the older completions. */
function isForeignInChoice(key: string, value: unknown): boolean {
  return isForeignBeside(key, value) || (key === 'text' && hasSubstance(value))
}

function some(holder: unknown, isMeant: (key: string, value: unknown) => boolean): boolean {
  const object = asObject(holder)
  for (const key in object) if (isMeant(key, object[key])) return true
  return false
}
