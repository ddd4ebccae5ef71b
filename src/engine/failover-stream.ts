import { type AttemptRecord, FailoverError, type TargetRef } from '../failure/index.ts'
import type { OpenAnswer } from './open-answer.ts'
import type { Provider, Usage } from './provider.ts'
import { readable } from './readable.ts'

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
      if (held.length >= MAX_HELD_EVENTS)
        throw new FailoverError('PROVIDER_ERROR', `${MAX_HELD_EVENTS} events came without any content`, BAD_RESPONSE)
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
export const MAX_HELD_EVENTS = 1_000

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
  readonly #answer: OpenAnswer<OpenedStream<Event>>
  readonly #events: AsyncGenerator<Event, void, undefined>
  readonly #resolveCompleted: (summary: StreamSummary) => void
  #usage: Usage | undefined
  #isTaken = false

  constructor(answer: OpenAnswer<OpenedStream<Event>>) {
    this.#answer = answer
    this.#events = this.#read()
    const { promise, resolve, reject } = Promise.withResolvers<StreamSummary>()
    promise.catch(() => {})
    this.completed = promise
    this.#resolveCompleted = resolve
    answer.begin((error) => {
      reject(error)
      closeQuietly(answer.value.rest)
    })
  }

  /** Who is answering. */
  get target(): TargetRef {
    return this.#answer.target
  }

  /** Everything that was tried for this answer, the present attempt last; its outcome changes while it goes on. */
  get attempts(): readonly AttemptRecord[] {
    return this.#answer.attempts
  }

  /** Ends the request: the provider's connection is closed, and nobody is blamed. */
  cancel(): void {
    this.#answer.cancel(undefined, this.#usage)
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
    for (const event of this.#answer.value.held) {
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
    const answer = this.#answer
    if (answer.error !== undefined) throw answer.error
    answer.waitForProvider()
    try {
      const { done, value } = await answer.race(answer.value.rest.next())
      if (answer.error !== undefined) throw answer.error
      if (done) {
        this.#complete()
        return undefined
      }
      this.#note(value)
      return { value }
    } catch (thrown) {
      answer.fail(readable(thrown))
      throw answer.error
    } finally {
      answer.waitForReader()
    }
  }

  /** Token counts are for the books: a provider that cannot read them does not spoil the answer. */
  #note(event: Event): void {
    try {
      const usage = this.#answer.value.provider.usageOf?.(event)
      if (usage !== undefined) this.#usage = { ...this.#usage, ...usage }
    } catch {}
  }

  #complete(): void {
    const { target, attempts } = this.#answer
    const usage = this.#usage
    if (!this.#answer.complete(usage)) return
    const durationMs = this.#answer.elapsedMs
    this.#resolveCompleted({ target, attempts, durationMs, ...(usage !== undefined && { usage }) })
  }
}
