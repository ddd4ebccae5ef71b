import type { DisarmedBy } from '../../recovery/index.ts'
import { asObject, countIn, hasSubstance, type JsonObject, objectsIn } from '../json.ts'
import { choicesOf, finishReasonOf } from './events.ts'
import { foreignIn } from './foreign-content.ts'

/** Where reasoning stands: DeepSeek's field, OpenRouter's, and OpenRouter's list. Some servers send it twice. */
export const REASONING_KEYS = ['reasoning_content', 'reasoning', 'reasoning_details'] as const

export type ReasoningKey = (typeof REASONING_KEYS)[number]

/** One chunk of a streamed answer, as far as it matters to whoever continues the answer. */
export interface Chunk {
  /** Of its only choice. */
  readonly delta: JsonObject | undefined
  readonly text: string
  readonly reasoning: string
  readonly reasoningKey: ReasoningKey | undefined
  /** Its reasoning is signed or encrypted, or will be. */
  readonly isSigned: boolean
  /** Pieces of tool calls, or of the one call that `function_call` is. */
  readonly calls: readonly JsonObject[]
  readonly isFinish: boolean
  readonly hasRole: boolean
  /** Something in it that another attempt would not bring the same way. */
  readonly foreign: DisarmedBy | undefined
}

export function readChunk(event: object): Chunk {
  const choices = choicesOf(event)
  const [choice] = choices
  const delta = asObject(choice?.delta)
  const reasoning = reasoningIn(delta)
  return {
    delta,
    text: typeof delta?.content === 'string' ? delta.content : '',
    reasoning: reasoning?.text ?? '',
    reasoningKey: reasoning?.key,
    isSigned: objectsIn(delta?.reasoning_details).some(isSigned),
    calls: callsIn(delta),
    isFinish: choice !== undefined && finishReasonOf(choice) !== undefined,
    hasRole: hasSubstance(delta?.role),
    foreign: foreignIn(event as JsonObject, choices),
  }
}

/** The texts of a chunk's delta under the keys that a trail notes; a server that sends its reasoning twice has both. */
export function textsOf(event: object): Readonly<Record<'content' | 'reasoning_content' | 'reasoning', string>> {
  const delta = asObject(choicesOf(event)[0]?.delta)
  return {
    content: textIn(delta?.content),
    reasoning_content: textIn(delta?.reasoning_content),
    reasoning: textIn(delta?.reasoning),
  }
}

function textIn(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** Pieces of tool calls in a delta. */
export function callsIn(delta: JsonObject | undefined): readonly JsonObject[] {
  const { tool_calls: calls, function_call: call } = delta ?? {}
  const single = asObject(call)
  return single === undefined ? objectsIn(calls) : [...objectsIn(calls), { function: single }]
}

/** The index and id that tell one tool call from another; what a piece does not say is absent. */
export function identityOf({ index, id }: JsonObject): { readonly index?: number; readonly id?: string } {
  const place = countIn(index)
  return {
    ...(place === undefined ? undefined : { index: place }),
    ...(typeof id === 'string' && id !== '' ? { id } : undefined),
  }
}

/** Characters that a tool call is given: a function's arguments, or the input of a custom tool. */
export function argumentCharacters({ function: called, custom }: JsonObject): number {
  return lengthOf(asObject(called)?.arguments) + lengthOf(asObject(custom)?.input)
}

function lengthOf(value: unknown): number {
  return typeof value === 'string' ? value.length : 0
}

/** The reasoning of a delta: of its fields the first that has something counts. */
export function reasoningIn(
  delta: JsonObject | undefined,
): { readonly key: ReasoningKey; readonly text: string } | undefined {
  for (const key of REASONING_KEYS) {
    const value = delta?.[key]
    const text = typeof value === 'string' ? value : objectsIn(value).map(plainThought).join('')
    if (text !== '') return { key, text }
  }
  return undefined
}

/** https://openrouter.ai/docs/guides/best-practices/reasoning-tokens */
function plainThought({ text, summary }: JsonObject): string {
  if (typeof text === 'string') return text
  return typeof summary === 'string' ? summary : ''
}

/**
 * Every format that has a name there ends with a signature, or with the same encrypted: it is the vendor's own, who wants
 * it back as it was.
 */
function isSigned({ signature, data, format }: JsonObject): boolean {
  return hasSubstance(signature) || hasSubstance(data) || (hasSubstance(format) && format !== 'unknown')
}
