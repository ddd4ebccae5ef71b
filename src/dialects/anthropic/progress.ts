import type { AnswerProgress, AnswerState, FlawedAnswer } from '../dialect.ts'
import { flawed } from '../flaws.ts'
import { isContent, isTerminal, stopReasonOf, usageOf } from './events.ts'

/** A message is finished with its stop reason, and closed by `message_stop`. */
export class MessageProgress implements AnswerProgress {
  #stopReason: string | undefined
  #hasContent = false
  #isClosed = false
  #outputTokens: number | undefined

  observe(event: unknown): void {
    this.#stopReason = stopReasonOf(event) ?? this.#stopReason
    this.#hasContent ||= isContent(event)
    this.#isClosed ||= isTerminal(event)
    this.#outputTokens = usageOf(event)?.outputTokens ?? this.#outputTokens
  }

  get state(): AnswerState {
    if (this.#isClosed) return 'closed'
    return this.#stopReason === undefined ? 'open' : 'finished'
  }

  /** https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons */
  verdict(): FlawedAnswer | undefined {
    switch (this.#stopReason) {
      case 'refusal':
        return flawed('refused', this.#hasContent)
      case 'model_context_window_exceeded':
        return flawed('no_room', this.#hasContent)
      case 'stop_sequence':
      case 'pause_turn':
        return undefined
      case 'max_tokens':
        if (this.#outputTokens !== undefined && this.#outputTokens > 0) return undefined
        break
    }
    return flawed('empty', this.#hasContent)
  }
}
