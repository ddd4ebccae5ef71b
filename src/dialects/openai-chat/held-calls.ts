import { EVENT_BYTES, MAX_HELD_BYTES } from '../held-size.ts'
import type { JsonObject } from '../json.ts'
import { argumentCharacters, type Chunk, identityOf } from './chunk.ts'

export interface HeldEvent {
  readonly event: object
  readonly chunk: Chunk
}

/**
 * Holds the pieces of tool calls until a call is whole, which nothing but the next call or the end of the answer tells.
 * What comes behind waits with it, so that the order stays.
 */
export class HeldCalls {
  readonly #isWanted: () => boolean
  #isHeld: boolean | undefined
  #events: HeldEvent[] = []
  #bytes = 0
  #index: number | undefined
  #id: string | undefined

  /** @param isWanted are tool calls held? Asked when the first one begins. */
  constructor(isWanted: () => boolean) {
    this.#isWanted = isWanted
  }

  get isHolding(): boolean {
    return this.#events.length > 0
  }

  /** Takes the next event; adds to `out` what is not, or no longer, to be held. */
  take(event: object, chunk: Chunk, out: HeldEvent[]): void {
    const isOver = chunk.isFinish || chunk.foreign === 'several_choices'
    const isNext = chunk.calls.reduce((isAny, call) => this.#isOther(call) || isAny, false)
    if (isOver || isNext) this.flush(out)
    if (chunk.calls.length > 0) this.#isHeld ??= this.#isWanted()
    const isHeld = !isOver && this.#isHeld === true && (this.isHolding || chunk.calls.length > 0)
    if (!isHeld) {
      out.push({ event, chunk })
      return
    }
    this.#events.push({ event, chunk })
    this.#bytes += EVENT_BYTES + chunk.text.length + chunk.reasoning.length
    for (const call of chunk.calls) this.#bytes += argumentCharacters(call)
    if (this.#bytes > MAX_HELD_BYTES) this.release(out)
  }

  /** Adds what is held; from now on calls pass as they come. */
  release(out: HeldEvent[]): void {
    this.#isHeld = false
    this.flush(out)
  }

  /** Adds what is held: it is whole. */
  flush(out: HeldEvent[]): void {
    for (const held of this.#events) out.push(held)
    this.forget()
  }

  forget(): void {
    this.#events = []
    this.#bytes = 0
  }

  /** @returns whether this piece is of another call than the one before; several may share an index (Gemini's do) */
  #isOther(call: JsonObject): boolean {
    const { index = this.#index, id = this.#id } = identityOf(call)
    const isOther = index !== this.#index || (this.#id !== undefined && id !== this.#id)
    this.#index = index
    this.#id = isOther ? identityOf(call).id : id
    return isOther
  }
}
