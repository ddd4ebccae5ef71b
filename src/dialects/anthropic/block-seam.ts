import { Diverged } from '../../recovery/index.ts'
import { asObject, type JsonObject } from '../json.ts'
import { numbered, stopOf, textDelta, thinkingDelta, without } from './block-events.ts'
import { type DeliveredBlock, type DeliveredMessage, isSigned, isThought } from './delivered-message.ts'
import type { TextFit } from './repeated-texts.ts'

/** Text that is fitted to what was delivered; where it has no index, it becomes a block once it says something new. */
interface Fitted {
  readonly is: 'fitted'
  readonly index: number | undefined
  readonly start: JsonObject
}

/** Thinking that says so far what was delivered of the block that is open. */
interface Compared {
  readonly is: 'compared'
  readonly index: number
  readonly start: JsonObject
  readonly said: string
  /** What was delivered behind that. */
  readonly due: string
}

/** New to the caller. */
interface Passed {
  readonly is: 'passed'
  readonly index: number
}

/** Thinking that the caller has had, or can have no more. */
interface Dropped {
  readonly is: 'dropped'
}

/** What becomes of the block of a further attempt that is open. */
type Place = Dropped | Fitted | Compared | Passed

/**
 * Fits the blocks of a further attempt to those that were delivered, and numbers them on. Its blocks come one behind
 * another, and so they go out, whatever it says of their ends.
 */
export class BlockSeam {
  readonly #texts: TextFit
  /** Thinking that broke off: its block is open, and anybody may go on with it or close it. */
  readonly #broken: DeliveredBlock | undefined
  /** Thinking blocks that were delivered as a whole behind all text, and are not wanted again. */
  #knownThoughts: number
  /** The index of the block that the caller has seen begin and not end. */
  #open: number | undefined
  #nextIndex: number
  /** The attempt's own number of the block it is in. */
  #index: unknown
  #place: Place | undefined

  constructor(delivered: DeliveredMessage, texts: TextFit) {
    this.#texts = texts
    const { open } = delivered
    this.#open = open?.index
    this.#nextIndex = delivered.nextIndex
    this.#knownThoughts = delivered.wholeThoughtsBehindText
    if (open?.kind === 'thinking') this.#broken = open
  }

  /** All that was delivered has been said again. */
  get isThrough(): boolean {
    return this.#texts.isThrough
  }

  begin(event: object, out: object[]): void {
    this.#leave(undefined, out)
    const start = event as JsonObject
    const block = asObject(start.content_block) ?? {}
    this.#index = start.index
    this.#place = this.#placeOf(start, block, out)
    if (this.#place.is === 'fitted') this.#fit(this.#place, block.text, undefined, out)
    else if (this.#place.is === 'compared') this.#compare(this.#place, block.thinking, undefined, out)
  }

  add(event: object, out: object[]): void {
    const { index, delta } = event as JsonObject
    const place = this.#place
    // Nobody could tell where it belongs.
    if (place === undefined || this.#index !== index) throw new Diverged(0)
    switch (place.is) {
      case 'dropped':
        return
      case 'passed':
        out.push(numbered(event, place.index))
        return
      case 'fitted':
        this.#fit(place, asObject(delta)?.text, event, out)
        return
      case 'compared':
        this.#compare(place, asObject(delta)?.thinking, event, out)
    }
  }

  end(event: object, out: object[]): void {
    if (this.#index === (event as JsonObject).index) this.#leave(event, out)
  }

  /** The attempt is at its end: closes what is open. */
  finish(out: object[]): void {
    this.#leave(undefined, out)
    if (!this.#texts.isThrough) this.#texts.end()
    this.#close(out)
  }

  #placeOf(start: JsonObject, block: JsonObject, out: object[]): Place {
    if (isThought(block.type)) {
      if (!this.#texts.isThrough) return { is: 'dropped' }
      if (this.#knownThoughts > 0) {
        this.#knownThoughts -= 1
        return { is: 'dropped' }
      }
      const broken = this.#broken
      // A signature stands for all that its block says: nobody can sign what another has begun.
      if (broken !== undefined && broken.index === this.#open && !isSigned(block)) {
        return { is: 'compared', index: broken.index, start, said: '', due: broken.text.text }
      }
    } else if (!this.#texts.isThrough) {
      if (block.type === 'text') return { is: 'fitted', index: this.#texts.begin(), start }
      this.#texts.end()
    }
    return this.#pass(start, out)
  }

  #fit(place: Fitted, text: unknown, event: object | undefined, out: object[]): void {
    if (typeof text !== 'string') {
      if (event === undefined) return
      if (!this.#texts.isPast || (place.index !== undefined && place.index !== this.#open)) throw new Diverged(0)
      out.push(numbered(event, this.#indexOf(place, out)))
      return
    }
    const fresh = this.#texts.take(text)
    if (fresh === '') return
    const index = this.#indexOf(place, out)
    if (event !== undefined && fresh === text) out.push(numbered(event, index))
    else out.push(textDelta(index, fresh))
  }

  /** Begins the block of a text that turned out to be new. */
  #indexOf(place: Fitted, out: object[]): number {
    if (place.index !== undefined) return place.index
    const { index } = this.#pass(without('text', place.start), out)
    this.#place = { ...place, index }
    return index
  }

  #compare(place: Compared, piece: unknown, event: object | undefined, out: object[]): void {
    const { index, start, said, due } = place
    if (typeof piece !== 'string') {
      if (event === undefined) return
      const passed = due === '' ? ({ is: 'passed', index } as const) : this.#thinkAgain(start, said, out)
      this.#place = passed
      out.push(numbered(event, passed.index))
    } else if (due.startsWith(piece)) {
      this.#place = { ...place, said: said + piece, due: due.slice(piece.length) }
    } else if (piece.startsWith(due)) {
      this.#place = { is: 'passed', index }
      if (event !== undefined && due === '') out.push(numbered(event, index))
      else out.push(thinkingDelta(index, piece.slice(due.length)))
    } else this.#place = this.#thinkAgain(start, said + piece, out)
  }

  /** It thinks something else than what was delivered, which ends there: all of it comes in a block of its own. */
  #thinkAgain(start: JsonObject, said: string, out: object[]): Passed {
    const place = this.#pass(without('thinking', start), out)
    if (said !== '') out.push(thinkingDelta(place.index, said))
    return place
  }

  /** The attempt's block is over, by its own word or because something else comes. */
  #leave(stop: object | undefined, out: object[]): void {
    const place = this.#place
    this.#place = undefined
    const index = place && this.#endOf(place, out)
    if (stop === undefined || index === undefined || index !== this.#open) return
    this.#open = undefined
    out.push(numbered(stop, index))
  }

  /** The index of the block that ends with it; undefined where none does. */
  #endOf(place: Place, out: object[]): number | undefined {
    switch (place.is) {
      case 'dropped':
        return undefined
      case 'passed':
        return place.index
      case 'fitted':
        this.#texts.endBlock()
        return place.index
      case 'compared':
        if (place.due === '') return place.index
        return place.said === '' ? undefined : this.#thinkAgain(place.start, place.said, out).index
    }
  }

  /** Begins a new block. */
  #pass(start: JsonObject, out: object[]): Passed {
    this.#close(out)
    // Thinking behind what is new is new.
    this.#knownThoughts = 0
    const index = this.#nextIndex
    this.#nextIndex += 1
    this.#open = index
    out.push(numbered(start, index))
    return { is: 'passed', index }
  }

  #close(out: object[]): void {
    if (this.#open === undefined) return
    if (this.#broken?.index === this.#open) this.#broken.isBroken = true
    out.push(stopOf(this.#open))
    this.#open = undefined
  }
}
