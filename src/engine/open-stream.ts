import { FailoverError } from '../failure/index.ts'
import type { AnswerTrail } from '../recovery/index.ts'
import type { Attempt } from './attempt.ts'
import { asFields } from './attempt-context.ts'
import { CommitGate } from './commit-gate.ts'
import type { ModelRequest, Provider } from './provider.ts'

/** A stream up to its commit: what has been held back so far, and where the rest comes from. */
export interface OpenedStream<Event> {
  readonly provider: Pick<Provider<never, Event>, 'usageOf' | 'bindingIdsOf'>
  /** The events that have come. */
  readonly events: readonly Event[]
  /** What of them is for the caller; undefined where that is still to be found out. */
  readonly released: readonly Event[] | undefined
  readonly rest: AsyncIterator<Event>
  /** The next read of the rest, where it was under way at the commit. */
  readonly reading: Promise<IteratorResult<Event>> | undefined
  /** Follows the answer; undefined where nothing is to be held, and nothing can go on with it. */
  readonly trail: AnswerTrail<Event> | undefined
  /** Since when the trail holds a tool call, epoch milliseconds; undefined where it holds none. */
  readonly heldSince: number | undefined
}

/**
 * Sends a request and reads its stream until enough of it is there for the caller to be given it, or to its end.
 *
 * @param trail undefined where nothing is to be held, and nothing can go on with it
 * @throws what the provider throws, or an error if nothing comes
 */
export async function openStream<Request, Event>(
  provider: Provider<Request & ModelRequest, Event>,
  request: Request & ModelRequest,
  attempt: Attempt,
  trail: AnswerTrail<Event> | undefined,
): Promise<OpenedStream<Event>> {
  const stream = await provider.stream(request, asFields(attempt))
  return new StreamOpening(provider, attempt, trail, stream[Symbol.asyncIterator]()).open()
}

const BAD_RESPONSE = { reason: 'bad_response', isRetryable: true } as const
/** No answer begins with so many events that say nothing; holding more back would only fill the memory. */
export const MAX_HELD_EVENTS = 1_000
/** The gate has opened by itself. */
const OPENED = Symbol('opened')

class StreamOpening<Request extends ModelRequest, Event> {
  readonly #provider: Provider<Request, Event>
  readonly #attempt: Attempt
  readonly #trail: AnswerTrail<Event> | undefined
  readonly #rest: AsyncIterator<Event>
  readonly #events: Event[] = []
  readonly #released: Event[] | undefined
  #gate: CommitGate | undefined
  /** Settles when the gate opens, or closes for good, by itself; only where it waits for time to pass. */
  #opening: PromiseWithResolvers<typeof OPENED> | undefined
  #heldSince: number | undefined
  #hasContent = false

  constructor(
    provider: Provider<Request, Event>,
    attempt: Attempt,
    trail: AnswerTrail<Event> | undefined,
    rest: AsyncIterator<Event>,
  ) {
    this.#provider = provider
    this.#attempt = attempt
    this.#trail = trail
    this.#rest = rest
    // What goes on with an answer is fitted to it after the commit, when it is known to be more than a beginning.
    this.#released = trail === undefined || attempt.resume !== undefined ? undefined : []
  }

  async open(): Promise<OpenedStream<Event>> {
    const rest = this.#rest
    let isOpening = true
    let reading: Promise<IteratorResult<Event>> | undefined
    this.#attempt.whenAborted(() => {
      if (isOpening) closeQuietly(rest)
    })
    try {
      for (;;) {
        // Where the race was lost meanwhile, whoever writes this stream is told to stop, whatever he makes of signals.
        this.#attempt.throwIfAborted()
        reading ??= this.#opening === undefined ? undefined : rest.next()
        const step = await (reading === undefined || this.#opening === undefined
          ? rest.next()
          : Promise.race([reading, this.#opening.promise]))
        this.#attempt.throwIfAborted()
        if (step === OPENED) break
        reading = undefined
        if (step.done) {
          this.#checkEnd()
          break
        }
        if (this.#take(step.value)) break
      }
    } catch (error) {
      closeQuietly(rest)
      throw error
    } finally {
      isOpening = false
      this.#gate?.stop()
    }
    return {
      // Kept with the answer: the registry may change while it goes on.
      provider: this.#provider,
      events: this.#events,
      released: this.#released,
      rest,
      reading,
      trail: this.#trail,
      heldSince: this.#trail?.isHolding ? this.#heldSince : undefined,
    }
  }

  /** @returns whether that is enough */
  #take(event: Event): boolean {
    this.#events.push(event)
    const isContent = this.#provider.isContent?.(event) ?? true
    this.#hasContent ||= isContent
    const before = this.#released?.length ?? 0
    if (this.#released !== undefined) this.#trail?.take(event, this.#released)
    if (this.#trail?.isHolding) this.#heldSince ??= this.#attempt.clock.now()
    else this.#heldSince = undefined
    if (isContent) {
      const isHeld = this.#released !== undefined && !this.#releasesContent(before)
      if (this.#note(event, isHeld)) return true
    } else if (this.#releasesContent(before)) {
      // What was held has come out.
      if (this.#note(event, false)) return true
    }
    if (!this.#hasContent && this.#events.length >= MAX_HELD_EVENTS)
      throw new FailoverError('PROVIDER_ERROR', `${MAX_HELD_EVENTS} events came without any content`, BAD_RESPONSE)
    return false
  }

  #releasesContent(from: number): boolean {
    const { isContent } = this.#provider
    const released = this.#released ?? []
    for (let index = from; index < released.length; index += 1) {
      if (isContent === undefined || this.#provider.isContent?.(released[index] as Event)) return true
    }
    return false
  }

  #note(event: Event, isHeld: boolean): boolean {
    const { commitRule, clock } = this.#attempt
    if (commitRule === undefined && !isHeld) return true
    this.#gate ??= new CommitGate({
      clock,
      rule: commitRule,
      onOpen: () => this.#opening?.resolve(OPENED),
      onTooSlow: (error) => this.#opening?.reject(error),
    })
    if (this.#opening === undefined) {
      this.#opening = Promise.withResolvers()
      this.#opening.promise.catch(() => {})
    }
    const { recovery } = this.#provider
    const characters = recovery?.charactersOf?.(event) ?? recovery?.textOf(event).length
    // Of what cannot be counted nobody can say that it is too little.
    if (this.#gate.note(characters ?? Number.POSITIVE_INFINITY, isHeld)) return true
    this.#attempt.noteContent()
    return false
  }

  /**
   * An answer may be complete without a word: a stop sequence at once, a budget spent on hidden reasoning. What was to
   * come behind a prefill may be nothing at all.
   */
  #checkEnd(): void {
    const mayBeEmpty = this.#attempt.resume === 'prefill'
    if (this.#events.length === 0 && !mayBeEmpty)
      throw new FailoverError('PROVIDER_ERROR', 'the answer was empty', BAD_RESPONSE)
    // Whoever reads on comes to the end again: what is held comes out there.
  }
}

/** Tells an iterator that nobody reads on. What it makes of that is its own affair. */
export function closeQuietly(iterator: AsyncIterator<unknown>): void {
  try {
    Promise.resolve(iterator.return?.()).catch(() => {})
  } catch {}
}
