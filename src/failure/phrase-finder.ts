/** How many characters of a phrase tell whether it may begin somewhere: most are told by nine, short ones by three. */
const LONG_KEY = 9
const SHORT_KEY = 3
const TABLE_SIZE = 16_384
const ASCII = 128

/**
 * Finds which of many phrases stand in a text, in one walk over it. All phrases are looked for at once, so that the cost
 * hardly grows with their number; it is linear in the text's length.
 *
 * A phrase that begins with a letter or digit counts only where a word begins: `no credits` does not stand in
 * `casino credits`.
 */
export class PhraseFinder {
  /** For each place that a key falls on, which list of phrases; 0 is none. */
  readonly #long = new Uint16Array(TABLE_SIZE)
  readonly #short = new Uint16Array(TABLE_SIZE)
  readonly #lists: string[][] = [[]]
  /** The two characters, as far as they are ASCII, that any phrase begins with. */
  readonly #begins = new Uint8Array(ASCII * ASCII)
  /** Phrases of one or two characters, which are looked for one by one. */
  readonly #tiny: string[] = []

  constructor(phrases: Iterable<string>) {
    for (const phrase of new Set(phrases)) {
      const place = beginningPlace(phrase, 0)
      if (place >= 0) this.#begins[place] = 1
      if (phrase.length >= LONG_KEY) this.#enter(this.#long, longPlace(phrase, 0, shortPlace(phrase, 0)), phrase)
      else if (phrase.length >= SHORT_KEY) this.#enter(this.#short, shortPlace(phrase, 0), phrase)
      else this.#tiny.push(phrase)
    }
  }

  /** The phrases in the text, each with the place where it stands first. */
  find(text: string): ReadonlyMap<string, number> {
    const found = new Map<string, number>()
    for (const phrase of this.#tiny) {
      const at = text.indexOf(phrase)
      if (at >= 0) found.set(phrase, at)
    }
    const long = this.#long
    const short = this.#short
    const begins = this.#begins
    const last = text.length - SHORT_KEY
    const lastLong = text.length - LONG_KEY
    let isInWord = false
    for (let at = 0; at <= last; at += 1) {
      const code = text.charCodeAt(at)
      const wasInWord = isInWord
      // Letters and digits of ASCII, in lower case. Scripts without spaces have no words to begin.
      isInWord = (code > 96 && code < 123) || (code > 47 && code < 58)
      if (isInWord && wasInWord) continue
      const beginning = beginningPlace(text, at)
      if (beginning >= 0 && begins[beginning] === 0) continue
      const place = shortPlace(text, at)
      const few = short[place] as number
      if (few !== 0) this.#look(few, text, at, found)
      const many = at > lastLong ? 0 : (long[longPlace(text, at, place)] as number)
      if (many !== 0) this.#look(many, text, at, found)
    }
    return found
  }

  #look(list: number, text: string, at: number, found: Map<string, number>): void {
    for (const phrase of this.#lists[list] as string[]) {
      if (text.startsWith(phrase, at) && !found.has(phrase)) found.set(phrase, at)
    }
  }

  #enter(table: Uint16Array, place: number, phrase: string): void {
    const list = table[place] as number
    if (list !== 0) this.#lists[list]?.push(phrase)
    else table[place] = this.#lists.push([phrase]) - 1
  }
}

/** -1 where one of the two is not ASCII. */
function beginningPlace(text: string, at: number): number {
  const first = text.charCodeAt(at)
  const second = text.charCodeAt(at + 1)
  return first < ASCII && second < ASCII ? first * ASCII + second : -1
}

function shortPlace(text: string, at: number): number {
  return (text.charCodeAt(at) * 961 + text.charCodeAt(at + 1) * 31 + text.charCodeAt(at + 2)) & (TABLE_SIZE - 1)
}

function longPlace(text: string, at: number, place: number): number {
  const middle = text.charCodeAt(at + 4) * 961 + text.charCodeAt(at + 5) * 31 + text.charCodeAt(at + 6)
  const end = text.charCodeAt(at + 3) * 127 + text.charCodeAt(at + 7) * 31 + text.charCodeAt(at + 8)
  return (place * 7 + middle * 3 + end) & (TABLE_SIZE - 1)
}
