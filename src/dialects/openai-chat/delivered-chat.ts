import { DeliveredText, type DisarmedBy, MAX_DELIVERED_CHARACTERS } from '../../recovery/index.ts'
import { countIn, type JsonObject } from '../json.ts'
import type { Chunk, ReasoningKey } from './chunk.ts'

/** Providers that send more than one token in an event are known by this: hardly a token has more characters. */
const MAX_CHARACTERS_PER_TOKEN = 8
/** About right for English and code: https://help.openai.com/en/articles/4936856-what-are-tokens-and-how-to-count-them */
const CHARACTERS_PER_TOKEN = 4

/** The answer as the caller has it: what came out of the trail, and nothing else. */
export class DeliveredChat {
  readonly #keeps: boolean
  readonly #text = new DeliveredText()
  /** Only until there is text: from then on nobody asks for it. */
  readonly #reasoning = new DeliveredText()
  #textEvents = 0
  #hasText = false
  #endsInReasoning = false
  #reasoningKey: ReasoningKey | undefined
  #id: string | undefined
  #created: number | undefined
  #hasRole = false
  #isFinished = false
  #disarmedBy: DisarmedBy | undefined

  /** @param keeps is what was said kept, for another attempt to go on from? */
  constructor(keeps: boolean) {
    this.#keeps = keeps
  }

  get text(): string {
    return this.#text.text
  }

  /** Empty once there is text. */
  get reasoning(): string {
    return this.#reasoning.text
  }

  /** The latest that was delivered is reasoning behind a text. */
  get endsInReasoning(): boolean {
    return this.#endsInReasoning && this.#hasText
  }

  /** The field the caller knows the reasoning from. */
  get reasoningKey(): ReasoningKey | undefined {
    return this.#reasoningKey
  }

  get hasRole(): boolean {
    return this.#hasRole
  }

  /** Its finish reason has been told. */
  get isFinished(): boolean {
    return this.#isFinished
  }

  get disarmedBy(): DisarmedBy | undefined {
    return this.#disarmedBy
  }

  /** About how many tokens the text has: most providers send one in each event. */
  get textTokens(): number {
    const { length } = this.#text
    return length > this.#textEvents * MAX_CHARACTERS_PER_TOKEN
      ? Math.ceil(length / CHARACTERS_PER_TOKEN)
      : this.#textEvents
  }

  /** What all chunks of this answer have in common; empty before any was delivered. */
  get identity(): { readonly id?: string; readonly created?: number } {
    return {
      ...(this.#id === undefined ? undefined : { id: this.#id }),
      ...(this.#created === undefined ? undefined : { created: this.#created }),
    }
  }

  note(event: object, chunk: Chunk): void {
    this.#isFinished ||= chunk.isFinish
    if (!this.#keeps) return
    if (this.#id === undefined) this.#identify(event as JsonObject)
    this.#hasRole ||= chunk.hasRole
    if (chunk.reasoning !== '') {
      this.#reasoningKey ??= chunk.reasoningKey
      this.#noteReasoning()
      if (this.#keepsReasoning) this.#reasoning.append(chunk.reasoning)
    }
    if (chunk.text !== '') {
      this.#noteText()
      if (this.#disarmedBy === undefined) this.#text.append(chunk.text)
    }
    if (chunk.calls.length > 0) this.#disarm('tool_call')
    else if (chunk.foreign !== undefined) this.#disarm(chunk.foreign)
    else if (chunk.isSigned) this.#disarm('signed_reasoning')
    else if (chunk.isFinish) this.#disarm('finished')
    this.#limit()
  }

  /** Notes a text or reasoning as it stands in JSON. */
  noteEscaped(key: string, bytes: Buffer, start: number, end: number): void {
    if (start === end || !this.#keeps || this.#disarmedBy !== undefined) return
    if (key === 'content') {
      this.#noteText()
      this.#text.appendEscaped(bytes, start, end)
    } else if (key === 'reasoning_content' || key === 'reasoning') {
      this.#reasoningKey ??= key
      if (key !== this.#reasoningKey) return
      this.#noteReasoning()
      if (this.#keepsReasoning) this.#reasoning.appendEscaped(bytes, start, end)
    }
    this.#limit()
  }

  /** The reasoning that follows is another one from its beginning. */
  beginReasoningAgain(): void {
    this.#reasoning.clear()
  }

  #identify({ id, created }: JsonObject): void {
    // Azure's first chunk has an empty id, and no time.
    if (typeof id !== 'string' || id === '') return
    this.#id = id
    this.#created = countIn(created)
  }

  get #keepsReasoning(): boolean {
    return !this.#hasText && this.#disarmedBy === undefined
  }

  #noteText(): void {
    this.#textEvents += 1
    this.#endsInReasoning = false
    if (this.#hasText) return
    this.#hasText = true
    this.#reasoning.clear()
  }

  #noteReasoning(): void {
    this.#endsInReasoning = true
  }

  #limit(): void {
    const kept = this.#text.isEmpty ? this.#reasoning : this.#text
    if (kept.maxLength > MAX_DELIVERED_CHARACTERS && kept.length > MAX_DELIVERED_CHARACTERS) this.#disarm('too_long')
  }

  /** Nobody will go on, whatever comes: what was kept is dropped. */
  #disarm(reason: DisarmedBy): void {
    this.#disarmedBy ??= reason
    this.#text.clear()
    this.#reasoning.clear()
  }
}
