import { type AttemptRecord, FailoverError, type Failure, type TargetRef } from '../failure/index.ts'
import { type Attempt, AttemptTimeout } from './attempt.ts'
import type { Clock } from './clock.ts'
import type { TimeoutOptions } from './options.ts'
import type { Provider, Usage } from './provider.ts'
import { readable } from './readable.ts'
import { requestEnded, streamInterrupted } from './request-errors.ts'
import type { RequestLife } from './request-life.ts'

/** How a stream ended well. */
export interface StreamSummary {
  readonly target: TargetRef
  readonly attempts: readonly AttemptRecord[]
  /** From the call to the last event, milliseconds. */
  readonly durationMs: number
  /** What the provider reported, where it did. */
  readonly usage?: Usage
}

/** A stream up to its first content: what has been held back so far, and where the rest comes from. */
export interface OpenedStream<Event> {
  readonly provider: Pick<Provider<never, Event>, 'usageOf'>
  readonly held: readonly Event[]
  readonly rest: AsyncIterator<Event>
}

interface StreamDependencies {
  readonly clock: Clock
  readonly timeouts: TimeoutOptions
  readonly attempt: Attempt
  readonly attempts: readonly AttemptRecord[]
  readonly life: RequestLife
}

/** Reads a stream until its first content or its end. @throws what the provider throws, or an error if nothing comes */
export async function openStream<Event>(
  events: AsyncIterable<Event>,
  isContent: (event: Event) => boolean,
  signal: AbortSignal,
): Promise<Omit<OpenedStream<Event>, 'provider'>> {
  const rest = events[Symbol.asyncIterator]()
  const held: Event[] = []
  const onAbort = (): void => closeQuietly(rest)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    for (;;) {
      // Where the race was lost meanwhile, whoever writes this stream is told to stop, whatever he makes of signals.
      signal.throwIfAborted()
      const { done, value } = await rest.next()
      signal.throwIfAborted()
      if (done) {
        // An answer may be complete without a word: a stop sequence at once, a budget spent on hidden reasoning.
        if (held.length > 0) return { held, rest }
        throw new FailoverError('PROVIDER_ERROR', 'the answer was empty', BAD_RESPONSE)
      }
      held.push(value)
      if (isContent(value)) return { held, rest }
      if (held.length >= MAX_HELD)
        throw new FailoverError('PROVIDER_ERROR', `${MAX_HELD} events came without any content`, BAD_RESPONSE)
    }
  } catch (error) {
    closeQuietly(rest)
    throw error
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

const BAD_RESPONSE = { reason: 'bad_response', isRetryable: true } as const
/** No answer begins with so many events that say nothing; holding more back would only fill the memory. */
const MAX_HELD = 1_000

/** Tells an iterator that nobody reads on. What it makes of that is its own affair. */
function closeQuietly(iterator: AsyncIterator<unknown>): void {
  try {
    Promise.resolve(iterator.return?.()).catch(() => {})
  } catch {}
}

/**
 * The answer to a `call`, from its first content on. It can be read once, with `for await`.
 *
 * It ends normally only if the answer is complete. Otherwise it throws a `FailoverError`: `STREAM_INTERRUPTED` (the
 * provider failed after its first content), `CANCELED`, `DEADLINE_EXCEEDED`, or `TIMEOUT` (nobody read it to its end
 * within `timeouts.attemptMs`). Leaving the loop early ends the request on the wire, and so does `cancel()`.
 */
export class FailoverStream<Event> implements AsyncIterable<Event> {
  /** Resolves when the answer is complete; rejects with what iterating throws. Need not be awaited. */
  readonly completed: Promise<StreamSummary>
  readonly #dependencies: StreamDependencies
  readonly #events: AsyncGenerator<Event, void, undefined>
  readonly #opened: OpenedStream<Event>
  readonly #settle: {
    readonly resolve: (summary: StreamSummary) => void
    readonly reject: (error: FailoverError) => void
  }
  #cancelAttemptLimit: () => void = () => {}
  #usage: Usage | undefined
  #error: FailoverError | undefined
  #isReading = false
  #isTaken = false
  #isOver = false

  constructor(dependencies: StreamDependencies, opened: OpenedStream<Event>) {
    this.#dependencies = dependencies
    this.#opened = opened
    this.#events = this.#read()
    const { promise, resolve, reject } = Promise.withResolvers<StreamSummary>()
    promise.catch(() => {})
    this.completed = promise
    this.#settle = { resolve, reject }
    this.#limitAttempt()
    const { signal } = dependencies.life
    signal.addEventListener('abort', this.#onAbort, { once: true })
    if (signal.aborted) this.#onAbort()
  }

  /** Who is answering. */
  get target(): TargetRef {
    return this.#dependencies.attempt.record.target
  }

  /** Everything that was tried for this answer, the present attempt last; its outcome changes while it goes on. */
  get attempts(): readonly AttemptRecord[] {
    return this.#dependencies.attempts
  }

  /** Ends the request: the provider's connection is closed, and nobody is blamed. */
  cancel(): void {
    const error = new FailoverError('CANCELED', 'the caller left the stream', {
      reason: 'canceled',
      attempts: this.attempts,
    })
    this.#cancel(error)
  }

  /** @throws FailoverError `INVALID_REQUEST` where it is read a second time: that would look like an empty answer */
  [Symbol.asyncIterator](): AsyncIterator<Event, void, undefined> {
    if (this.#isTaken) throw new FailoverError('INVALID_REQUEST', 'a stream can be read once; this one has been')
    this.#isTaken = true
    return {
      next: () => this.#events.next(),
      return: () => {
        // A generator that was never begun would end without running any of its code.
        this.cancel()
        return this.#events.return()
      },
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cancel()
  }

  async *#read(): AsyncGenerator<Event, void, undefined> {
    for (const event of this.#opened.held) {
      this.#note(event)
      yield event
    }
    for (;;) {
      const event = await this.#next()
      if (event === undefined) return
      yield event.value
    }
  }

  /** The next event; undefined when the answer is complete. */
  async #next(): Promise<{ readonly value: Event } | undefined> {
    if (this.#error !== undefined) throw this.#error
    const { attempt, life, timeouts } = this.#dependencies
    this.#isReading = true
    try {
      const idle = { phase: 'idle', ms: timeouts.idleMs, isCutShort: false } as const
      const { done, value } = await attempt.race(this.#opened.rest.next(), idle, life.signal)
      if (this.#error !== undefined) throw this.#error
      if (done) {
        this.#complete()
        return undefined
      }
      this.#note(value)
      return { value }
    } catch (thrown) {
      throw this.#error ?? this.#fail(readable(thrown))
    } finally {
      this.#isReading = false
    }
  }

  /** Token counts are for the books: a provider that cannot read them does not spoil the answer. */
  #note(event: Event): void {
    try {
      const usage = this.#opened.provider.usageOf?.(event)
      if (usage !== undefined) this.#usage = { ...this.#usage, ...usage }
    } catch {}
  }

  #complete(): void {
    if (!this.#end()) return
    const { attempt, attempts, clock, life } = this.#dependencies
    life.succeed(attempt, attempts.length, this.#usage)
    const durationMs = clock.now() - life.startedAt
    this.#settle.resolve({
      target: attempt.record.target,
      attempts,
      durationMs,
      ...(this.#usage !== undefined && { usage: this.#usage }),
    })
  }

  #fail(error: unknown): FailoverError {
    this.#end()
    const { attempt, attempts, life } = this.#dependencies
    const failure: Failure = life.fail(attempt, error, true)
    const interrupted = this.#conclude(streamInterrupted(failure, error, attempts, attempt.secrets))
    closeQuietly(this.#opened.rest)
    return interrupted
  }

  #cancel(error: FailoverError): void {
    if (!this.#end()) return
    const { attempt, life } = this.#dependencies
    life.cancel(attempt, true, this.#usage)
    this.#conclude(error)
    closeQuietly(this.#opened.rest)
  }

  /** The stream ends with an error, which whoever reads it gets. */
  #conclude(error: FailoverError): FailoverError {
    const { attempt, attempts, life } = this.#dependencies
    this.#error = error
    attempt.abort(error)
    life.end(error, attempts.length)
    this.#settle.reject(error)
    return error
  }

  readonly #onAbort = (): void => this.#cancel(requestEnded(this.#dependencies.life.signal.reason, this.attempts))

  /** The attempt as a whole is limited, too. Nobody is blamed where it is the reader who is slow. */
  #limitAttempt(): void {
    const { attempt, clock, timeouts } = this.#dependencies
    const limit = { phase: 'attempt', ms: timeouts.attemptMs, isCutShort: false } as const
    this.#cancelAttemptLimit = clock.setTimer(() => {
      if (this.#isReading) this.#fail(new AttemptTimeout(limit))
      else
        this.#cancel(
          new FailoverError('TIMEOUT', `the answer was not read within ${limit.ms} ms`, {
            reason: 'timeout',
            isRetryable: true,
            attempts: this.attempts,
          }),
        )
    }, timeouts.attemptMs - attempt.elapsedMs)
  }

  /** @returns whether it was still going on */
  #end(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    this.#cancelAttemptLimit()
    this.#dependencies.life.signal.removeEventListener('abort', this.#onAbort)
    return true
  }
}
