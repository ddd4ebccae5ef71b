import type { AnswerProgress, Dialect } from '../dialects/index.ts'
import type { Usage } from '../engine/index.ts'
import type { FailoverError } from '../failure/index.ts'
import type { SseEvent } from '../stream/index.ts'
import type { AnswerErrors } from './answer-errors.ts'
import { leftoverError } from './leftovers.ts'

/** OpenAI's end mark, which relays append to other dialects too. It says nothing about how the answer ended. */
const DONE = '[DONE]'

/** How long a finished answer waits for a token count or an end mark, milliseconds; some servers never close. */
export const FINISHED_GRACE_MS = 2_000
/** How long, milliseconds, and how much is taken in after the end mark so that the connection can be used again. */
export const DRAIN_MS = 2_000
export const DRAIN_BYTES = 64 * 1024

/** What one event of a stream is to whoever passes it on. */
export type EventVerdict =
  /** Part of the answer. `isText`: it adds to the answer and does nothing else, as would the same with another text. */
  | { readonly is: 'event'; readonly event: object; readonly isText: boolean }
  /** The end mark: nothing that follows belongs to the answer. */
  | { readonly is: 'end_mark' }
  /** No JSON, while the rest may be sound: it is left out. */
  | { readonly is: 'malformed' }

const END_MARK: EventVerdict = { is: 'end_mark' }
const MALFORMED: EventVerdict = { is: 'malformed' }

/** Judges a streamed answer, event by event: what is part of it, what reports a failure, and whether it came to its end. */
export class StreamJudge {
  readonly #dialect: Dialect
  readonly #errors: AnswerErrors
  readonly #progress: AnswerProgress
  #sawEvent = false
  #usage: Usage | undefined
  /** Some relays put a finish reason on every chunk: what goes on after one ends only where the server ends it. */
  #isFinishTrusted = true
  readonly #isContinuation: boolean

  /** @param isContinuation it was asked to write what comes behind the beginning of an answer: that may be nothing */
  constructor(dialect: Dialect, errors: AnswerErrors, isContinuation = false) {
    this.#isContinuation = isContinuation
    this.#dialect = dialect
    this.#errors = errors
    this.#progress = dialect.startProgress()
  }

  /** Nothing can follow but an end mark. */
  get isClosed(): boolean {
    return this.#progress.state === 'closed'
  }

  /** The answer is complete; a server that does not end it now need not be waited for long. */
  get isFinished(): boolean {
    return this.#progress.state !== 'open' && this.#isFinishTrusted
  }

  /** It would be incomplete if it ended here. */
  get isOpen(): boolean {
    return this.#progress.state === 'open'
  }

  /** The token counts so far; later ones replace earlier ones. */
  get usage(): Usage | undefined {
    return this.#usage
  }

  /** @throws FailoverError where the event reports a failure */
  take({ name, data }: SseEvent): EventVerdict {
    if (data === DONE) return END_MARK
    this.#sawEvent = true
    let event: unknown
    try {
      event = JSON.parse(data)
    } catch {
      if (name === 'error') throw this.#errors.inAnswer('sent an error event', { body: data })
      return MALFORMED
    }
    const failure = this.#dialect.errorOf(event)
    if (failure !== undefined) {
      const message = `sent an error in its stream: ${failure.message}`
      throw this.#errors.inAnswer(message, { flaw: failure.flaw, body: event })
    }
    if (name === 'error') throw this.#errors.inAnswer('sent an error event', { body: event })
    if (typeof event !== 'object' || event === null) return MALFORMED
    const isContent = this.#dialect.isContent(event)
    if (this.#progress.state === 'finished' && isContent) this.#isFinishTrusted = false
    this.#progress.observe(event)
    const usage = this.#dialect.usageOf(event)
    if (usage !== undefined) this.#usage = { ...this.#usage, ...usage }
    return { is: 'event', event, isText: isContent && usage === undefined && this.#progress.state === 'open' }
  }

  /** The stream is at its end. @returns what is wrong with the answer; undefined: it is complete */
  finish(leftovers: string, cause?: unknown): FailoverError | undefined {
    const errors = this.#errors
    // A finish reason that stood on a piece of the answer is none where the connection broke.
    const isFinish = this.#isFinishTrusted || cause === undefined
    if (this.#progress.state !== 'open' && isFinish) {
      const verdict = this.#progress.verdict()
      // An answer that was cut off tells its reader so itself.
      if (verdict === undefined || verdict.hasContent) return undefined
      if (this.#isContinuation && verdict.flaw === 'empty') return undefined
      return errors.inAnswer(verdict.message, { flaw: verdict.flaw })
    }
    const reported = leftoverError(leftovers, { dialect: this.#dialect, errors, sawEvent: this.#sawEvent })
    if (reported !== undefined) return reported
    if (cause !== undefined) return errors.interrupted('broke off its stream', cause)
    if (!this.#sawEvent) return errors.inAnswer('answered with an empty stream', { flaw: 'no_answer', body: '' })
    return errors.interrupted('ended its stream before the answer was complete')
  }
}
