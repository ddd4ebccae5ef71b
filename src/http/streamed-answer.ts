import type { Dialect } from '../dialects/index.ts'
import type { Clock } from '../engine/index.ts'
import { type SseEvent, SseParser } from '../stream/index.ts'
import type { ByteStream } from '../transport/index.ts'
import { type AnswerErrors, DRAIN_BYTES, DRAIN_MS, FINISHED_GRACE_MS, StreamJudge } from '../upstream/index.ts'
import { cancelable } from './cancelable.ts'

interface StreamedAnswerOptions {
  readonly bytes: ByteStream
  readonly dialect: Dialect
  readonly errors: AnswerErrors
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly maxEventBytes: number | undefined
  /** It was asked to go on from a prefill. */
  readonly isContinuation: boolean
  /** Called for every event before it is handed out. */
  readonly onEvent?: ((event: unknown) => void) | undefined
  /** Called for every read, whatever it holds: comments and pings are signs of life, too. */
  readonly onActivity: (() => void) | undefined
}

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
  readonly #judge: StreamJudge
  readonly #parser: SseParser
  #arrived: SseEvent[] = []
  #graceEndsAt: number | undefined

  constructor(options: StreamedAnswerOptions, isCanceled: () => boolean) {
    this.#options = options
    this.#isCanceled = isCanceled
    this.#judge = new StreamJudge(options.dialect, options.errors, options.isContinuation)
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
          const verdict = this.#judge.take(event)
          if (verdict.is === 'end_mark') return this.#finish('')
          if (verdict.is === 'malformed') continue
          this.#options.onEvent?.(verdict.event)
          yield verdict.event
          if (this.#isCanceled()) return
          if (this.#judge.isClosed) return this.#finish('')
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
      throw this.#options.errors.inAnswer('sent an event that is too large', { flaw: 'no_answer', cause })
    }
    return { isEnd: false }
  }

  /** The next bytes; once the answer is finished, only as long as the grace lasts. */
  async #next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const { bytes, clock } = this.#options
    if (!this.#judge.isFinished) return bytes.next()
    this.#graceEndsAt ??= clock.now() + FINISHED_GRACE_MS
    const cancelTimer = clock.setTimer(() => bytes.stop(), this.#graceEndsAt - clock.now())
    try {
      return await bytes.next()
    } finally {
      cancelTimer()
    }
  }

  /** @throws FailoverError where the answer is not complete */
  #finish(leftovers: string, cause?: unknown): void {
    const error = this.#judge.finish(leftovers, cause)
    if (error !== undefined) throw error
  }
}
