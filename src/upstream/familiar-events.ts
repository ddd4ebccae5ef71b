const LF = 10
const QUOTE = 34
const COLON = 58
const BACKSLASH = 92
const OPEN_BRACE = 123
const SPACE = 32
const LETTER_U = 117
/** What may stand behind a backslash in JSON, but for `u`. */
const ESCAPED = new Set(Buffer.from('"\\/bfnrt'))
/** What stands in front of the JSON of an event that is plain enough to be learnt. */
const FIELDS = /^(?:event: ?[\w.-]+\r?\n)?data: ?$/
/** A stream whose events differ in more than their text is not worth learning. */
const MAX_MISSES = 16
/** Keys and field names are short; whatever is longer is none of them. */
const MAX_NAME_BYTES = 64

/**
 * Recognises events that differ from one that has been judged in nothing but free text. Nine in ten events of a stream
 * are such, and comparing bytes takes a fraction of what parsing them does. The comparison is exact: what is not
 * byte for byte the same outside of the text, or is no valid JSON string inside of it, is not recognised.
 */
export class FamiliarEvents {
  readonly #freeText: ReadonlySet<string>
  /** What stands between the texts; a text, without its quotes, follows each but the last. */
  #literals: readonly Buffer[] = []
  #misses = 0

  /** @param freeText keys whose texts say nothing of how the answer goes */
  constructor(freeText: ReadonlySet<string>) {
    this.#freeText = freeText
  }

  /** Takes an event that was judged to be content and nothing else as the pattern of those that follow. */
  learn(bytes: Buffer, start: number, end: number): void {
    if (this.#misses > MAX_MISSES) return
    this.#misses += 1
    this.#literals = patternOf(bytes, start, end, this.#freeText)
  }

  /** Where a familiar event that begins here ends; -1 where none begins, or not all of it is there. */
  endOf(bytes: Buffer, start: number, length: number): number {
    const literals = this.#literals
    let at = start
    for (let index = 0; index < literals.length; index += 1) {
      if (index > 0) {
        at = endOfText(bytes, at, length)
        if (at === -1) return -1
      }
      const literal = literals[index] as Buffer
      const next = at + literal.length
      if (next > length || bytes.compare(literal, 0, literal.length, at, next) !== 0) return -1
      at = next
    }
    if (at === start) return -1
    this.#misses = 0
    return at
  }
}

/** Where the closing quote of a text stands that begins here; -1 where it is no valid JSON, or goes on. */
function endOfText(bytes: Buffer, start: number, length: number): number {
  for (let at = start; at < length; at += 1) {
    const byte = bytes[at] as number
    if (byte === QUOTE) return at
    if (byte < SPACE) return -1
    if (byte !== BACKSLASH) continue
    at += 1
    const escaped = bytes[at] as number
    if (escaped === LETTER_U) {
      if (!isHex(bytes, at + 1) || at + 4 >= length) return -1
      at += 4
    } else if (at >= length || !ESCAPED.has(escaped)) return -1
  }
  return -1
}

function isHex(bytes: Buffer, start: number): boolean {
  for (let at = start; at < start + 4; at += 1) {
    const byte = bytes[at] ?? 0
    const isDigit = byte >= 48 && byte <= 57
    const isLetter = (byte >= 65 && byte <= 70) || (byte >= 97 && byte <= 102)
    if (!isDigit && !isLetter) return false
  }
  return true
}

/** The literal parts of an event; none where it is not plain enough. */
function patternOf(bytes: Buffer, start: number, end: number, freeText: ReadonlySet<string>): readonly Buffer[] {
  const json = bytes.indexOf(OPEN_BRACE, start)
  if (json === -1 || json - start > MAX_NAME_BYTES || !FIELDS.test(bytes.toString('latin1', start, json))) return []
  const lineEnd = bytes.indexOf(LF, json)
  // The blank line, and nothing else, follows the line of the JSON.
  if (lineEnd === -1 || lineEnd >= end || end - lineEnd > 3) return []
  const literals: Buffer[] = []
  let from = start
  let key = ''
  for (let at = json; at < lineEnd; at += 1) {
    if (bytes[at] !== QUOTE) continue
    const close = endOfText(bytes, at + 1, lineEnd)
    if (close === -1) return []
    if (bytes[close + 1] === COLON) {
      key = close - at > MAX_NAME_BYTES ? '' : bytes.toString('latin1', at + 1, close)
    } else if (bytes[at - 1] === COLON && freeText.has(key)) {
      literals.push(Buffer.from(bytes.subarray(from, at + 1)))
      from = close
    }
    at = close
  }
  return [...literals, Buffer.from(bytes.subarray(from, end))]
}
