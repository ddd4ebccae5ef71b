import type { AnswerProgress, AnswerState, FlawedAnswer } from '../dialect.ts'
import { flawed } from '../flaws.ts'
import { asObject } from '../json.ts'
import { isContent, isTerminal } from './events.ts'

/** What a request without a prompt is answered with: the model was loaded or unloaded, and that was all. */
const WITHOUT_ANSWER: ReadonlySet<unknown> = new Set(['load', 'unload'])

/** An answer is closed by the line that says `done`. */
export class OllamaProgress implements AnswerProgress {
  #hasContent = false
  #isClosed = false
  #doneReason: unknown

  observe(event: unknown): void {
    this.#hasContent ||= isContent(event)
    if (!isTerminal(event)) return
    this.#isClosed = true
    this.#doneReason = asObject(event)?.done_reason
  }

  get state(): AnswerState {
    return this.#isClosed ? 'closed' : 'open'
  }

  verdict(): FlawedAnswer | undefined {
    return WITHOUT_ANSWER.has(this.#doneReason) ? undefined : flawed('empty', this.#hasContent)
  }
}
