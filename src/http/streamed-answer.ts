import type { AnswerProgress, Dialect } from '../dialects/index.ts'
import type { Clock } from '../engine/index.ts'
import { type SseEvent, SseParser } from '../stream/index.ts'
import type { ByteStream } from '../transport/index.ts'
import type { AnswerErrors } from './answer-errors.ts'
import { cancelable } from './cancelable.ts'
import { leftoverError } from './leftovers.ts'

interface StreamedAnswerOptions {
  readonly bytes: ByteStream
  readonly dialect: Dialect
  readonly errors: AnswerErrors
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly maxEventBytes: number | undefined
  /** Called for every read, whatever it holds: comments and pings are signs of life, too. */
  readonly onActivity: (() => void) | undefined
}

/** How long a finished answer waits for a token count or an end mark, milliseconds; some servers never close. */
const FINISHED_GRACE_MS = 2_000
/** What is taken in after the end mark so that the connection can be used again. */
const DRAIN_MS = 2_000
const DRAIN_BYTES = 64 * 1024
/** OpenAI's end mark, which relays append to other dialects too. It says nothing about how the answer ended. */
const DONE = '[DONE]'

type Read = { readonly isEnd: false } | { readonly isEnd: true; readonly leftovers: string; readonly cause?: unknown }

/**
 * A streamed answer: its events, parsed. Throws where an event reports a failure, and where the stream ends before
 * its answer is complete. An event that is no JSON is skipped while the rest is sound.
 */
export function readStreamedAnswer(options: StreamedAnswerOptions): AsyncIterableIterator<unknown, undefined> {
  return cancelable(
    (isCanceled) => new StreamedAnswer(options, isCanceled).events(),
    () => options.bytes.cancel(),
  )
}

class StreamedAnswer {
  readonly #options: StreamedAnswerOptions
  readonly #isCanceled: () => boolean
  readonly #progress: AnswerProgress
  readonly #parser: SseParser
  #arrived: SseEvent[] = []
  #sawEvent = false
  #graceEndsAt: number | undefined
  /** Some relays put a finish reason on every chunk: what goes on after one ends only where the server ends it. */
  #isFinishTrusted = true

  constructor(options: StreamedAnswerOptions, isCanceled: () => boolean) {
    this.#options = options
    this.#isCanceled = isCanceled
    this.#progress = options.dialect.startProgress()
    this.#parser = new SseParser({
      onEvent: (event) => this.#arrived.push(event),
      maxEventBytes: options.maxEventBytes,
    })
  }

  async *events(): AsyncGenerator<unknown, void> {
    const { bytes, clock } = this.#options
    try {
      for (;;) {
        const read = await this.#read()
        if (this.#isCanceled()) return
        const arrived = this.#arrived
        this.#arrived = []
        for (const event of arrived) {
          if (event.data === DONE) return this.#finish('')
          const parsed = this.#parse(event)
          if (parsed === undefined) continue
          yield parsed
          if (this.#isCanceled()) return
          if (this.#progress.state === 'closed') return this.#finish('')
        }
        if (read.isEnd) return this.#finish(read.leftovers, read.cause)
      }
    } finally {
      bytes.drain({ clock, maxMs: DRAIN_MS, maxBytes: DRAIN_BYTES })
    }
  }

  /** Reads on, into `#arrived`. What came before a break is still looked at: it may say why. */
  async #read(): Promise<Read> {
    let item: IteratorResult<Uint8Array, undefined>
    try {
      item = await this.#next()
    } catch (cause) {
      this.#options.signal.throwIfAborted()
      return { isEnd: true, leftovers: this.#parser.end(), cause }
    }
    if (item.done) return { isEnd: true, leftovers: this.#parser.end() }
    this.#options.onActivity?.()
    try {
      this.#parser.push(item.value)
    } catch (cause) {
      throw this.#options.errors.inAnswer('sent an event that is too large', { reason: 'bad_response', cause })
    }
    return { isEnd: false }
  }

  /** The next bytes; once the answer is finished, only as long as the grace lasts. */
  async #next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const { bytes, clock } = this.#options
    if (this.#progress.state === 'open' || !this.#isFinishTrusted) return bytes.next()
    this.#graceEndsAt ??= clock.now() + FINISHED_GRACE_MS
    const cancelTimer = clock.setTimer(() => bytes.stop(), this.#graceEndsAt - clock.now())
    try {
      return await bytes.next()
    } finally {
      cancelTimer()
    }
  }

  /** The event's JSON; absent where it is none. Throws where it reports a failure. */
  #parse({ name, data }: SseEvent): object | undefined {
    const { dialect, errors } = this.#options
    this.#sawEvent = true
    let event: unknown
    try {
      event = JSON.parse(data)
    } catch {
      if (name === 'error') throw errors.inAnswer('sent an error event', { body: data })
      return undefined
    }
    const failure = dialect.errorOf(event)
    if (failure !== undefined) {
      throw errors.inAnswer(`sent an error in its stream: ${failure.message}`, { reason: failure.reason, body: event })
    }
    if (name === 'error') throw errors.inAnswer('sent an error event', { body: event })
    if (typeof event !== 'object' || event === null) return undefined
    if (this.#progress.state === 'finished' && dialect.isContent(event)) this.#isFinishTrusted = false
    this.#progress.observe(event)
    return event
  }

  /** The stream is at its end: is the answer complete? */
  #finish(leftovers: string, cause?: unknown): void {
    const { dialect, errors } = this.#options
    if (this.#progress.state !== 'open') {
      const verdict = this.#progress.verdict()
      if (verdict !== undefined) throw errors.inAnswer(verdict.message, { reason: verdict.reason })
      return
    }
    const reported = leftoverError(leftovers, { dialect, errors, sawEvent: this.#sawEvent })
    if (reported !== undefined) throw reported
    if (cause !== undefined) throw errors.interrupted('broke off its stream', cause)
    if (!this.#sawEvent) throw errors.inAnswer('answered with an empty stream', { reason: 'bad_response', body: '' })
    throw errors.interrupted('ended its stream before the answer was complete')
  }
}
