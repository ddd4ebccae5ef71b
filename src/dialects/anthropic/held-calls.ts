import { EVENT_BYTES, MAX_HELD_BYTES } from '../held-size.ts'
import { asObject, type JsonObject } from '../json.ts'

/**
 * Holds the blocks of tool calls until they are whole: half a call is of no use to anybody, and cannot be taken back.
 * What comes behind a call that is not whole waits with it, so that the order stays.
 */
export class HeldCalls {
  readonly #isWanted: () => boolean
  #isHeld: boolean | undefined
  #events: object[] = []
  #bytes = 0
  /** The indexes of calls that have begun and not ended. */
  #open: unknown[] = []

  /** @param isWanted are tool calls held? Asked when the first one begins. */
  constructor(isWanted: () => boolean) {
    this.#isWanted = isWanted
  }

  get isHolding(): boolean {
    return this.#events.length > 0
  }

  take(event: object, out: object[]): void {
    const body = event as JsonObject
    if (body.type === 'content_block_start' && asObject(body.content_block)?.type === 'tool_use') this.#begin(body)
    if (this.#open.length === 0 || body.type === 'ping') {
      out.push(event)
      return
    }
    this.#events.push(event)
    this.#bytes += EVENT_BYTES + bytesOf(body)
    if (body.type === 'content_block_stop') this.#open = this.#open.filter((index) => index !== body.index)
    // A call that never ended is whole when the message is.
    const isOver = this.#open.length === 0 || body.type === 'message_delta' || body.type === 'message_stop'
    if (isOver) this.flush(out)
    else if (this.#bytes > MAX_HELD_BYTES) this.release(out)
  }

  #begin(start: JsonObject): void {
    this.#isHeld ??= this.#isWanted()
    if (this.#isHeld) this.#open.push(start.index)
  }

  /** Adds what is held; from now on calls pass as they come. */
  release(out: object[]): void {
    this.#isHeld = false
    this.flush(out)
  }

  /** Adds what is held: it is whole, or nothing more will come. */
  flush(out: object[]): void {
    for (const event of this.#events) out.push(event)
    this.forget()
  }

  forget(): void {
    this.#events = []
    this.#bytes = 0
    this.#open = []
  }
}

function bytesOf({ delta }: JsonObject): number {
  const json = asObject(delta)?.partial_json
  return typeof json === 'string' ? json.length : 0
}
