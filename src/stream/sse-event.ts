/** One event of a server-sent event stream. `id` and `retry` fields are read over: nobody reconnects here. */
export interface SseEvent {
  /** The `event:` field; absent where there was none. */
  readonly name: string | undefined
  /** The `data:` lines, joined with `\n`. */
  readonly data: string
}

/** An error page or a bare JSON error is smaller; what comes after it does not say more. */
const MAX_LEFTOVER_CHARACTERS = 64 * 1024

const SPACE = 32
const COLON = 58
const BYTE_ORDER_MARK = 0xfeff

/**
 * Reads the blocks of one stream, in order. Lines that are no field of the format (a bare JSON error, an HTML page,
 * `error: {…}`) are kept as `leftovers`.
 */
export class SseEventReader {
  readonly #leftovers: string[] = []
  #leftoverLength = 0
  #isFirstBlock = true

  /** The lines that were no fields, each ended by `\n`; about the first 64 KiB of them. */
  get leftovers(): string {
    return this.#leftovers.join('')
  }

  /** How much of them there is; it grows where a block has such lines. */
  get leftoverLength(): number {
    return this.#leftoverLength
  }

  /** The event of a block; undefined where it has no data. */
  read(bytes: Buffer, start: number, end: number): SseEvent | undefined {
    const text = bytes.toString('utf8', start, end)
    // `\r` is rare, and then it is quicker to be rid of it.
    return this.readText(text.includes('\r') ? text.replaceAll(/\r\n?/g, '\n') : text)
  }

  /** The same for a block that is text, its lines ended by `\n`. */
  readText(text: string): SseEvent | undefined {
    let name: string | undefined
    let data: string | undefined
    let from = this.#isFirstBlock && text.charCodeAt(0) === BYTE_ORDER_MARK ? 1 : 0
    this.#isFirstBlock = false
    while (from < text.length) {
      const found = text.indexOf('\n', from)
      const to = found === -1 ? text.length : found
      if (isField(text, from, to, 'data')) {
        const value = fieldValue(text, from + 4, to)
        data = data === undefined ? value : `${data}\n${value}`
      } else if (isField(text, from, to, 'event')) {
        name = fieldValue(text, from + 5, to) || undefined
      } else if (to > from && isLeftover(text, from, to)) {
        this.#keepLeftover(text.slice(from, to))
      }
      from = to + 1
    }
    return data === undefined ? undefined : { name, data }
  }

  #keepLeftover(line: string): void {
    const room = MAX_LEFTOVER_CHARACTERS - this.#leftoverLength
    this.#leftoverLength += line.length + 1
    if (room > 0) this.#leftovers.push(line.slice(0, room), '\n')
  }
}

function isLeftover(text: string, start: number, end: number): boolean {
  return text.charCodeAt(start) !== COLON && !isField(text, start, end, 'id') && !isField(text, start, end, 'retry')
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
