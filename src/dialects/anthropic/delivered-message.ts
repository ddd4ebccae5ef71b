import { DeliveredText, type DisarmedBy, MAX_DELIVERED_CHARACTERS } from '../../recovery/index.ts'
import { asObject, hasSubstance, type JsonObject } from '../json.ts'
import { stopReasonOf } from './events.ts'

/** A block of the message as the caller has it. */
export interface DeliveredBlock {
  readonly index: number
  readonly kind: 'text' | 'thinking' | 'other'
  /** What it says; of a thinking block only while it is open. */
  readonly text: DeliveredText
  isOpen: boolean
  /** It ends, or will end, with a signature that only its maker can give; or it is encrypted. */
  isSigned: boolean
  /** It was closed before it was whole, since nobody went on with it. */
  isBroken: boolean
}

/** The message as the caller has it: what came out of the trail, and nothing else. */
export class DeliveredMessage {
  readonly #keeps: boolean
  readonly #blocks: DeliveredBlock[] = []
  #open: DeliveredBlock | undefined
  #usage: JsonObject | undefined
  #hasStarted = false
  #isFinished = false
  #disarmedBy: DisarmedBy | undefined
  /** Characters of the blocks that are closed. */
  #closedCharacters = 0
  #thinkingCharacters = 0

  /** @param keeps is what was said kept, for another attempt to go on from? */
  constructor(keeps: boolean) {
    this.#keeps = keeps
  }

  get blocks(): readonly DeliveredBlock[] {
    return this.#blocks
  }

  /** The block that has begun and not ended. */
  get open(): DeliveredBlock | undefined {
    return this.#open
  }

  get nextIndex(): number {
    return (this.#blocks.at(-1)?.index ?? -1) + 1
  }

  /** Has `message_start` been delivered? */
  get hasStarted(): boolean {
    return this.#hasStarted
  }

  /** The token counts of `message_start`. */
  get usage(): JsonObject | undefined {
    return this.#usage
  }

  /** How many blocks of thinking have been delivered from their beginning to their end, behind all text. */
  get wholeThoughtsBehindText(): number {
    const behind = this.#blocks.slice(this.#blocks.findLastIndex(({ kind }) => kind === 'text') + 1)
    return behind.filter(({ kind, isOpen, isBroken }) => kind === 'thinking' && !isOpen && !isBroken).length
  }

  /** Characters of thinking in blocks that are closed. */
  get thinkingCharacters(): number {
    return this.#thinkingCharacters
  }

  /** The blocks of text, in their order. */
  get texts(): readonly DeliveredBlock[] {
    return this.#blocks.filter(({ kind }) => kind === 'text')
  }

  /** All text, over the borders of blocks; no thinking. */
  get text(): string {
    return this.texts.map(({ text }) => text.text).join('')
  }

  /** Its stop reason has been told. */
  get isFinished(): boolean {
    return this.#isFinished
  }

  get disarmedBy(): DisarmedBy | undefined {
    return this.#disarmedBy ?? (this.#open?.isSigned === true ? 'signed_reasoning' : undefined)
  }

  note(event: object): void {
    const body = event as JsonObject
    switch (body.type) {
      case 'content_block_delta':
        this.#noteDelta(body.index, asObject(body.delta))
        return
      case 'content_block_start':
        this.#begin(body.index, asObject(body.content_block))
        return
      case 'content_block_stop':
        this.#close(body.index)
        return
      case 'message_start':
        this.#hasStarted = true
        this.#usage = asObject(asObject(body.message)?.usage)
        if (hasSubstance(asObject(body.message)?.content)) this.#disarm('other_content')
        return
      case 'message_delta':
        // It tells how the message ended, once and for all.
        if (stopReasonOf(event) === undefined) return
        this.#isFinished = true
        this.#disarm('finished')
    }
  }

  /** Notes text or thinking of the open block, as it stands in JSON. */
  noteEscaped(key: string, bytes: Buffer, start: number, end: number): void {
    const block = this.#open
    if (block === undefined || block.kind !== key || !this.#isKept) return
    block.text.appendEscaped(bytes, start, end)
    this.#limit()
  }

  #begin(index: unknown, content: JsonObject | undefined): void {
    // Blocks come one behind another; what does not cannot be followed.
    if (this.#open !== undefined || typeof index !== 'number' || index < this.nextIndex) this.#disarm('other_content')
    const block: DeliveredBlock = {
      index: typeof index === 'number' ? index : this.nextIndex,
      kind: kindOf(content?.type),
      text: new DeliveredText(),
      isOpen: true,
      isSigned: content !== undefined && isSigned(content),
      isBroken: false,
    }
    this.#blocks.push(block)
    this.#open = block
    if (block.kind === 'other') this.#disarm(content?.type === 'tool_use' ? 'tool_call' : 'other_content')
    else if (hasSubstance(content?.citations)) this.#disarm('other_content')
    else this.#append(block, content?.[block.kind])
  }

  #noteDelta(index: unknown, delta: JsonObject | undefined): void {
    const block = this.#open
    if (block === undefined || block.index !== index) this.#disarm('other_content')
    else if (block.kind === 'text' && delta?.type === 'text_delta') this.#append(block, delta.text)
    else if (block.kind === 'thinking' && delta?.type === 'thinking_delta') this.#append(block, delta.thinking)
    else if (block.kind === 'thinking' && delta?.type === 'signature_delta') block.isSigned = true
    else if (block.kind !== 'other') this.#disarm('other_content')
  }

  #close(index: unknown): void {
    const block = this.#open
    if (block === undefined || block.index !== index) {
      this.#disarm('other_content')
      return
    }
    block.isOpen = false
    this.#open = undefined
    this.#closedCharacters += block.text.length
    if (block.kind !== 'thinking') return
    this.#thinkingCharacters += block.text.length
    block.text.clear()
  }

  #append(block: DeliveredBlock, text: unknown): void {
    if (typeof text !== 'string' || !this.#isKept) return
    block.text.append(text)
    this.#limit()
  }

  get #isKept(): boolean {
    return this.#keeps && this.#disarmedBy === undefined
  }

  #limit(): void {
    const room = MAX_DELIVERED_CHARACTERS - this.#closedCharacters
    const text = this.#open?.text
    if (text !== undefined && text.maxLength > room && text.length > room) this.#disarm('too_long')
  }

  /** Nobody will go on, whatever comes: what was kept is dropped. */
  #disarm(reason: DisarmedBy): void {
    this.#disarmedBy ??= reason
    for (const { text } of this.#blocks) text.clear()
  }
}

function kindOf(type: unknown): DeliveredBlock['kind'] {
  if (type === 'text') return 'text'
  return isThought(type) ? 'thinking' : 'other'
}

/** Is a block of this type reasoning, readable or not? */
export function isThought(type: unknown): boolean {
  return type === 'thinking' || type === 'redacted_thinking'
}

/** The vendor's own thinking blocks begin with an empty signature, those of imitators without any. */
export function isSigned(block: JsonObject): boolean {
  return block.type === 'redacted_thinking' || (block.type === 'thinking' && 'signature' in block)
}
