import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Dialect } from '../../dialects/index.ts'
import type { Clock } from '../../engine/index.ts'
import type { AnswerThread } from './answer-thread.ts'
import { type OwnWords, ownHeaders } from './own-words.ts'
import { SignsOfLife } from './signs-of-life.ts'

interface PassageOptions {
  readonly id: string
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly dialect: Dialect
  /** The gateway is about to stop: connections end with their answers. */
  readonly isDraining: () => boolean
}

/** A request on its way through, as far as more than one step needs it. */
export class Passage {
  readonly id: string
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly dialect: Dialect
  /** Aborted when the client leaves, or the gateway gives up. */
  readonly controller = new AbortController()
  /** What providers said in their errors, to be repeated word for word. */
  errorBodies: Map<unknown, Buffer> | undefined
  /** The engine has it, and will say how it ends. */
  isOpen = false
  /** What its attempts have in common, where it asks for a stream. */
  thread: AnswerThread | undefined
  readonly #isDraining: () => boolean
  #signs: SignsOfLife | undefined
  #isHeadEarly = false

  constructor({ id, request, response, dialect, isDraining }: PassageOptions) {
    this.id = id
    this.request = request
    this.response = response
    this.dialect = dialect
    this.#isDraining = isDraining
  }

  /** Where its client is kept waiting by them. */
  get signs(): SignsOfLife | undefined {
    return this.#signs
  }

  /** The head went out before there was an answer: what it could not say is told at the end, and so are errors. */
  get isHeadEarly(): boolean {
    return this.#isHeadEarly
  }

  /** From now on its client is given signs of life; with the first one the head goes out. */
  keepAlive(clock: Clock, keepAliveMs: number): void {
    const { dialect, response } = this
    this.#signs = new SignsOfLife({
      clock,
      keepAliveMs,
      signOfLife: dialect.continuation.signOfLife,
      write: (text) => {
        if (response.destroyed || response.writableNeedDrain) return
        if (!response.headersSent) this.#writeEarlyHead()
        response.write(text)
      },
    })
  }

  /** Nothing is waited for any more. */
  stopSigns(): void {
    this.#signs?.stop()
  }

  addOwnHeaders(headers: string[], words?: OwnWords): void {
    headers.push('x-hotspare-request-id', this.id)
    if (words !== undefined) headers.push(...ownHeaders(words))
    if (this.#isDraining() && !headers.includes('connection')) headers.push('connection', 'close')
  }

  #writeEarlyHead(): void {
    this.#isHeadEarly = true
    const headers = ['content-type', 'text/event-stream', 'cache-control', 'no-cache']
    this.addOwnHeaders(headers)
    this.response.writeHead(200, headers)
  }
}
