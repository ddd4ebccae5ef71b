import { FailoverError } from '../failure/index.ts'

/** One event of a server-sent event stream. `id` and `retry` fields are read over: nobody reconnects here. */
export interface SseEvent {
  /** The `event:` field; absent where there was none. */
  readonly name: string | undefined
  /** The `data:` lines, joined with `\n`. */
  readonly data: string
}

interface SseParserOptions {
  readonly onEvent: (event: SseEvent) => void
  /** How large one event may be before the parser gives up, at least 1. Default 8 MiB. */
  readonly maxEventBytes?: number | undefined
}

const DEFAULT_MAX_EVENT_BYTES = 8 * 1024 * 1024
/** An error page or a bare JSON error is smaller; what comes after it does not say more. */
const MAX_LEFTOVER_CHARACTERS = 64 * 1024
const FIRST_CARRY_BYTES = 1024

const LF = 10
const CR = 13
const SPACE = 32
const COLON = 58
const BYTE_ORDER_MARK = 0xfeff
const EMPTY = Buffer.alloc(0)

/**
 * Server-sent events out of bytes that may be cut anywhere, also inside a UTF-8 character or between `\r` and `\n`.
 *
 * What has arrived is decoded up to its last line end, in one piece: no character is ever decoded in halves, since
 * none contains a line end, and the native decoder and search do the work. Lines that are no field of the format (a
 * bare JSON error, an HTML page, `error: {…}`) are kept for `end()`.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
export class SseParser {
  readonly #onEvent: (event: SseEvent) => void
  readonly #maxEventBytes: number
  /** The line that has begun but not ended: the first `#carryLength` bytes. */
  #carry: Buffer = EMPTY
  #carryLength = 0
  #endedInCarriageReturn = false
  #isFirstLine = true
  #name: string | undefined
  #data: string | undefined
  /** Characters of the present event's lines: not more than its bytes, at least a third. */
  #eventLength = 0
  readonly #leftovers: string[] = []
  #leftoverLength = 0

  constructor({ onEvent, maxEventBytes = DEFAULT_MAX_EVENT_BYTES }: SseParserOptions) {
    this.#onEvent = onEvent
    this.#maxEventBytes = maxEventBytes
  }

  /**
   * Takes the next bytes and calls `onEvent` for each event they complete.
   *
   * @throws FailoverError `PROVIDER_ERROR`, reason `bad_response`, where an event is larger than `maxEventBytes`
   */
  push(chunk: Uint8Array): void {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    if (bytes.length === 0) return
    const start = this.#endedInCarriageReturn && bytes[0] === LF ? 1 : 0
    const linesEnd = Math.max(bytes.lastIndexOf(LF), bytes.lastIndexOf(CR)) + 1
    this.#endedInCarriageReturn = bytes[bytes.length - 1] === CR
    if (linesEnd > start) this.#takeLines(this.#decode(bytes, start, linesEnd))
    this.#carryOver(bytes, Math.max(start, linesEnd), bytes.length)
    this.#check(this.#carryLength)
  }

  /**
   * Hands out what is still there: an event whose closing blank line never came. Returns the lines that were no
   * fields, each ended by `\n`; empty where all was in order. About the first 64 KiB of them are kept.
   */
  end(): string {
    if (this.#carryLength > 0) this.#takeLines(`${this.#decode(EMPTY, 0, 0)}\n`)
    this.#dispatch()
    return this.#leftovers.join('')
  }

  /** The text of what was carried over and these bytes, which end a line. */
  #decode(bytes: Buffer, start: number, end: number): string {
    if (this.#carryLength === 0) return bytes.toString('utf8', start, end)
    this.#carryOver(bytes, start, end)
    const text = this.#carry.toString('utf8', 0, this.#carryLength)
    this.#carryLength = 0
    return text
  }

  #carryOver(bytes: Buffer, start: number, end: number): void {
    const length = this.#carryLength + end - start
    if (length > this.#carry.length) {
      const grown = Buffer.allocUnsafe(Math.max(FIRST_CARRY_BYTES, length, this.#carry.length * 2))
      this.#carry.copy(grown, 0, 0, this.#carryLength)
      this.#carry = grown
    }
    bytes.copy(this.#carry, this.#carryLength, start, end)
    this.#carryLength = length
  }

  /** Takes whole lines; `\r` is rare, and then it is quicker to be rid of it. */
  #takeLines(lines: string): void {
    const text = lines.includes('\r') ? lines.replaceAll(/\r\n?/g, '\n') : lines
    let start = 0
    if (this.#isFirstLine) {
      this.#isFirstLine = false
      if (text.charCodeAt(0) === BYTE_ORDER_MARK) start = 1
    }
    for (let end = text.indexOf('\n', start); end !== -1; end = text.indexOf('\n', start)) {
      if (start === end) this.#dispatch()
      else this.#takeLine(text, start, end)
      start = end + 1
    }
  }

  #takeLine(text: string, start: number, end: number): void {
    if (isField(text, start, end, 'data')) {
      this.#check(end - start)
      this.#eventLength += end - start
      const value = fieldValue(text, start + 4, end)
      this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`
    } else if (isField(text, start, end, 'event')) {
      this.#check(end - start)
      this.#eventLength += end - start
      this.#name = fieldValue(text, start + 5, end) || undefined
    } else if (
      text.charCodeAt(start) !== COLON &&
      !isField(text, start, end, 'id') &&
      !isField(text, start, end, 'retry')
    ) {
      this.#keepLeftover(text.slice(start, end))
    }
  }

  #dispatch(): void {
    const name = this.#name
    const data = this.#data
    this.#name = undefined
    this.#data = undefined
    this.#eventLength = 0
    if (data !== undefined) this.#onEvent({ name, data })
  }

  #check(further: number): void {
    if (this.#eventLength + further <= this.#maxEventBytes) return
    const message = `the stream has an event of more than ${this.#maxEventBytes} bytes`
    throw new FailoverError('PROVIDER_ERROR', message, { reason: 'bad_response', inStream: true })
  }

  #keepLeftover(line: string): void {
    const room = MAX_LEFTOVER_CHARACTERS - this.#leftoverLength
    if (room <= 0) return
    const kept = line.slice(0, room)
    this.#leftoverLength += kept.length + 1
    this.#leftovers.push(kept, '\n')
  }
}

/** A field's name is what stands before the first colon, or the whole line. */
function isField(text: string, start: number, end: number, name: string): boolean {
  const after = start + name.length
  return text.startsWith(name, start) && (after === end || text.charCodeAt(after) === COLON)
}

/** The value behind a field's name: without the colon and one space. */
function fieldValue(text: string, nameEnd: number, end: number): string {
  return text.slice(text.charCodeAt(nameEnd + 1) === SPACE ? nameEnd + 2 : nameEnd + 1, end)
}
