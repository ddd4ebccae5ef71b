import type { AnswerProgress, AnswerState, FlawedAnswer } from '../dialect.ts'
import { flawed } from '../flaws.ts'
import { flawIn, isContent, stopReasonOf } from './events.ts'

/** A message is finished with its stop reason; token counts follow. */
export class ConverseProgress implements AnswerProgress {
  #hasContent = false
  #stopReason: string | undefined

  observe(event: unknown): void {
    this.#hasContent ||= isContent(event)
    this.#stopReason = stopReasonOf(event) ?? this.#stopReason
  }

  get state(): AnswerState {
    return this.#stopReason === undefined ? 'open' : 'finished'
  }

  verdict(): FlawedAnswer | undefined {
    const flaw = this.#stopReason === undefined ? undefined : flawIn(this.#stopReason)
    return flawed(flaw ?? 'empty', this.#hasContent)
  }
}
