import { type DisarmedBy, Diverged, prefillOf, type ResumeMode } from '../../recovery/index.ts'
import type { DialectTrail, TrailOptions } from '../continuation-format.ts'
import { asObject, type JsonObject } from '../json.ts'
import { DeliveredMessage } from './delivered-message.ts'
import { HeldCalls } from './held-calls.ts'
import { MessageSeam } from './message-seam.ts'

/** Deltas that can be passed on without being looked at, once one of their kind was. */
const FAMILIAR_DELTAS: ReadonlySet<unknown> = new Set(['text_delta', 'thinking_delta', 'input_json_delta'])

/**
 * Follows a message from attempt to attempt: what an attempt says is fitted to what was delivered, held where it is a
 * tool call, and noted when it goes out.
 */
export class MessageTrail implements DialectTrail {
  readonly #options: TrailOptions
  readonly #held: HeldCalls
  readonly #delivered: DeliveredMessage
  /** Absent in the first attempt, which has nothing to be fitted to. */
  #seam: MessageSeam | undefined
  /** Nobody can go on. */
  #isLost = false
  #isPastSeam = true
  #passesFamiliar = false
  #requestReason: { readonly reason: DisarmedBy | undefined } | undefined

  constructor(options: TrailOptions) {
    this.#options = options
    this.#held = new HeldCalls(options.holdsToolCalls)
    this.#delivered = new DeliveredMessage(options.recovers)
  }

  take(event: object, out: object[]): void {
    if (this.#isLost) throw new Diverged(0)
    const before = out.length
    if (this.#seam === undefined) this.#held.take(event, out)
    else {
      const fitted: object[] = []
      this.#seam.fit(event, fitted)
      for (const piece of fitted) this.#held.take(piece, out)
    }
    this.#note(out, before)
    const { type, delta } = event as JsonObject
    // A ping says nothing of the deltas around it.
    if (type === 'ping') return
    const isItself = out.length === before + 1 && out[before] === event
    this.#passesFamiliar = isItself && FAMILIAR_DELTAS.has(asObject(delta)?.type)
  }

  finish(out: object[]): void {
    if (this.#isLost) throw new Diverged(0)
    const before = out.length
    const fitted: object[] = []
    this.#seam?.finish(fitted)
    for (const piece of fitted) this.#held.take(piece, out)
    this.#held.flush(out)
    this.#note(out, before)
  }

  get isHolding(): boolean {
    return this.#held.isHolding
  }

  release(out: object[]): void {
    const before = out.length
    this.#held.release(out)
    this.#note(out, before)
  }

  get isFinished(): boolean {
    return this.#delivered.isFinished
  }

  get disarmedBy(): DisarmedBy | undefined {
    const reason = this.#delivered.disarmedBy
    if (reason !== undefined) return reason
    this.#requestReason ??= { reason: this.#options.disarmedBy() }
    return this.#requestReason.reason
  }

  get isPastSeam(): boolean {
    return this.#isPastSeam
  }

  get prefill(): string | undefined {
    const prefill = prefillOf(this.#delivered.text)
    return prefill === '' ? undefined : prefill
  }

  resume(mode: ResumeMode): void {
    this.#held.forget()
    this.#isPastSeam = false
    this.#passesFamiliar = false
    this.#isLost = this.disarmedBy !== undefined || !this.#options.recovers
    this.#seam = new MessageSeam(this.prefill === undefined ? 'restart' : mode, this.#delivered)
  }

  get passesFamiliar(): boolean {
    return this.#passesFamiliar
  }

  noteFamiliar(key: string, bytes: Buffer, start: number, end: number): void {
    this.#delivered.noteEscaped(key, bytes, start, end)
  }

  /** What goes out is delivered. */
  #note(out: readonly object[], from: number): void {
    for (let at = from; at < out.length; at += 1) {
      const event = out[at] as JsonObject
      this.#delivered.note(event)
      if (event.type !== 'ping') this.#isPastSeam = true
    }
  }
}
