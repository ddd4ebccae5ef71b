import { type DisarmedBy, Diverged, prefillOf, type ResumeMode } from '../../recovery/index.ts'
import type { DialectTrail, TrailOptions } from '../continuation-format.ts'
import { ChatSeam } from './chat-seam.ts'
import { type Chunk, readChunk } from './chunk.ts'
import { DeliveredChat } from './delivered-chat.ts'
import { HeldCalls, type HeldEvent } from './held-calls.ts'

/** Follows a chat completion over all attempts at it. */
export class ChatTrail implements DialectTrail {
  readonly #options: TrailOptions
  readonly #calls: HeldCalls
  readonly #delivered: DeliveredChat
  /** Absent in the first attempt. */
  #seam: ChatSeam | undefined
  /** Nobody can go on: what was delivered is not kept any more. */
  #isLost = false
  #isLatestPlain = false
  /** Why no answer to this request can be continued, once somebody has asked. */
  #requestDisarmedBy: { readonly reason: DisarmedBy | undefined } | undefined

  constructor(options: TrailOptions) {
    this.#options = options
    this.#calls = new HeldCalls(options.holdsToolCalls)
    this.#delivered = new DeliveredChat(options.recovers)
  }

  take(event: object, out: object[]): void {
    if (this.#isLost) throw new Diverged(0)
    const chunk = readChunk(event)
    this.#isLatestPlain = isPlain(chunk)
    if (this.#seam === undefined) {
      this.#pass(event, chunk, out)
      return
    }
    const fitted = this.#seam.fit(event, chunk)
    if (fitted !== undefined) this.#pass(fitted, readChunk(fitted), out)
  }

  finish(out: object[]): void {
    if (this.#isLost) throw new Diverged(0)
    const rest = this.#seam?.finish()
    if (rest !== undefined) this.#pass(rest, readChunk(rest), out)
    this.#giveOut((held) => this.#calls.flush(held), out)
  }

  release(out: object[]): void {
    this.#giveOut((held) => this.#calls.release(held), out)
  }

  get isHolding(): boolean {
    return this.#calls.isHolding
  }

  get isFinished(): boolean {
    return this.#delivered.isFinished
  }

  get disarmedBy(): DisarmedBy | undefined {
    const { disarmedBy } = this.#delivered
    if (disarmedBy !== undefined) return disarmedBy
    this.#requestDisarmedBy ??= { reason: this.#options.disarmedBy() }
    return this.#requestDisarmedBy.reason
  }

  get isPastSeam(): boolean {
    return this.#seam?.isPast ?? true
  }

  get prefill(): string | undefined {
    const text = prefillOf(this.#delivered.text)
    return text === '' ? undefined : text
  }

  resume(mode: ResumeMode): void {
    this.#calls.forget()
    this.#isLost = this.disarmedBy !== undefined || !this.#options.recovers
    this.#seam = new ChatSeam(mode, this.#delivered)
  }

  /** In a further attempt every event has to be given the answer's id. */
  get passesFamiliar(): boolean {
    return this.#seam === undefined && this.#isLatestPlain && !this.#calls.isHolding
  }

  noteFamiliar(key: string, bytes: Buffer, start: number, end: number): void {
    this.#delivered.noteEscaped(key, bytes, start, end)
  }

  #pass(event: object, chunk: Chunk, out: object[]): void {
    if (chunk.calls.length === 0 && !this.#calls.isHolding) this.#deliver({ event, chunk }, out)
    else this.#giveOut((held) => this.#calls.take(event, chunk, held), out)
  }

  #giveOut(take: (held: HeldEvent[]) => void, out: object[]): void {
    const held: HeldEvent[] = []
    take(held)
    for (const one of held) this.#deliver(one, out)
  }

  #deliver({ event, chunk }: HeldEvent, out: object[]): void {
    this.#delivered.note(event, chunk)
    out.push(event)
  }
}

/** Is there nothing in it that is noted, but for what `noteFamiliar` is told of? */
function isPlain({ isFinish, reasoningKey, isSigned }: Chunk): boolean {
  return !isFinish && !isSigned && reasoningKey !== 'reasoning_details'
}
