import type { Dialect } from '../../dialects/index.ts'
import { MAX_HELD_EVENTS, type Usage } from '../../engine/index.ts'
import type { FailoverError } from '../../failure/index.ts'
import { Diverged } from '../../recovery/index.ts'
import { SseBlocks, SseEventReader } from '../../stream/index.ts'
import { type AnswerErrors, FamiliarEvents, StreamJudge } from '../../upstream/index.ts'
import type { CommitDecision } from './commit-decision.ts'
import type { PassedEvents } from './passed-events.ts'

interface JudgedStreamOptions {
  readonly dialect: Dialect
  readonly errors: AnswerErrors
  readonly maxEventBytes: number | undefined
  /** Where what is fit to be passed on goes. */
  readonly passed: PassedEvents
  /** Told of events until it is made. */
  readonly decision: CommitDecision
  /** It was asked to write what comes behind a beginning: that may be nothing. */
  readonly isContinuation: boolean
  /** Told of every event that is not like one before it in all but its text. */
  readonly onEvent: (event: object) => void
}

/** No answer begins with so much that says nothing; holding more back would only fill the memory. */
const MAX_SILENT_BYTES = 16 * 1024 * 1024
/** So much content is held back before the commit, however long it was to be held back. */
const MAX_HELD_BACK_BYTES = 1024 * 1024

/**
 * The bytes of a stream, cut into events and judged. Events go on byte for byte, but for those that are no JSON and would
 * break the reader, and for what has to fit an answer that broke off before.
 */
export class JudgedStream {
  readonly #options: JudgedStreamOptions
  readonly #blocks: SseBlocks
  readonly #reader = new SseEventReader()
  readonly #judge: StreamJudge
  readonly #familiar: FamiliarEvents
  readonly #passed: PassedEvents
  readonly #decision: CommitDecision
  #heldBytes = 0
  /** Behind everything else, and only where the answer is complete. Nothing that follows it is looked at. */
  #endMark: { readonly bytes: Buffer; readonly isWhole: boolean } | undefined
  /** The stream has ended: a block that comes now came without its blank line. */
  #isLastBlock = false
  /** A comment that came so is passed on only if nothing follows. */
  #lastComment: Buffer | undefined
  #failure: Error | undefined

  constructor(options: JudgedStreamOptions) {
    const { decision, dialect, errors, isContinuation, maxEventBytes, passed } = options
    this.#options = options
    this.#passed = passed
    this.#decision = decision
    this.#judge = new StreamJudge(dialect, errors, isContinuation)
    this.#familiar = new FamiliarEvents(dialect)
    this.#blocks = new SseBlocks({ onBlock: this.#onBlock, skip: this.#skip, maxBlockBytes: maxEventBytes })
  }

  /** What is wrong with what has come; nothing that follows is looked at. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** Nothing that follows belongs to the answer. */
  get isOver(): boolean {
    return this.#endMark !== undefined || (this.#judge.isClosed && !this.#options.dialect.hasEndMark)
  }

  /** The answer is complete; a server that does not end it now need not be waited for long. */
  get isFinished(): boolean {
    return this.#judge.isFinished
  }

  /** It has said how it ends, and then failed all the same: whoever went on with it would say that twice. */
  get failedBehindEnd(): boolean {
    return this.#failure !== undefined && !(this.#failure instanceof Diverged) && !this.#judge.isOpen
  }

  /** The token counts so far. */
  get usage(): Usage | undefined {
    return this.#judge.usage
  }

  push(bytes: Buffer): void {
    try {
      this.#blocks.push(bytes)
    } catch (cause) {
      this.#failure = this.#options.errors.inAnswer('sent an event that is too large', { flaw: 'no_answer', cause })
    }
    if (!this.#decision.isReady) this.#countHeld(bytes.length)
  }

  /** It is known to be too slow, or to say something else than what was delivered. */
  fail(error: Error): void {
    this.#failure ??= error
  }

  /**
   * The stream is at its end, or the answer is.
   *
   * @param cause why the stream broke off, where it did
   * @returns what is wrong with the answer; undefined: it is complete
   */
  end(cause: unknown): Error | undefined {
    const { isOver } = this
    if (!isOver) {
      this.#isLastBlock = true
      this.#blocks.end()
    }
    return this.#failure ?? this.#judge.finish(isOver ? '' : this.#reader.leftovers, isOver ? undefined : cause)
  }

  /**
   * What belongs behind the last event of a complete answer: what was held back, the end mark, and the event that closes
   * it.
   *
   * @throws Diverged
   */
  passEnd(): void {
    const passed = this.#passed
    passed.finish()
    const endMark = this.#endMark
    if (endMark !== undefined) passed.passAside(endMark.bytes, 0, endMark.bytes.length, endMark.isWhole)
    // Not every reader makes an event of a last block that came without its blank line.
    passed.finishBlock()
    const closing = this.#judge.isClosed ? '' : this.#options.dialect.closingEvent
    const comment = this.#lastComment
    if (comment !== undefined && closing === '') passed.passAside(comment, 0, comment.length, false)
    passed.passText(closing)
  }

  readonly #onBlock = (bytes: Buffer, start: number, end: number): void => {
    if (this.isOver || this.#failure !== undefined) return
    const leftoversBefore = this.#reader.leftoverLength
    const sse = this.#reader.read(bytes, start, end)
    if (sse === undefined) {
      // A comment is a sign of life for the client, too; what is no field of the format is not for it.
      if (this.#reader.leftoverLength > leftoversBefore) return
      if (this.#isLastBlock) this.#lastComment = bytes.subarray(start, end)
      else this.#passed.passAside(bytes, start, end)
      return
    }
    this.#familiar.interrupt()
    try {
      const verdict = this.#judge.take(sse)
      if (verdict.is === 'malformed') return
      if (verdict.is === 'end_mark') {
        this.#endMark = { bytes: bytes.subarray(start, end), isWhole: !this.#isLastBlock }
        return
      }
      const { event, isText } = verdict
      this.#options.onEvent(event)
      const given = this.#passed.take(event, bytes, start, end, !this.#isLastBlock)
      if (!this.#decision.isReady) this.#decide(event, given)
      const isPlain = isText && given.length === 1 && given[0] === event && this.#passed.passesFamiliar
      if (isPlain && this.#decision.isReady) this.#familiar.learn(bytes, start, end)
    } catch (error) {
      this.#failure = error as Error
    }
  }

  /** An event like the one before, which was content and no more, is passed on without being parsed. */
  readonly #skip = (bytes: Buffer, start: number, length: number): number => {
    const end = this.#familiar.endOf(bytes, start, length)
    if (end !== -1) this.#passed.passFamiliar(this.#familiar, bytes, start, end)
    return end
  }

  #decide(event: object, given: readonly object[]): void {
    const decision = this.#decision
    decision.note(event, given)
    if (!decision.hasContent && decision.events >= MAX_HELD_EVENTS) throw this.#withoutContent()
  }

  #countHeld(bytes: number): void {
    this.#heldBytes += bytes
    if (!this.#decision.hasContent) {
      if (this.#heldBytes > MAX_SILENT_BYTES) this.#failure ??= this.#withoutContent()
    } else if (this.#heldBytes > MAX_HELD_BACK_BYTES) this.#decision.force()
  }

  #withoutContent(): FailoverError {
    const message = `sent ${this.#decision.events} events, ${this.#heldBytes} bytes, without any content`
    return this.#options.errors.inAnswer(message, { flaw: 'no_answer' })
  }
}
