import type { ServerResponse } from 'node:http'
import type { Dialect } from '../../dialects/index.ts'
import type { OpenAnswer } from '../../engine/index.ts'
import type { FailoverError } from '../../failure/index.ts'
import { dropWhereStuck } from './client-progress.ts'
import { toldOf } from './failure-reply.ts'
import type { StreamEnd, StreamedAnswer, StreamOutlet } from './streamed-answer.ts'

const NOTHING = Buffer.alloc(0)

/**
 * Brings a committed stream to the client: at the client's pace, and to one clear end. Where the answer breaks, the
 * client gets an error in the form of its dialect as the last event, never an end that looks like one.
 */
export class StreamedReply implements StreamOutlet {
  readonly #response: ServerResponse
  readonly #answer: OpenAnswer<unknown>
  readonly #stream: StreamedAnswer
  readonly #dialect: Dialect
  /** The client has not taken what was written. */
  #isBlocked = false
  /** Bytes that belong in front of whatever ends the stream. */
  #last: Buffer = NOTHING

  constructor(response: ServerResponse, answer: OpenAnswer<unknown>, stream: StreamedAnswer, dialect: Dialect) {
    this.#response = response
    this.#answer = answer
    this.#stream = stream
    this.#dialect = dialect
  }

  /** The head has been written. */
  start(): void {
    this.#answer.begin({ onEnded: (error) => this.#onEnded(error) })
    this.#answer.waitForProvider()
    this.#stream.flowInto(this)
  }

  noteActivity(): void {
    this.#answer.noteActivity()
  }

  noteFinished(): void {
    this.#answer.waitForReader()
  }

  write(bytes: Buffer): boolean {
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
    this.#last = bytes
    if ('error' in how) this.#answer.fail(how.error)
    else if (this.#answer.complete(how.usage)) {
      this.#response.end(bytes)
      dropWhereStuck(this.#response)
    }
  }

  #onEnded(error: FailoverError): void {
    if (this.#response.destroyed) return
    const told = Buffer.from(this.#dialect.errorEvent(toldOf(error)))
    this.#response.end(this.#last.length === 0 ? told : Buffer.concat([this.#last, told]))
    dropWhereStuck(this.#response)
  }
}
