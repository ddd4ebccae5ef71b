import type { AnswerProgress, AnswerState, FlawedAnswer } from '../dialect.ts'
import { flawed } from '../flaws.ts'
import { candidatesOf, finishReasonOf, flawIn, isContent, isPromptBlocked } from './events.ts'

/** An answer is finished with its candidate's finish reason, or with a prompt that was blocked. Nothing marks its end. */
export class GenerationProgress implements AnswerProgress {
  #hasContent = false
  #isBlocked = false
  #finishReason: string | undefined

  observe(event: unknown): void {
    this.#hasContent ||= isContent(event)
    this.#isBlocked ||= isPromptBlocked(event)
    for (const candidate of candidatesOf(event)) this.#finishReason = finishReasonOf(candidate) ?? this.#finishReason
  }

  get state(): AnswerState {
    return this.#isBlocked || this.#finishReason !== undefined ? 'finished' : 'open'
  }

  /** `MAX_TOKENS` without content: thinking ate the budget, and the caller is left with nothing. */
  verdict(): FlawedAnswer | undefined {
    if (this.#isBlocked) return flawed('withheld', this.#hasContent)
    const flaw = this.#finishReason === undefined ? undefined : flawIn(this.#finishReason)
    return flawed(flaw ?? 'empty', this.#hasContent)
  }
}
