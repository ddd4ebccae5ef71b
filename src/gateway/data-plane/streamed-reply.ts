import type { ServerResponse } from 'node:http'
import type { Dialect } from '../../dialects/index.ts'
import type { Clock, OpenAnswer, OpenAnswerReader } from '../../engine/index.ts'
import type { FailoverError } from '../../failure/index.ts'
import type { DisarmedBy } from '../../recovery/index.ts'
import type { AnswerThread } from './answer-thread.ts'
import { dropWhereStuck } from './client-progress.ts'
import { toldOf } from './failure-reply.ts'
import { SignsOfLife } from './signs-of-life.ts'
import type { StreamEnd, StreamOutlet } from './stream-outlet.ts'
import { StreamedAnswer } from './streamed-answer.ts'
import type { UpstreamReply } from './upstream-attempt.ts'

const NOTHING = Buffer.alloc(0)
const LF = 10

interface StreamedReplyOptions {
  readonly response: ServerResponse
  readonly dialect: Dialect
  readonly clock: Clock
  readonly thread: AnswerThread
  /** Where the client is given signs of life already. */
  readonly signs: SignsOfLife | undefined
  /** What belongs behind the last event, in bytes as text. */
  readonly afterword: () => string
}

/**
 * Brings an answer to the client from its commit to its end, over all attempts at it: at the client's pace, and to one
 * clear end. Where the answer breaks off and nobody goes on with it, the client gets an error in the form of its dialect as
 * the last event, never an end that looks like one.
 *
 * What a client does not take is at most the response's writable buffer (`writableHighWaterMark`) and what one attempt
 * brought in one read: then the attempt is told to wait, and so is one that goes on with it.
 */
export class StreamedReply implements StreamOutlet, OpenAnswerReader<UpstreamReply> {
  readonly #options: StreamedReplyOptions
  readonly #response: ServerResponse
  readonly #answer: OpenAnswer<UpstreamReply>
  /** Of the present attempt, or of the latest. */
  #stream: StreamedAnswer
  /** The client has not taken what was written. */
  #isBlocked = false
  /** Bytes that belong in front of whatever ends the stream. */
  #last: Buffer = NOTHING
  #signs: SignsOfLife | undefined

  constructor(answer: OpenAnswer<UpstreamReply>, stream: StreamedAnswer, options: StreamedReplyOptions) {
    this.#options = options
    this.#response = options.response
    this.#answer = answer
    this.#stream = stream
    this.#signs = options.signs
  }

  /** The head has been written. */
  start(): void {
    const { thread } = this.#options
    thread.commit(this.#stream.trail)
    this.#answer.begin(this)
    this.#flow(this.#stream)
  }

  /** Another attempt goes on with the answer. */
  onResumed(reply: UpstreamReply): void {
    if (reply instanceof StreamedAnswer) this.#flow(reply)
  }

  disarmedBy(): DisarmedBy | undefined {
    return this.#stream.failedBehindEnd ? 'finished' : this.#options.thread.disarmedBy
  }

  /** Nobody does: what is left is to say so. */
  onEnded(error: FailoverError): void {
    if (this.#response.destroyed) this.#letGo()
    else this.#finish(Buffer.concat([this.#takeLast(), Buffer.from(this.#options.dialect.errorEvent(toldOf(error)))]))
  }

  noteActivity(): void {
    this.#answer.noteActivity()
  }

  noteFinished(): void {
    this.#answer.waitForReader()
  }

  noteHolding(): void {
    const { clock, dialect } = this.#options
    this.#signs ??= new SignsOfLife({
      clock,
      keepAliveMs: 0,
      signOfLife: dialect.continuation.signOfLife,
      write: (text) => {
        if (!this.#isBlocked) this.#response.write(text)
      },
    })
    this.#signs.watchHolding(() => this.#stream.isHolding)
  }

  noteCallPassed(): void {
    const { thread } = this.#options
    if (thread.disarmedBy !== undefined) thread.release()
  }

  noteSeamPassed(): void {
    this.#answer.noteSeamPassed()
  }

  write(bytes: Buffer): boolean {
    this.#signs?.noteWrite()
    if (this.#response.write(bytes)) return true
    if (this.#isBlocked) return false
    this.#isBlocked = true
    this.#answer.waitForReader()
    dropWhereStuck(this.#response)
    this.#response.once('drain', () => {
      this.#isBlocked = false
      this.#answer.waitForProvider()
      this.#stream.resume()
    })
    return false
  }

  end(bytes: Buffer, how: StreamEnd): void {
    if ('error' in how) {
      this.#last = bytes
      this.#answer.fail(how.error, how.usage)
      // Somebody else is looked for, who may take his time.
      if (this.#answer.isRecovering && this.#last.length > 0) this.write(this.#takeLast())
    } else if (this.#answer.complete(how.usage)) this.#finish(bytes)
  }

  #flow(stream: StreamedAnswer): void {
    this.#stream = stream
    this.#options.thread.writes(stream.mask)
    if (!this.#isBlocked) this.#answer.waitForProvider()
    stream.flowInto(this)
  }

  #finish(bytes: Buffer): void {
    this.#letGo()
    const afterword = this.#options.afterword()
    this.#response.end(afterword === '' ? bytes : Buffer.concat([bytes, Buffer.from(asNewLine(bytes, afterword))]))
    dropWhereStuck(this.#response)
  }

  #takeLast(): Buffer {
    const last = this.#last
    this.#last = NOTHING
    return last
  }

  #letGo(): void {
    this.#signs?.stop()
    this.#options.thread.release()
  }
}

/** The last line of a stream may have come without its end. */
function asNewLine(bytes: Buffer, text: string): string {
  return bytes.length === 0 || bytes.at(-1) === LF ? text : `\n${text}`
}
