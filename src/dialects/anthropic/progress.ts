import type { AnswerProgress, AnswerState, EventFailure } from '../dialect.ts'
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
  verdict(): EventFailure | undefined {
    if (this.#hasContent) return undefined
    switch (this.#stopReason) {
      case 'refusal':
        return { message: 'the model refused to answer', reason: 'content_policy' }
      case 'model_context_window_exceeded':
        return { message: 'no room was left for an answer', reason: 'context_length' }
      case 'stop_sequence':
      case 'pause_turn':
        return undefined
      case 'max_tokens':
        if (this.#outputTokens !== undefined && this.#outputTokens > 0) return undefined
        break
    }
    return { message: 'the answer is empty', reason: 'bad_response' }
  }
}
