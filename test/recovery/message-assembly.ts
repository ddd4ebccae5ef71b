import type { AssembledCall, AssembledReasoning, Assembly } from './assembly.ts'

interface Block {
  readonly type: string
  readonly text?: string
  readonly thinking?: string
  readonly signature?: string
  readonly id?: string
  readonly name?: string
}

interface Delta {
  readonly type?: string
  readonly text?: string
  readonly thinking?: string
  readonly signature?: string
  readonly partial_json?: string
  readonly stop_reason?: string | null
}

interface MessageEvent {
  readonly type: string
  readonly index?: number
  readonly message?: { readonly usage?: { readonly input_tokens?: number } }
  readonly content_block?: Block
  readonly delta?: Delta
  readonly usage?: { readonly input_tokens?: number; readonly output_tokens?: number }
}

/** Which deltas a block of this type takes. */
const DELTAS: Readonly<Record<string, readonly string[]>> = {
  text: ['text_delta'],
  thinking: ['thinking_delta', 'signature_delta'],
  tool_use: ['input_json_delta'],
}

/** An Anthropic message, strictly: one start, blocks one after the other, one end with nothing behind it. */
export class MessageAssembly implements Assembly {
  text = ''
  readonly reasoning: AssembledReasoning[] = []
  readonly calls: AssembledCall[] = []
  readonly order: string[] = []
  finish: string | undefined
  isOver = false
  inputTokens: number | undefined
  outputTokens: number | undefined
  readonly breaches: string[] = []
  #hasStarted = false
  #blocks = 0
  #open: Block | undefined
  /** How much text there was when the open block began. */
  #blockStartsAt = 0

  get isSignedOpen(): boolean {
    return this.#open?.type === 'thinking' && this.#open.signature !== undefined
  }

  take(event: object): void {
    const { type, index, message, content_block: block, delta, usage } = event as MessageEvent
    if (type === 'ping') return
    if (this.isOver) this.breaches.push(`${type} behind the end`)
    if (this.#hasStarted === (type === 'message_start')) this.breaches.push(`${type} at the wrong place`)
    switch (type) {
      case 'message_start':
        this.#hasStarted = true
        this.inputTokens = message?.usage?.input_tokens
        break
      case 'content_block_start':
        this.#begin(index, block)
        break
      case 'content_block_delta':
        this.#continue(index, delta)
        break
      case 'content_block_stop':
        this.#stop(index)
        break
      case 'message_delta':
        this.#finish(delta?.stop_reason, usage)
        break
      case 'message_stop':
        if (this.finish === undefined) this.breaches.push('an end without a stop reason')
        this.isOver = true
        break
      default:
        this.breaches.push(`an event ${type}`)
    }
  }

  #begin(index: number | undefined, block: Block | undefined): void {
    if (block === undefined || index !== this.#blocks || this.#open !== undefined || this.finish !== undefined) {
      this.breaches.push(`block ${index} begins at the wrong place`)
      return
    }
    this.#blocks += 1
    this.#open = block
    switch (block.type) {
      case 'text':
        this.#blockStartsAt = this.text.length
        this.text += block.text ?? ''
        break
      case 'thinking':
        this.reasoning.push({ text: block.thinking ?? '', signature: block.signature || undefined })
        break
      case 'tool_use':
        this.#note('call')
        if (!block.id || !block.name) this.breaches.push(`call ${index} begins without id or name`)
        if (this.calls.some(({ id }) => id === block.id)) this.breaches.push(`the call ${block.id} twice`)
        this.calls.push({ id: block.id ?? '', name: block.name ?? '', json: '', isWhole: false })
        break
      default:
        this.breaches.push(`a block ${block.type}`)
    }
  }

  #continue(index: number | undefined, delta: Delta = {}): void {
    const { type = '' } = delta
    if (this.#open === undefined || index !== this.#blocks - 1 || !DELTAS[this.#open.type]?.includes(type)) {
      this.breaches.push(`a ${type} of block ${index} at the wrong place`)
      return
    }
    const call = this.calls.at(-1)
    const reasoning = this.reasoning.at(-1)
    if (delta.text) this.#note('text')
    if (delta.thinking) this.#note('reasoning')
    this.text += delta.text ?? ''
    if (call !== undefined) call.json += delta.partial_json ?? ''
    if (reasoning === undefined) return
    reasoning.text += delta.thinking ?? ''
    if (delta.signature === undefined) return
    if (reasoning.signature !== undefined) this.breaches.push('a signature twice')
    reasoning.signature = delta.signature
  }

  #stop(index: number | undefined): void {
    if (this.#open === undefined || index !== this.#blocks - 1) {
      this.breaches.push(`block ${index} stops at the wrong place`)
      return
    }
    const call = this.calls.at(-1)
    // An agent that sends the message back is refused for it.
    if (this.#open.type === 'text' && this.text.length === this.#blockStartsAt)
      this.breaches.push(`the text block ${index} is empty`)
    if (this.#open.type === 'tool_use' && call !== undefined) call.isWhole = true
    this.#open = undefined
  }

  #finish(reason: string | null | undefined, usage: MessageEvent['usage']): void {
    if (this.#open !== undefined || this.finish !== undefined || !reason) {
      this.breaches.push(`the stop reason ${reason} at the wrong place`)
      return
    }
    this.finish = reason
    this.inputTokens = usage?.input_tokens ?? this.inputTokens
    this.outputTokens = usage?.output_tokens
  }

  #note(kind: string): void {
    if (this.order.at(-1) !== kind) this.order.push(kind)
  }
}
