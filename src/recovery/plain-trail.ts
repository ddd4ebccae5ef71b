import { type AnswerTrail, type DisarmedBy, Diverged, type ResumeMode } from './answer-trail.ts'
import { DeliveredText, MAX_DELIVERED_CHARACTERS } from './delivered-text.ts'
import { prefillOf, TextSeam } from './text-seam.ts'

/** What a trail has to know of events that are nobody's dialect. */
export interface PlainEvents<Event> {
  /** The text of the answer that this event carries; empty where it carries none. */
  textOf(event: Event): string
  /** Does this event end the answer? */
  isTerminal(event: Event): boolean
  /** The event without the first characters (UTF-16 code units) of its text; undefined where nothing is left of it. */
  withoutPrefix(event: Event, characters: number): Event | undefined
  /**
   * Is this event something the caller was waiting for? Absent: nobody can tell an event without text from a call of a
   * tool, so that it counts as content; but for those in front of the first text, with which answers begin.
   */
  isContent?(event: Event): boolean
}

/** Follows an answer by its text alone. Content that is no text ends the possibility of going on. */
export class PlainTrail<Event> implements AnswerTrail<Event> {
  readonly isHolding = false
  readonly #delivered = new DeliveredText()
  #isFinished = false
  #events: PlainEvents<Event>
  #disarmedBy: DisarmedBy | undefined
  /** Absent in the first attempt. */
  #seam: TextSeam | undefined
  #isPastSeam = true
  /** Nobody can go on: what was delivered is not kept any more. */
  #isLost = false
  /** The present attempt has brought text. */
  #hasText = false
  /** Events of which it is not known yet whether the caller has had their text. */
  #withheld: { readonly event: Event; readonly text: string }[] = []

  constructor(events: PlainEvents<Event>) {
    this.#events = events
  }

  take(event: Event, out: Event[]): void {
    if (this.#seam !== undefined && this.#isLost) throw new Diverged(0)
    const text = this.#events.textOf(event)
    this.#hasText ||= text !== ''
    if (this.#seam === undefined) this.#deliver(event, text, out)
    else if (this.#events.isTerminal(event)) this.#close(event, text, this.#seam, out)
    else if (text !== '') this.#fit(event, text, this.#seam, out)
    else if (this.#isOtherContent(event)) {
      this.#end(this.#seam, out)
      this.#isPastSeam = true
      this.#deliver(event, text, out)
    } else if (this.#isPastSeam) out.push(event)
  }

  finish(out: Event[]): void {
    if (this.#seam !== undefined) this.#end(this.#seam, out)
  }

  /** Nothing is held: an event that is no text passes. */
  release(): void {}

  get isFinished(): boolean {
    return this.#isFinished
  }

  get disarmedBy(): DisarmedBy | undefined {
    return this.#disarmedBy
  }

  get isPastSeam(): boolean {
    return this.#isPastSeam
  }

  get prefill(): string | undefined {
    const text = prefillOf(this.#delivered.text)
    return text === '' ? undefined : text
  }

  resume(mode: ResumeMode): void {
    this.#withheld = []
    this.#isLost = this.#disarmedBy !== undefined
    this.#seam = new TextSeam(mode, this.#delivered.text)
    this.#isPastSeam = false
    this.#hasText = false
  }

  /** The next attempt is another provider's, whose events are read in its own way. */
  resumeWith(events: PlainEvents<Event>, mode: ResumeMode): void {
    this.#events = events
    this.resume(mode)
  }

  #fit(event: Event, text: string, seam: TextSeam, out: Event[]): void {
    const fresh = seam.take(text)
    this.#withheld.push({ event, text })
    if (seam.isWithholding) return
    this.#giveOut(fresh.length, out)
  }

  #end(seam: TextSeam, out: Event[]): void {
    const fresh = seam.end()
    this.#giveOut(fresh.length, out)
  }

  /** The last event always comes out, whatever of its text the caller has had. */
  #close(event: Event, text: string, seam: TextSeam, out: Event[]): void {
    const fresh = seam.take(text) + seam.end()
    this.#withheld.push({ event, text })
    this.#giveOut(fresh.length, out)
    this.#isPastSeam = true
  }

  /** Gives out the last `characters` of what is withheld, and forgets the rest of it. */
  #giveOut(characters: number, out: Event[]): void {
    const withheld = this.#withheld
    this.#withheld = []
    let known = withheld.reduce((sum, { text }) => sum + text.length, -characters)
    for (const { event, text } of withheld) {
      const cut = Math.min(known, text.length)
      known -= cut
      if (cut > 0 && cut === text.length && !this.#events.isTerminal(event)) continue
      const rest = cut === 0 ? event : this.#events.withoutPrefix(event, cut)
      if (rest === undefined) continue
      this.#isPastSeam = true
      this.#deliver(rest, text.slice(cut), out)
    }
  }

  #deliver(event: Event, text: string, out: Event[]): void {
    out.push(event)
    if (this.#events.isTerminal(event)) {
      this.#isFinished = true
      this.#disarm('finished')
    } else if (text === '') {
      if (this.#isOtherContent(event)) this.#disarm('other_content')
    } else if (this.#disarmedBy === undefined) {
      this.#delivered.append(text)
      if (this.#delivered.maxLength > MAX_DELIVERED_CHARACTERS) this.#disarm('too_long')
    }
  }

  /** Is an event without text content all the same? */
  #isOtherContent(event: Event): boolean {
    return !this.#events.isTerminal(event) && (this.#events.isContent?.(event) ?? this.#hasText)
  }

  #disarm(reason: DisarmedBy): void {
    this.#disarmedBy ??= reason
    this.#delivered.clear()
  }
}
