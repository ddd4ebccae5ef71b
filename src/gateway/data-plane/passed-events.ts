import type { ContinuationFormat, DialectTrail } from '../../dialects/index.ts'
import type { Clock } from '../../engine/index.ts'
import type { ResumeMode } from '../../recovery/index.ts'
import type { FamiliarEvents, SecretMask } from '../../upstream/index.ts'
import { PassedBytes } from './passed-bytes.ts'

interface PassedEventsOptions {
  readonly continuation: Pick<ContinuationFormat, 'encode'>
  /** Follows the answer. Of a stream that goes on with another: as that one left it. */
  readonly trail: DialectTrail
  /** Is what passes to be kept for a recovery? */
  readonly recovers: boolean
  /** How this stream goes on with another; undefined where it begins an answer. */
  readonly resume: ResumeMode | undefined
  /** Hides what must not go on to a client. */
  readonly mask: SecretMask
  readonly clock: Pick<Clock, 'now'>
}

/** An event that was judged, and the block it came in. */
interface JudgedEvent {
  readonly event: object
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
  /** Its blank line came, too. */
  readonly isWhole: boolean
}

/**
 * So many bytes of events are held; the trail itself gives out what is longer than 256 KB of arguments. This is for events
 * that have more around them than in them.
 */
const MAX_HELD_BYTES = 1024 * 1024
const NONE: readonly object[] = []

/**
 * What of a stream's events goes on to the client, and in which bytes: those in which they came, unless they had to be
 * fitted to what was delivered before.
 *
 * A stream that goes on with another meets the trail only when it is begun: until then it may still fail, and nothing of
 * it must count as delivered.
 */
export class PassedEvents {
  readonly #options: PassedEventsOptions
  readonly #bytes: PassedBytes
  readonly #out: object[] = []
  /** The events of a stream that goes on with another, until it is begun. */
  #waiting: JudgedEvent[] | undefined
  /** The blocks of events that the trail holds; copies, since it may hold them for long. Most streams have none. */
  #held: Map<object, JudgedEvent> | undefined
  #heldBytes = 0
  #heldSince: number | undefined
  #hasPassedCall = false

  constructor(options: PassedEventsOptions) {
    this.#options = options
    this.#bytes = new PassedBytes(options.mask)
    if (options.resume !== undefined) this.#waiting = []
  }

  /** Since when a tool call is held, epoch milliseconds; undefined where none is. */
  get heldSince(): number | undefined {
    return this.#heldSince
  }

  /** A tool call that was held has been passed on since the last time this was asked. */
  takeCallPassed(): boolean {
    const hasPassedCall = this.#hasPassedCall
    this.#hasPassedCall = false
    return hasPassedCall
  }

  /** May an event that is like the latest one in all but its texts be passed on unseen? */
  get passesFamiliar(): boolean {
    return this.#options.resume === undefined && this.#options.trail.passesFamiliar
  }

  /** Nothing is there to be written. */
  get isEmpty(): boolean {
    return this.#bytes.isEmpty
  }

  /** This stream goes on with what was delivered: its events meet the trail. @throws Diverged */
  begin(): void {
    const { trail, resume } = this.#options
    const waiting = this.#waiting
    if (resume === undefined || waiting === undefined) return
    this.#waiting = undefined
    trail.resume(resume)
    for (const judged of waiting) this.#take(judged)
  }

  /**
   * Takes an event.
   *
   * @returns the events that the client gets, valid until the next call; none of a stream that is not begun
   * @throws Diverged
   */
  take(event: object, bytes: Buffer, start: number, end: number, isWhole: boolean): readonly object[] {
    const judged = { event, bytes, start, end, isWhole }
    if (this.#waiting === undefined) return this.#take(judged)
    this.#waiting.push(judged)
    return NONE
  }

  /** An event that is like the latest one in all but its texts, which are told. */
  passFamiliar(familiar: FamiliarEvents, bytes: Buffer, start: number, end: number): void {
    if (this.#options.recovers) familiar.tellTexts(bytes, this.#options.trail)
    this.#bytes.add(bytes, start, end)
  }

  /** A block that is no event: a comment, or the end mark. */
  passAside(bytes: Buffer, start: number, end: number, isWhole = true): void {
    if (isWhole) this.#bytes.add(bytes, start, end)
    else this.#bytes.addUnfinished(bytes, start, end)
  }

  passText(text: string): void {
    this.#bytes.addText(text)
  }

  /** The last block ends here, if its sender left that out. */
  finishBlock(): void {
    this.#bytes.finishBlock()
  }

  /** The answer is complete: what was still held back goes on. @throws Diverged */
  finish(): void {
    this.#giveOut((out) => this.#options.trail.finish(out))
  }

  /** A tool call has been held for too long: it goes on as far as it has come. */
  release(): void {
    this.#giveOut((out) => this.#options.trail.release(out))
  }

  /** All that is to be written, in as few pieces as it may be. */
  takePieces(): readonly Buffer[] {
    return this.#bytes.takePieces()
  }

  /** All that is to be written, as one piece. */
  takeBytes(): Buffer {
    return this.#bytes.take()
  }

  /** Lets go of everything. */
  drop(): void {
    this.#waiting = undefined
    this.#out.length = 0
    this.#forgetHeld()
  }

  #take(judged: JudgedEvent): readonly object[] {
    const { trail } = this.#options
    const { event } = judged
    this.#giveOut((out) => trail.take(event, out), judged)
    if (trail.isHolding && !this.#out.includes(event)) this.#hold(judged)
    return this.#out
  }

  /** Passes on what comes out of the trail; it counts as delivered, also where the trail then finds a difference. */
  #giveOut(step: (out: object[]) => void, present?: JudgedEvent): void {
    const { trail } = this.#options
    const out = this.#out
    out.length = 0
    try {
      step(out)
    } finally {
      for (const event of out) this.#pass(event, event === present?.event ? present : this.#held?.get(event))
      if (!trail.isHolding) this.#forgetHeld()
    }
  }

  #pass(event: object, judged: JudgedEvent | undefined): void {
    if (judged === undefined) {
      this.#bytes.addText(this.#options.continuation.encode(event))
      return
    }
    const { bytes, start, end, isWhole } = judged
    if (isWhole) this.#bytes.add(bytes, start, end)
    else this.#bytes.addUnfinished(bytes, start, end)
    if (this.#held?.delete(event) !== true) return
    this.#hasPassedCall = true
    // Another call may be held from here on.
    this.#heldBytes -= end - start
    this.#heldSince = this.#options.clock.now()
  }

  #hold({ event, bytes, start, end, isWhole }: JudgedEvent): void {
    const copy = Buffer.from(bytes.subarray(start, end))
    this.#held ??= new Map()
    this.#held.set(event, { event, bytes: copy, start: 0, end: copy.length, isWhole })
    this.#heldBytes += copy.length
    this.#heldSince ??= this.#options.clock.now()
    if (this.#heldBytes > MAX_HELD_BYTES) this.release()
  }

  #forgetHeld(): void {
    this.#heldSince = undefined
    this.#heldBytes = 0
    this.#held = undefined
  }
}
