import { asObject, hasSubstance } from '../json.ts'
import {
  argumentCharacters,
  type Chunk,
  callsIn,
  REASONING_KEYS,
  type ReasoningKey,
  readChunk,
  reasoningIn,
} from './chunk.ts'
import { choicesOf } from './events.ts'

/** What is to be told of a chunk, where that is not all of it. */
export interface ToldParts {
  readonly text: string
  readonly reasoning: string
  /** The field the caller knows the reasoning from. Default: the chunk's own. */
  readonly reasoningKey?: ReasoningKey | undefined
  /** Are its signatures told, or encrypted reasoning? */
  readonly isSigned: boolean
  readonly hasRole: boolean
}

/** The chunk with these parts in the place of its own; all else stays. */
export function withParts(event: object, chunk: Chunk, parts: ToldParts): object {
  if (chunk.delta === undefined && parts.text === '') return event
  const delta: Record<string, unknown> = { ...chunk.delta }
  if (!parts.hasRole) delete delta.role
  if (parts.text !== chunk.text) delta.content = parts.text
  const { reasoningKey: key = chunk.reasoningKey, reasoning } = parts
  const isChanged = reasoning !== chunk.reasoning || key !== chunk.reasoningKey || parts.isSigned !== chunk.isSigned
  if (isChanged) setReasoning(delta, key, reasoning)
  const [choice, ...others] = choicesOf(event)
  return { ...event, choices: [{ ...choice, delta }, ...others] }
}

/** In all the fields that it stands in, where the caller's own is among them; else there alone. */
function setReasoning(delta: Record<string, unknown>, key: ReasoningKey | undefined, reasoning: string): void {
  const present = REASONING_KEYS.filter((name) => hasSubstance(delta[name]))
  for (const name of REASONING_KEYS) delete delta[name]
  if (reasoning === '' || key === undefined) return
  for (const name of present.includes(key) ? present : [key]) {
    delta[name] = name === 'reasoning_details' ? [{ type: 'reasoning.text', text: reasoning, index: 0 }] : reasoning
  }
}

/** Characters of whatever a caller waits for. */
export function charactersOf(event: object): number {
  let characters = 0
  for (const choice of choicesOf(event)) {
    const delta = asObject(choice.delta)
    for (const text of [delta?.content, delta?.refusal, reasoningIn(delta)?.text]) {
      if (typeof text === 'string') characters += text.length
    }
    for (const call of callsIn(delta)) characters += argumentCharacters(call)
  }
  return characters
}

/** The chunk without the first characters of its text; undefined where nothing is left of it. */
export function withoutPrefix(event: object, characters: number): object | undefined {
  const chunk = readChunk(event)
  const text = chunk.text.slice(characters)
  const { reasoning, isSigned, hasRole } = chunk
  const isOther = chunk.isSigned || chunk.calls.length > 0 || chunk.isFinish || chunk.foreign !== undefined
  if (text === '' && reasoning === '' && !isOther) return undefined
  return characters === 0 ? event : withParts(event, chunk, { text, reasoning, isSigned, hasRole })
}
