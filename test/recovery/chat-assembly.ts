import type { AssembledCall, AssembledReasoning, Assembly } from './assembly.ts'

interface CallDelta {
  readonly index: number
  readonly id?: string
  readonly type?: string
  readonly function?: { readonly name?: string; readonly arguments?: string }
}

interface ChatDelta {
  readonly role?: string
  readonly content?: string | null
  readonly reasoning_content?: string | null
  readonly tool_calls?: readonly CallDelta[]
}

interface ChatChunk {
  readonly id: string
  readonly created: number
  readonly choices: readonly {
    readonly index: number
    readonly delta: ChatDelta
    readonly finish_reason?: string | null
  }[]
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number } | null
}

/** A chat completion, strictly: one id, one role, calls in order, nothing behind the finish reason but token counts. */
export class ChatAssembly implements Assembly {
  text = ''
  readonly calls: AssembledCall[] = []
  readonly order: string[] = []
  readonly isSignedOpen = false
  finish: string | undefined
  inputTokens: number | undefined
  outputTokens: number | undefined
  readonly breaches: string[] = []
  #reasoning = ''
  #identity: string | undefined
  #roles = 0
  #counts = 0

  get reasoning(): readonly AssembledReasoning[] {
    return this.#reasoning === '' ? [] : [{ text: this.#reasoning, signature: undefined }]
  }

  /** `[DONE]` is no event. */
  get isOver(): boolean {
    return this.finish !== undefined
  }

  take(event: object): void {
    const { id, created, choices, usage } = event as ChatChunk
    // Azure's first chunk says what its filter thinks of the prompt, and has no id.
    if (id !== '') this.#checkIdentity(`${id} of ${created}`)
    for (const { index, delta, finish_reason: finish } of choices) {
      if (index !== 0) this.breaches.push(`a choice ${index}`)
      if (this.finish !== undefined) this.breaches.push('a choice behind the finish reason')
      this.#takeDelta(delta)
      if (finish) this.#finish(finish)
    }
    if (!usage) return
    this.#counts += 1
    if (this.#counts > 1) this.breaches.push('token counts twice')
    this.inputTokens = usage.prompt_tokens
    this.outputTokens = usage.completion_tokens
  }

  #checkIdentity(identity: string): void {
    this.#identity ??= identity
    if (identity !== this.#identity) this.breaches.push(`${identity} after ${this.#identity}`)
  }

  #takeDelta({ role, content, reasoning_content: reasoning, tool_calls: calls = [] }: ChatDelta): void {
    if (role !== undefined) this.#roles += 1
    if (this.#roles !== 1) this.breaches.push(`the role ${this.#roles} times`)
    if (content) {
      this.text += content
      this.#note('text')
    }
    if (reasoning) {
      this.#reasoning += reasoning
      this.#note('reasoning')
    }
    for (const call of calls) this.#takeCall(call)
  }

  #takeCall({ index, id, type, function: called }: CallDelta): void {
    if (index === this.calls.length) {
      for (const call of this.calls) call.isWhole = true
      if (!id || type !== 'function' || !called?.name) this.breaches.push(`call ${index} begins without id or name`)
      if (this.calls.some((call) => call.id === id)) this.breaches.push(`the call ${id} twice`)
      this.calls.push({ id: id ?? '', name: called?.name ?? '', json: called?.arguments ?? '', isWhole: false })
      this.#note('call')
      return
    }
    const call = this.calls[index]
    if (call === undefined || call.isWhole) this.breaches.push(`a piece of call ${index} at the wrong place`)
    else if (id !== undefined || called?.name !== undefined) this.breaches.push(`call ${index} begins twice`)
    else call.json += called?.arguments ?? ''
  }

  #finish(reason: string): void {
    for (const call of this.calls) call.isWhole = true
    this.finish = reason
  }

  #note(kind: string): void {
    if (this.order.at(-1) !== kind) this.order.push(kind)
  }
}
