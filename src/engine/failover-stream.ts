import { type AttemptRecord, FailoverError, type TargetRef } from '../failure/index.ts'
import type { Attempt } from './attempt.ts'
import { asFields } from './attempt-context.ts'
import type { OpenAnswer } from './open-answer.ts'
import type { ModelRequest, Provider, Usage } from './provider.ts'
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
  readonly provider: Pick<Provider<never, Event>, 'usageOf' | 'bindingIdsOf'>
  readonly held: readonly Event[]
  readonly rest: AsyncIterator<Event>
}

/**
 * Sends a request and reads its stream until the first content or the end.
 * @throws what the provider throws, or an error if nothing comes
 */
export async function openStream<Request, Event>(
  provider: Provider<Request & ModelRequest, Event>,
  request: Request & ModelRequest,
  attempt: Attempt,
): Promise<OpenedStream<Event>> {
  const events = await provider.stream(request, asFields(attempt))
  const rest = events[Symbol.asyncIterator]()
  const held: Event[] = []
  let isOpening = true
  attempt.whenAborted(() => {
    if (isOpening) closeQuietly(rest)
  })
  try {
    for (;;) {
      // Where the race was lost meanwhile, whoever writes this stream is told to stop, whatever he makes of signals.
      attempt.throwIfAborted()
      const { done, value } = await rest.next()
      attempt.throwIfAborted()
      if (done) {
        // An answer may be complete without a word: a stop sequence at once, a budget spent on hidden reasoning.
        if (held.length > 0) break
        throw new FailoverError('PROVIDER_ERROR', 'the answer was empty', BAD_RESPONSE)
      }
      held.push(value)
      if (provider.isContent?.(value) ?? true) break
      if (held.length >= MAX_HELD_EVENTS)
        throw new FailoverError('PROVIDER_ERROR', `${MAX_HELD_EVENTS} events came without any content`, BAD_RESPONSE)
    }
  } catch (error) {
    closeQuietly(rest)
    throw error
  } finally {
    isOpening = false
  }
  // Kept with the answer: the registry may change while it goes on.
  return { provider, held, rest }
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
  readonly #answer: OpenAnswer<OpenedStream<Event>>
  /** Held events that have been read. */
  #taken = 0
  #usage: Usage | undefined
  #isTaken = false
  /** Nothing more is to be read: it is complete, its error has been thrown, or its reader has left. */
  #isRead = false
  /** The event that a reader waits for. */
  #awaited: Awaiting<Event> | undefined
  /** Settles when everything that has been asked for so far has been read. */
  #queue: Promise<unknown> | undefined
  #summary: StreamSummary | undefined
  #completion: PromiseWithResolvers<StreamSummary> | undefined

  constructor(answer: OpenAnswer<OpenedStream<Event>>) {
    this.#answer = answer
    answer.begin({ onEnded: (error) => this.#onEnded(error) })
  }

  /** Resolves when the answer is complete; rejects with what iterating throws. Need not be awaited. */
  get completed(): Promise<StreamSummary> {
    if (this.#completion === undefined) {
      this.#completion = Promise.withResolvers<StreamSummary>()
      this.#completion.promise.catch(() => {})
      if (this.#summary !== undefined) this.#completion.resolve(this.#summary)
      if (this.#answer.error !== undefined) this.#completion.reject(this.#answer.error)
    }
    return this.#completion.promise
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
      next: () => this.#next(),
      return: () => {
        this.cancel()
        this.#isRead = true
        return Promise.resolve(END)
      },
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cancel()
  }

  /** One read at a time: whoever asks again before his answer has come waits for his turn. */
  #next(): Promise<IteratorResult<Event, void>> {
    if (this.#awaited === undefined && this.#queue === undefined) return this.#read()
    const before = this.#queue ?? this.#awaited?.promise
    const read = (): Promise<IteratorResult<Event, void>> => this.#read()
    const turn = Promise.resolve(before).then(read, read)
    const isLast = (): void => {
      if (this.#queue === turn) this.#queue = undefined
    }
    this.#queue = turn
    turn.then(isLast, isLast)
    return turn
  }

  #read(): Promise<IteratorResult<Event, void>> {
    const answer = this.#answer
    if (this.#isRead) return Promise.resolve(END)
    const { held, rest } = answer.value
    if (this.#taken < held.length) {
      const value = held[this.#taken] as Event
      this.#taken += 1
      this.#note(value)
      return Promise.resolve({ done: false, value })
    }
    if (answer.error !== undefined) {
      this.#isRead = true
      return Promise.reject(answer.error)
    }
    answer.waitForProvider()
    const awaited: Awaiting<Event> = Promise.withResolvers<IteratorResult<Event, void>>()
    this.#awaited = awaited
    try {
      Promise.resolve(rest.next()).then(this.#onStep, this.#onThrown)
    } catch (thrown) {
      this.#onThrown(thrown)
    }
    return awaited.promise
  }

  readonly #onStep = (step: IteratorResult<Event, unknown>): void => {
    const awaited = this.#awaited
    // Too late: the answer has ended meanwhile.
    if (awaited === undefined) return
    try {
      const { done, value } = step
      this.#awaited = undefined
      this.#answer.waitForReader()
      if (done) {
        this.#isRead = true
        this.#complete()
        awaited.resolve(END)
      } else {
        this.#note(value)
        awaited.resolve({ done: false, value })
      }
    } catch (thrown) {
      this.#awaited = awaited
      this.#onThrown(thrown)
    }
  }

  readonly #onThrown = (thrown: unknown): void => {
    if (this.#awaited !== undefined) this.#answer.fail(readable(thrown))
  }

  #onEnded(error: FailoverError): void {
    this.#completion?.reject(error)
    const awaited = this.#awaited
    if (awaited !== undefined) {
      this.#awaited = undefined
      this.#isRead = true
      awaited.reject(error)
    }
    closeQuietly(this.#answer.value.rest)
  }

  /** What is for the books alone does not spoil the answer where a provider cannot read it. */
  #note(event: Event): void {
    try {
      const { provider } = this.#answer.value
      const usage = provider.usageOf?.(event)
      if (usage !== undefined) this.#usage = { ...this.#usage, ...usage }
      for (const id of provider.bindingIdsOf?.(event) ?? NONE) this.#answer.noteBinding(id)
    } catch {}
  }

  #complete(): void {
    const { target, attempts } = this.#answer
    const usage = this.#usage
    if (!this.#answer.complete(usage)) return
    const durationMs = this.#answer.elapsedMs
    this.#summary = { target, attempts, durationMs, ...(usage !== undefined && { usage }) }
    this.#completion?.resolve(this.#summary)
  }
}

type Awaiting<Event> = PromiseWithResolvers<IteratorResult<Event, void>>

const END: IteratorReturnResult<void> = { done: true, value: undefined }
const NONE: readonly string[] = []
