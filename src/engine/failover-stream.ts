import { type AttemptRecord, FailoverError, type TargetRef } from '../failure/index.ts'
import type { AnswerTrail } from '../recovery/index.ts'
import type { Engine } from './engine.ts'
import type { OpenAnswer } from './open-answer.ts'
import { closeQuietly, type OpenedStream } from './open-stream.ts'
import type { Usage } from './provider.ts'
import { readable } from './readable.ts'

/** How a stream ended well. */
export interface StreamSummary {
  readonly target: TargetRef
  readonly attempts: readonly AttemptRecord[]
  /** From the call to the last event, milliseconds. */
  readonly durationMs: number
  /** What the provider reported, where it did; of the one answer, whoever wrote which part of it. */
  readonly usage?: Usage
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
  readonly #engine: Pick<Engine, 'clock' | 'settings'>
  /** Where the events come from: the present attempt. */
  #source: Source<Event>
  readonly #trail: AnswerTrail<Event> | undefined
  /** What the caller is to get next. */
  #queue: Event[] = []
  /** Events of the queue that have been read. */
  #taken = 0
  /** Of the present attempt. */
  #usage: Usage | undefined
  /** Of the one answer that the caller gets, where more than one attempt has written it. */
  #toldUsage: Usage | undefined
  #isTaken = false
  /** The answer is complete: what is left is in the queue. */
  #isComplete = false
  /** Nothing more is to be read: it is complete, its error has been thrown, or its reader has left. */
  #isRead = false
  /** The event that a reader waits for. */
  #awaited: Awaiting<Event> | undefined
  /** Settles when everything that has been asked for so far has been read. */
  #turns: Promise<unknown> | undefined
  #cancelHoldTimer: (() => void) | undefined
  #summary: StreamSummary | undefined
  #completion: PromiseWithResolvers<StreamSummary> | undefined

  constructor(answer: OpenAnswer<OpenedStream<Event>>, engine: Pick<Engine, 'clock' | 'settings'>) {
    this.#answer = answer
    this.#engine = engine
    const opened = answer.value
    this.#trail = opened.trail
    this.#source = this.#sourceOf(opened)
    for (const event of opened.events) this.#note(event)
    this.#queue.push(...(opened.released ?? opened.events))
    answer.begin({
      onEnded: (error) => this.#onEnded(error),
      onResumed: this.#trail && ((next) => this.#onResumed(next)),
      disarmedBy: () => this.#trail?.disarmedBy,
    })
    if (opened.heldSince !== undefined) this.#startHoldTimer(opened.heldSince)
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
    if (this.#awaited === undefined && this.#turns === undefined) return this.#read()
    const before = this.#turns ?? this.#awaited?.promise
    const read = (): Promise<IteratorResult<Event, void>> => this.#read()
    const turn = Promise.resolve(before).then(read, read)
    const isLast = (): void => {
      if (this.#turns === turn) this.#turns = undefined
    }
    this.#turns = turn
    turn.then(isLast, isLast)
    return turn
  }

  #read(): Promise<IteratorResult<Event, void>> {
    const answer = this.#answer
    if (this.#isRead) return Promise.resolve(END)
    if (this.#taken < this.#queue.length) return Promise.resolve({ done: false, value: this.#shift() })
    if (this.#isComplete) {
      this.#isRead = true
      return Promise.resolve(END)
    }
    if (answer.error !== undefined) {
      this.#isRead = true
      return Promise.reject(answer.error)
    }
    const awaited: Awaiting<Event> = Promise.withResolvers<IteratorResult<Event, void>>()
    this.#awaited = awaited
    // Where another attempt is looked for, it is read from as soon as it is there.
    if (!answer.isRecovering) this.#pull()
    return awaited.promise
  }

  #shift(): Event {
    const value = this.#queue[this.#taken] as Event
    this.#taken += 1
    if (this.#taken === this.#queue.length) {
      this.#queue = []
      this.#taken = 0
    }
    return value
  }

  #pull(): void {
    const source = this.#source
    const { onStep, onThrown, opened } = source
    // An answer that has said how it ends is not waited for long, and nobody is to be blamed for the time that takes.
    if (!this.#trail?.isFinished) this.#answer.waitForProvider()
    // One that was under way when what was held came out goes on.
    if (source.isReading) return
    source.isReading = true
    try {
      const { reading = opened.rest.next() } = source
      source.reading = undefined
      Promise.resolve(reading).then(onStep, onThrown)
    } catch (thrown) {
      onThrown(thrown)
    }
  }

  #sourceOf(opened: OpenedStream<Event>): Source<Event> {
    const source: Source<Event> = {
      opened,
      reading: opened.reading,
      isReading: false,
      // It may come too late: the answer has ended meanwhile, or goes on elsewhere.
      onStep: (step) => {
        source.isReading = false
        if (this.#isGoingOn(source)) this.#onStep(step)
      },
      onThrown: (thrown) => {
        source.isReading = false
        if (this.#isGoingOn(source)) this.#answer.fail(readable(thrown), this.#usage)
      },
    }
    return source
  }

  #isGoingOn(source: Source<Event>): boolean {
    const { error, isRecovering } = this.#answer
    return this.#source === source && error === undefined && !isRecovering && !this.#isComplete
  }

  #onStep(step: IteratorResult<Event, unknown>): void {
    const source = this.#source
    try {
      const { done, value } = step
      this.#answer.waitForReader()
      if (done) this.#finish()
      else {
        this.#note(value)
        this.#take(value)
      }
    } catch (thrown) {
      source.onThrown(thrown)
      return
    }
    this.#serve()
  }

  /** Gives a waiting reader what is there, or sees to it that something comes. */
  #serve(): void {
    const awaited = this.#awaited
    if (awaited === undefined) return
    if (this.#taken < this.#queue.length) {
      this.#awaited = undefined
      awaited.resolve({ done: false, value: this.#shift() })
    } else if (this.#isComplete) {
      this.#awaited = undefined
      this.#isRead = true
      awaited.resolve(END)
    } else if (!this.#answer.isRecovering) this.#pull()
  }

  /** @throws Diverged */
  #take(event: Event): void {
    const trail = this.#trail
    if (trail === undefined) {
      this.#queue.push(event)
      return
    }
    const before = this.#queue.length
    trail.take(event, this.#queue)
    this.#noteTold(before)
    if (trail.isPastSeam) this.#answer.noteSeamPassed()
    if (!trail.isHolding) this.#stopHoldTimer()
    else if (this.#cancelHoldTimer === undefined) this.#startHoldTimer(this.#engine.clock.now())
  }

  /** The present attempt came to its end. @throws Diverged */
  #finish(): void {
    const before = this.#queue.length
    this.#trail?.finish(this.#queue)
    this.#noteTold(before)
    this.#stopHoldTimer()
    this.#isComplete = true
    const { target, attempts } = this.#answer
    if (!this.#answer.complete(this.#usage)) return
    const told = this.#toldUsage
    const usage = told === undefined || Object.keys(told).length === 0 ? this.#usage : told
    const durationMs = this.#answer.elapsedMs
    this.#summary = { target, attempts, durationMs, ...(usage !== undefined && { usage }) }
    this.#completion?.resolve(this.#summary)
  }

  #onResumed(opened: OpenedStream<Event>): void {
    this.#stopHoldTimer()
    closeQuietly(this.#source.opened.rest)
    const source = this.#sourceOf(opened)
    this.#source = source
    this.#toldUsage ??= this.#usage ?? {}
    this.#usage = undefined
    try {
      for (const event of opened.events) {
        this.#note(event)
        this.#take(event)
      }
    } catch (thrown) {
      this.#answer.fail(readable(thrown), this.#usage)
      return
    }
    this.#serve()
  }

  #onEnded(error: FailoverError): void {
    this.#stopHoldTimer()
    this.#completion?.reject(error)
    const awaited = this.#awaited
    if (awaited !== undefined) {
      this.#awaited = undefined
      this.#isRead = true
      awaited.reject(error)
    }
    closeQuietly(this.#source.opened.rest)
  }

  #startHoldTimer(since: number): void {
    const { clock, settings } = this.#engine
    this.#cancelHoldTimer = clock.setTimer(
      () => {
        this.#cancelHoldTimer = undefined
        // What an attempt held that has broken off since is made anew, or never was.
        if (!this.#isGoingOn(this.#source)) return
        this.#trail?.release(this.#queue)
        // A reader that waits gets it at once; the read that is under way is for the next one.
        this.#serve()
      },
      Math.max(0, since + settings.stream.holdMaxMs - clock.now()),
    )
  }

  #stopHoldTimer(): void {
    this.#cancelHoldTimer?.()
    this.#cancelHoldTimer = undefined
  }

  /** What is told of token counts once another attempt goes on describes the one answer, not that attempt. */
  #noteTold(from: number): void {
    if (this.#toldUsage === undefined) return
    for (const event of this.#queue.slice(from)) this.#toldUsage = { ...this.#toldUsage, ...this.#usageOf(event) }
  }

  #usageOf(event: Event): Usage | undefined {
    try {
      return this.#source.opened.provider.usageOf?.(event)
    } catch {
      return undefined
    }
  }

  /** What is for the books alone does not spoil the answer where a provider cannot read it. */
  #note(event: Event): void {
    const usage = this.#usageOf(event)
    if (usage !== undefined) this.#usage = { ...this.#usage, ...usage }
    try {
      for (const id of this.#source.opened.provider.bindingIdsOf?.(event) ?? NONE) this.#answer.noteBinding(id)
    } catch {}
  }
}

/** Where a stream's events come from, and who is told of them; one for each attempt. */
interface Source<Event> {
  readonly opened: OpenedStream<Event>
  /** A read that was under way at the commit, until somebody waits for it. */
  reading: Promise<IteratorResult<Event>> | undefined
  /** A read is under way, and is waited for. */
  isReading: boolean
  readonly onStep: (step: IteratorResult<Event, unknown>) => void
  readonly onThrown: (thrown: unknown) => void
}

type Awaiting<Event> = PromiseWithResolvers<IteratorResult<Event, void>>

const END: IteratorReturnResult<void> = { done: true, value: undefined }
const NONE: readonly string[] = []
