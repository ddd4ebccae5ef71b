import type { AnswerProgress, AnswerState, FlawedAnswer } from '../dialect.ts'
import { flawed } from '../flaws.ts'
import { asObject, type JsonObject } from '../json.ts'
import { endedResponseOf, isContent, isPending } from './events.ts'

/** A response is closed by the event that carries it whole. There is no end mark behind it. */
export class ResponseProgress implements AnswerProgress {
  #hasContent = false
  #ended: JsonObject | undefined

  observe(event: unknown): void {
    this.#hasContent ||= isContent(event)
    this.#ended = endedResponseOf(event) ?? this.#ended
  }

  get state(): AnswerState {
    return this.#ended === undefined ? 'open' : 'closed'
  }

  verdict(): FlawedAnswer | undefined {
    if (this.#ended !== undefined && isPending(this.#ended)) return undefined
    const reason = asObject(this.#ended?.incomplete_details)?.reason
    if (reason === 'content_filter') return flawed('withheld', this.#hasContent)
    // The budget went into reasoning, whose items may be hidden: the answer is what was asked for.
    if (this.#ended?.status === 'incomplete') return undefined
    return flawed('empty', this.#hasContent)
  }
}
