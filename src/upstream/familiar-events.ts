import type { Dialect } from '../dialects/index.ts'

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

/** Who is told the texts of events that nobody parsed. */
export interface FreeTextReader {
  /** What stands in JSON between the quotes behind `key`. */
  noteFamiliar(key: string, bytes: Buffer, start: number, end: number): void
}

/** A dialect, as far as its events are learnt. */
type LearntDialect = Pick<Dialect, 'freeText'> & { readonly continuation: Pick<Dialect['continuation'], 'textsOf'> }

/** An event cut at its free texts. */
interface Pattern {
  /** What stands between the texts, without a gap; in memory of its own, since a share of a pool would keep all of it. */
  readonly literals: Buffer
  /** Where each of them ends; a text, without its quotes, follows each but the last. */
  readonly ends: readonly number[]
  /** The key of each text. */
  readonly keys: readonly string[]
}

const NO_PATTERN: Pattern = { literals: Buffer.alloc(0), ends: [], keys: [] }

/**
 * Recognises events that differ from the one before in nothing but free text. Nine in ten events of a stream are such,
 * and comparing bytes takes a fraction of what parsing them does. The comparison is exact: what is not byte for byte the
 * same outside of the text, or is no valid JSON string inside of it, is not recognised.
 */
export class FamiliarEvents {
  readonly #dialect: LearntDialect
  #pattern: Pattern = NO_PATTERN
  /** The pattern is that of the latest event. */
  #isLatest = false
  #misses = 0
  /** Where the texts of the event stand that was found last: start and end in turn. */
  readonly #places: number[] = []

  constructor(dialect: LearntDialect) {
    this.#dialect = dialect
  }

  /**
   * Takes an event that was judged to be content and nothing else as the pattern of those that follow. One is no pattern
   * whose texts are not all the answer's own: what is told of the next ones would be more than what they say.
   */
  learn(bytes: Buffer, start: number, end: number): void {
    // What came between two of a kind has not made the pattern a bad one.
    this.#isLatest = this.#match(bytes, start, end) === end
    if (this.#isLatest) return
    this.#misses += 1
    this.#pattern = this.#misses > MAX_MISSES ? NO_PATTERN : patternOf(bytes, start, end, this.#dialect)
    this.#isLatest = true
  }

  /** An event came that is no pattern for those that follow; nothing is familiar until one is learnt again. */
  interrupt(): void {
    this.#isLatest = false
  }

  /** Where a familiar event that begins here ends; -1 where none begins, or not all of it is there. */
  endOf(bytes: Buffer, start: number, length: number): number {
    if (!this.#isLatest) return -1
    const end = this.#match(bytes, start, length)
    if (end !== -1) this.#misses = 0
    return end
  }

  /** Tells the free texts of the event whose end was found last. */
  tellTexts(bytes: Buffer, reader: FreeTextReader): void {
    const { keys } = this.#pattern
    const places = this.#places
    for (let index = 0; index < keys.length; index += 1)
      reader.noteFamiliar(keys[index] as string, bytes, places[2 * index] as number, places[2 * index + 1] as number)
  }

  #match(bytes: Buffer, start: number, length: number): number {
    const { literals, ends } = this.#pattern
    const places = this.#places
    let at = start
    let from = 0
    for (let index = 0; index < ends.length; index += 1) {
      if (index > 0) {
        places[2 * index - 2] = at
        at = endOfText(bytes, at, length)
        if (at === -1) return -1
        places[2 * index - 1] = at
      }
      const to = ends[index] as number
      const next = at + to - from
      if (next > length || bytes.compare(literals, from, to, at, next) !== 0) return -1
      at = next
      from = to
    }
    return at === start ? -1 : at
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

/** An event cut at its free texts; nothing where it is not plain enough. */
function patternOf(bytes: Buffer, start: number, end: number, dialect: LearntDialect): Pattern {
  const json = bytes.indexOf(OPEN_BRACE, start)
  if (json === -1 || json - start > MAX_NAME_BYTES || !FIELDS.test(bytes.toString('latin1', start, json)))
    return NO_PATTERN
  const lineEnd = bytes.indexOf(LF, json)
  // The blank line, and nothing else, follows the line of the JSON.
  if (lineEnd === -1 || lineEnd >= end || end - lineEnd > 3) return NO_PATTERN
  const literals: Buffer[] = []
  const keys: string[] = []
  let from = start
  let key = ''
  for (let at = json; at < lineEnd; at += 1) {
    if (bytes[at] !== QUOTE) continue
    const close = endOfText(bytes, at + 1, lineEnd)
    if (close === -1) return NO_PATTERN
    if (bytes[close + 1] === COLON) {
      key = close - at > MAX_NAME_BYTES ? '' : bytes.toString('latin1', at + 1, close)
    } else if (bytes[at - 1] === COLON && dialect.freeText.has(key)) {
      literals.push(bytes.subarray(from, at + 1))
      keys.push(key)
      from = close
    }
    at = close
  }
  // One that is content, and yet has no free text, says something that would go unseen.
  if (keys.length === 0) return NO_PATTERN
  literals.push(bytes.subarray(from, end))
  return tellsTheAnswer(literals, keys, json - start, dialect) ? { ...joined(literals), keys } : NO_PATTERN
}

/**
 * Is every text that would be told one that the answer's trail reads, and the other way round? A key may stand elsewhere
 * too, or twice. With a mark in the place of each text, that can be told whatever the texts are, also where they are
 * empty or the same.
 *
 * @param json where the JSON begins in the first of the literals
 */
function tellsTheAnswer(
  literals: readonly Buffer[],
  keys: readonly string[],
  json: number,
  { continuation }: LearntDialect,
): boolean {
  const marked = literals.map((literal, index) => (index === 0 ? `${literal}` : `<${index}>${literal}`)).join('')
  const event = objectIn(marked.slice(json))
  if (event === undefined) return false
  return Object.entries(continuation.textsOf(event)).every(([key, text]) => {
    const told = keys.map((known, index) => (known === key ? `<${index + 1}>` : '')).join('')
    return told === text
  })
}

/** A line of its own for this module may be several for the format of the stream, where there is a CR within. */
function objectIn(json: string): object | undefined {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

function joined(pieces: readonly Buffer[]): Pick<Pattern, 'literals' | 'ends'> {
  const literals = Buffer.allocUnsafeSlow(pieces.reduce((sum, { length }) => sum + length, 0))
  let end = 0
  const ends = pieces.map((piece) => {
    piece.copy(literals, end)
    end += piece.length
    return end
  })
  return { literals, ends }
}
