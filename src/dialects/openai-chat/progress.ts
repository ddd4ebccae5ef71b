import type { AnswerProgress, AnswerState, FlawedAnswer, TokenCounts } from '../dialect.ts'
import { flawed, flawOfAll } from '../flaws.ts'
import { asObject, countIn, type JsonObject } from '../json.ts'
import { choicesOf, finishReasonOf, flawIn, hasContent, usageOf } from './events.ts'

/** How far one choice has come. */
interface ChoiceProgress {
  finishReason: string | undefined
  hasContent: boolean
}

/** An answer is finished when every choice that began has a finish reason; `n` may be more than 1. */
export class ChatProgress implements AnswerProgress {
  readonly #choices = new Map<number, ChoiceProgress>()
  #finishedCount = 0
  #isClosed = false
  #usage: TokenCounts | undefined

  observe(event: unknown): void {
    const choices = choicesOf(event)
    for (const [position, choice] of choices.entries()) {
      const progress = this.#progressOf(choice, position)
      const reason = finishReasonOf(choice)
      if (reason !== undefined && progress.finishReason === undefined) this.#finishedCount += 1
      progress.finishReason = reason ?? progress.finishReason
      progress.hasContent ||= hasContent(choice)
    }
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
    return flawOfAll([...this.#choices.values()].map((choice) => this.#verdictOn(choice)))
  }

  #verdictOn({ finishReason, hasContent }: ChoiceProgress): FlawedAnswer | undefined {
    const flaw = finishReason === undefined ? undefined : flawIn(finishReason)
    if (flaw !== undefined) return flawed(flaw, hasContent)
    if (finishReason === 'length') {
      const { outputTokens } = this.#usage ?? {}
      // Hidden reasoning used the whole output budget: the answer is what was asked for, and elsewhere it is no other.
      if (outputTokens !== undefined && outputTokens > 0) return undefined
      // No token at all: the prompt filled the window, and the server cut it without a word.
      if (outputTokens === 0) return flawed('no_room', hasContent)
    }
    return flawed('empty', hasContent)
  }

  #progressOf(choice: JsonObject, position: number): ChoiceProgress {
    const index = countIn(choice.index) ?? position
    const known = this.#choices.get(index)
    if (known !== undefined) return known
    const begun: ChoiceProgress = { finishReason: undefined, hasContent: false }
    this.#choices.set(index, begun)
    return begun
  }

  get #isFinished(): boolean {
    return this.#finishedCount > 0 && this.#finishedCount === this.#choices.size
  }
}
