import type { Dialect } from '../../dialects/index.ts'
import { type Clock, MAX_HELD_EVENTS, type Usage } from '../../engine/index.ts'
import type { FailoverError } from '../../failure/index.ts'
import { SseBlocks, SseEventReader } from '../../stream/index.ts'
import type { ResponseHeaders } from '../../transport/index.ts'
import {
  type AnswerErrors,
  DRAIN_BYTES,
  DRAIN_MS,
  FamiliarEvents,
  FINISHED_GRACE_MS,
  type SecretMask,
  StreamJudge,
} from '../../upstream/index.ts'
import type { BodyReader } from './body-reader.ts'
import { PassedBytes } from './passed-bytes.ts'

/** How a stream ended: complete, or with what is wrong with it. */
export type StreamEnd = { readonly usage: Usage | undefined } | { readonly error: FailoverError }

/** Where the bytes of a committed stream go. */
export interface StreamOutlet {
  /** @returns whether it can take more at once; where not, `resume` says when */
  write(bytes: Buffer): boolean
  /** The last bytes, and how the stream ended. */
  end(bytes: Buffer, how: StreamEnd): void
  noteActivity(): void
  /** The answer is complete, only its end mark is not here: nobody is to be blamed for that any more. */
  noteFinished(): void
}

interface StreamedAnswerOptions {
  readonly status: number
  readonly headers: ResponseHeaders
  readonly dialect: Dialect
  readonly errors: AnswerErrors
  readonly clock: Clock
  readonly maxEventBytes: number | undefined
  /** Hides what must not go on to a client. */
  readonly mask: SecretMask
  /** Feeds the idle limit before the commit. */
  readonly onActivity: (() => void) | undefined
  /** Told of every event that is not like one before it in all but its text. */
  readonly onEvent: (event: object) => void
  readonly wire: { pause(): void; resume(): void; abort(): void; leave(): void }
  readonly onCommit: (answer: StreamedAnswer) => void
  /** It failed before it committed. */
  readonly onFailure: (error: FailoverError) => void
}

/** No answer begins with so much that says nothing; holding more back would only fill the memory. */
const MAX_HELD_BYTES = 16 * 1024 * 1024

type State = 'held' | 'committed' | 'draining' | 'over'

/**
 * A streamed answer on its way through: cut into events, judged, and passed on byte for byte, but for events that are no
 * JSON and would break the reader. Nothing leaves before the first content; from then on whole events leave as they
 * come.
 *
 * What one read of the socket brought is gathered, looked through once and written once: with many small events this
 * is the larger part of the cost.
 */
export class StreamedAnswer implements BodyReader {
  readonly status: number
  readonly headers: ResponseHeaders
  /** Hides what must not go on to a client. */
  readonly mask: SecretMask
  readonly #options: StreamedAnswerOptions
  readonly #blocks: SseBlocks
  readonly #reader = new SseEventReader()
  readonly #judge: StreamJudge
  readonly #familiar: FamiliarEvents
  readonly #passed: PassedBytes
  #state: State = 'held'
  #queue: Buffer[] = []
  #queuedBytes = 0
  #isScheduled = false
  /** The client is too slow. */
  #isPaused = false
  #isEnded = false
  #cause: FailoverError | undefined
  #events = 0
  #heldBytes = 0
  #hasContent = false
  /** Nothing that follows is looked at. */
  #sawEndMark = false
  #failure: FailoverError | undefined
  #end: StreamEnd | undefined
  #outlet: StreamOutlet | undefined
  #cancelTimer: (() => void) | undefined
  #drainedBytes = 0
  /** A last block that came without its blank line: what is written behind it must not become part of it. */
  #lastBlock: 'none' | 'awaited' | 'event' | Buffer = 'none'

  constructor(options: StreamedAnswerOptions) {
    this.#options = options
    this.status = options.status
    this.headers = options.headers
    this.mask = options.mask
    this.#judge = new StreamJudge(options.dialect, options.errors)
    this.#passed = new PassedBytes(options.mask)
    this.#familiar = new FamiliarEvents(options.dialect.freeText)
    this.#blocks = new SseBlocks({
      onBlock: this.#onBlock,
      skip: this.#skip,
      maxBlockBytes: options.maxEventBytes,
    })
  }

  /** The committed answer flows on into this outlet, beginning with what was held back. */
  flowInto(outlet: StreamOutlet): void {
    this.#outlet = outlet
    if (this.#cancelTimer !== undefined) outlet.noteFinished()
    this.#deliver()
  }

  /** The outlet takes more. */
  resume(): void {
    this.#isPaused = false
    this.#options.wire.resume()
    if (this.#state === 'committed' && this.#end === undefined) this.#startGrace()
  }

  take(chunk: Buffer): void {
    if (this.#state === 'over') return
    if (this.#state === 'draining') {
      this.#drainedBytes += chunk.length
      if (this.#drainedBytes > DRAIN_BYTES) this.#stopDraining()
      return
    }
    this.#queue.push(chunk)
    this.#queuedBytes += chunk.length
    this.#schedule()
  }

  end(): void {
    if (this.#state === 'draining') this.drop()
    this.#isEnded = true
    this.#schedule()
  }

  fail(error: FailoverError): void {
    this.#cause = error
    this.end()
  }

  drop(): void {
    this.#state = 'over'
    this.#queue = []
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  #schedule(): void {
    if (this.#isScheduled || this.#state === 'over') return
    this.#isScheduled = true
    process.nextTick(this.#look)
  }

  /** Looks through what has arrived. */
  readonly #look = (): void => {
    this.#isScheduled = false
    if (this.#state === 'over' || this.#state === 'draining') return
    if (this.#outlet === undefined) this.#options.onActivity?.()
    else this.#outlet.noteActivity()
    this.#scan()
    if (this.#failure === undefined && this.#end === undefined) this.#judgeEnd()
    if (this.#failure !== undefined) this.#end = { error: this.#failure }
    if (this.#state === 'held') this.#commitOrFail()
    if (this.#outlet !== undefined) this.#deliver()
  }

  #scan(): void {
    const [first] = this.#queue
    if (first === undefined) return
    const bytes = this.#queue.length === 1 ? first : Buffer.concat(this.#queue, this.#queuedBytes)
    this.#queue = []
    this.#queuedBytes = 0
    this.#heldBytes += bytes.length
    try {
      this.#blocks.push(bytes)
    } catch (cause) {
      this.#failure = this.#options.errors.inAnswer('sent an event that is too large', {
        flaw: 'no_answer',
        cause,
      })
    }
    if (!this.#hasContent && this.#heldBytes > MAX_HELD_BYTES) this.#failure ??= this.#withoutContent()
  }

  readonly #onBlock = (bytes: Buffer, start: number, end: number): void => {
    if (this.#isOver || this.#failure !== undefined) return
    const leftoversBefore = this.#reader.leftoverLength
    const sse = this.#reader.read(bytes, start, end)
    if (sse === undefined) {
      // A comment is a sign of life for the client, too; what is no field of the format is not for it.
      if (this.#reader.leftoverLength > leftoversBefore) return
      if (this.#lastBlock === 'awaited') this.#lastBlock = bytes.subarray(start, end)
      else this.#passed.add(bytes, start, end)
      return
    }
    try {
      const verdict = this.#judge.take(sse)
      if (verdict.is === 'malformed') return
      if (verdict.is === 'end_mark') this.#sawEndMark = true
      else {
        this.#options.onEvent(verdict.event)
        if (!this.#hasContent) this.#count(verdict.event)
        else if (verdict.isText) this.#familiar.learn(bytes, start, end)
      }
      this.#passed.add(bytes, start, end)
      if (this.#lastBlock === 'awaited') this.#lastBlock = 'event'
    } catch (error) {
      this.#failure = error as FailoverError
    }
  }

  /** An event like those that have been judged is passed on without being parsed. */
  readonly #skip = (bytes: Buffer, start: number, length: number): number => {
    if (!this.#hasContent || this.#sawEndMark || this.#failure !== undefined || !this.#judge.isOpen) return -1
    const end = this.#familiar.endOf(bytes, start, length)
    if (end !== -1) this.#passed.add(bytes, start, end)
    return end
  }

  /** Counts what is held back. */
  #count(event: object): void {
    this.#events += 1
    this.#hasContent = this.#options.dialect.isContent(event)
    if (!this.#hasContent && this.#events >= MAX_HELD_EVENTS) throw this.#withoutContent()
  }

  #withoutContent(): FailoverError {
    const message = `sent ${this.#events} events, ${this.#heldBytes} bytes, without any content`
    return this.#options.errors.inAnswer(message, { flaw: 'no_answer' })
  }

  /** Nothing that follows belongs to the answer. */
  get #isOver(): boolean {
    return this.#sawEndMark || (this.#judge.isClosed && !this.#options.dialect.hasEndMark)
  }

  /** Is the answer at its end, and is it complete? */
  #judgeEnd(): void {
    const isOver = this.#isOver
    if (this.#isEnded || isOver) {
      if (!isOver) {
        this.#lastBlock = 'awaited'
        this.#blocks.end()
      }
      if (this.#failure !== undefined) return
      const error = this.#judge.finish(isOver ? '' : this.#reader.leftovers, isOver ? undefined : this.#cause)
      this.#end = error === undefined ? { usage: this.#judge.usage } : { error }
    } else this.#startGrace()
  }

  /** A complete answer is not waited for long; what waits for a slow client is no fault of the server. */
  #startGrace(): void {
    if (!this.#judge.isFinished || this.#isPaused || this.#cancelTimer !== undefined) return
    const { clock, wire } = this.#options
    this.#cancelTimer = clock.setTimer(() => {
      wire.abort()
      this.end()
    }, FINISHED_GRACE_MS)
    this.#outlet?.noteFinished()
  }

  #commitOrFail(): void {
    const end = this.#end
    if (this.#hasContent || (end !== undefined && 'usage' in end)) {
      this.#state = 'committed'
      this.#options.onCommit(this)
    } else if (end !== undefined) {
      this.#settle()
      this.#options.onFailure(end.error)
    }
  }

  #deliver(): void {
    const outlet = this.#outlet
    if (outlet === undefined || this.#state !== 'committed') return
    const end = this.#end
    if (end !== undefined) {
      this.#addClosing('usage' in end)
      this.#settle()
      outlet.end(this.#passed.take(), end)
    } else if (!this.#passed.isEmpty && !outlet.write(this.#passed.take())) {
      this.#isPaused = true
      this.#cancelTimer?.()
      this.#cancelTimer = undefined
      this.#options.wire.pause()
    }
  }

  /** What belongs behind the last block: its missing end, and the event that closes the answer. */
  #addClosing(isComplete: boolean): void {
    const closing = isComplete && !this.#judge.isClosed ? this.#options.dialect.closingEvent : ''
    const isFollowed = !isComplete || closing !== ''
    if (typeof this.#lastBlock === 'object' && !isFollowed) this.#passed.add(this.#lastBlock, 0, this.#lastBlock.length)
    if (this.#lastBlock === 'event' && isFollowed) this.#passed.addText('\n\n')
    this.#passed.addText(closing)
  }

  /** The answer has ended; what the server still sends is taken in, so that the connection can be used again. */
  #settle(): void {
    const { clock, wire } = this.#options
    this.drop()
    if (this.#isEnded) return
    if (this.#failure !== undefined) {
      wire.abort()
      return
    }
    this.#state = 'draining'
    wire.leave()
    this.#cancelTimer = clock.setTimer(() => this.#stopDraining(), DRAIN_MS)
  }

  #stopDraining(): void {
    this.drop()
    this.#options.wire.abort()
  }
}
