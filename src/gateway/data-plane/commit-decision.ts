import type { Dialect } from '../../dialects/index.ts'
import { type AttemptContext, type Clock, CommitGate } from '../../engine/index.ts'

interface CommitDecisionOptions {
  readonly dialect: Pick<Dialect, 'isContent' | 'continuation'>
  readonly clock: Clock
  /** What the engine asks of this attempt. */
  readonly context: Pick<AttemptContext, 'commitRule' | 'noteContent' | 'resume'>
  /** It is decided because time has passed, and not by `note`. */
  readonly onReady: () => void
  /** Too little came in the time that is allowed. */
  readonly onTooSlow: (error: Error) => void
}

/**
 * Decides when enough of a stream has come for the client to be given it. Mostly that is its first content, and then it
 * costs next to nothing.
 */
export class CommitDecision {
  readonly #options: CommitDecisionOptions
  /** Only where the first content is not enough. */
  #gate: CommitGate | undefined
  #events = 0
  #hasContent = false
  #isReady = false

  constructor(options: CommitDecisionOptions) {
    this.#options = options
  }

  get isReady(): boolean {
    return this.#isReady
  }

  /** Its first content is here, if only held back. */
  get hasContent(): boolean {
    return this.#hasContent
  }

  /** Events before it was decided. */
  get events(): number {
    return this.#events
  }

  /** @param given the events that the client would get for this one */
  note(event: object, given: readonly object[]): void {
    const { clock, context, dialect, onTooSlow } = this.#options
    this.#events += 1
    const isContent = dialect.isContent(event)
    this.#hasContent ||= isContent
    if (context.resume !== undefined) {
      // Whoever waits for the rest of an answer gets it as soon as there is any, new or repeated.
      this.#isReady = isContent
      return
    }
    const isGiven = given.some((one) => (one === event ? isContent : dialect.isContent(one)))
    if (!isContent && !isGiven) return
    if (isGiven && this.#gate === undefined && context.commitRule === undefined) {
      this.#isReady = true
      return
    }
    this.#gate ??= new CommitGate({ clock, rule: context.commitRule, onOpen: () => this.#open(), onTooSlow })
    this.#isReady = this.#gate.note(dialect.continuation.charactersOf(event), !isGiven)
    if (!this.#isReady) context.noteContent?.()
  }

  /** What was held for too long is given out. */
  noteReleased(): void {
    if (this.#gate !== undefined && !this.#isReady) this.#isReady = this.#gate.note(0, false)
  }

  /** More is not held back. */
  force(): void {
    this.#isReady = true
    this.stop()
  }

  /** Nothing is waited for any more. */
  stop(): void {
    this.#gate?.stop()
  }

  #open(): void {
    this.#isReady = true
    this.#options.onReady()
  }
}
