import type { AnswerProgress, AnswerState, FlawedAnswer, TokenCounts } from '../dialect.ts'
import { flawed } from '../flaws.ts'
import { asObject, countIn } from '../json.ts'
import { choicesOf, finishReasonOf, flawIn, isContent, usageOf } from './events.ts'

/** An answer is finished when every choice that began has a finish reason; `n` may be more than 1. */
export class ChatProgress implements AnswerProgress {
  readonly #begun = new Set<number>()
  readonly #finished = new Set<number>()
  #finishReason: string | undefined
  #hasContent = false
  #isClosed = false
  #usage: TokenCounts | undefined

  observe(event: unknown): void {
    const choices = choicesOf(event)
    for (const choice of choices) {
      const index = countIn(choice.index) ?? 0
      const reason = finishReasonOf(choice)
      this.#begun.add(index)
      if (reason !== undefined) {
        this.#finished.add(index)
        this.#finishReason = reason
      }
    }
    this.#hasContent ||= isContent(event)
    const usage = usageOf(event)
    if (usage !== undefined) this.#usage = usage
    // The chunk with `choices: []` that carries the counts is the last one by definition:
    // https://platform.openai.com/docs/api-reference/chat/create (stream_options.include_usage)
    const isUsageChunk = usage !== undefined && Array.isArray(asObject(event)?.choices) && choices.length === 0
    if (isUsageChunk && this.#isFinished) this.#isClosed = true
  }

  get state(): AnswerState {
    if (this.#isClosed) return 'closed'
    return this.#isFinished ? 'finished' : 'open'
  }

  verdict(): FlawedAnswer | undefined {
    const flaw = this.#finishReason === undefined ? undefined : flawIn(this.#finishReason)
    if (flaw !== undefined) return flawed(flaw, this.#hasContent)
    if (this.#finishReason === 'length') {
      const { outputTokens } = this.#usage ?? {}
      // Hidden reasoning used the whole output budget: the answer is what was asked for, and elsewhere it is no other.
      if (outputTokens !== undefined && outputTokens > 0) return undefined
      // No token at all: the prompt filled the window, and the server cut it without a word.
      if (outputTokens === 0) return flawed('no_room', this.#hasContent)
    }
    return flawed('empty', this.#hasContent)
  }

  get #isFinished(): boolean {
    return this.#finished.size > 0 && this.#finished.size === this.#begun.size
  }
}
