/** How many characters decide whether a phrase may begin somewhere. */
const KEY_LENGTH = 3
const FILTER_SIZE = 8_192

/**
 * Finds which of many phrases stand in a text, in one walk over it. The table answers for all phrases at once, so that
 * the cost hardly grows with their number; it is linear in the text's length.
 */
export class PhraseFinder {
  /** Whether any phrase begins with three characters that fall on this place. */
  readonly #filter = new Uint8Array(FILTER_SIZE)
  readonly #byKey = new Map<string, string[]>()
  /** Phrases of one or two characters, which are looked for one by one. */
  readonly #short: string[] = []

  constructor(phrases: Iterable<string>) {
    for (const phrase of new Set(phrases)) this.#add(phrase)
  }

  /** The phrases in the text, each with the place where it stands first. */
  find(text: string): ReadonlyMap<string, number> {
    const found = new Map<string, number>()
    for (const phrase of this.#short) {
      const at = text.indexOf(phrase)
      if (at >= 0) found.set(phrase, at)
    }
    const last = text.length - KEY_LENGTH
    for (let at = 0; at <= last; at += 1) {
      if (this.#filter[placeOf(text, at)] === 0) continue
      for (const phrase of this.#byKey.get(text.slice(at, at + KEY_LENGTH)) ?? []) {
        if (!found.has(phrase) && text.startsWith(phrase, at)) found.set(phrase, at)
      }
    }
    return found
  }

  #add(phrase: string): void {
    if (phrase.length < KEY_LENGTH) {
      this.#short.push(phrase)
      return
    }
    const key = phrase.slice(0, KEY_LENGTH)
    const phrases = this.#byKey.get(key)
    if (phrases === undefined) this.#byKey.set(key, [phrase])
    else phrases.push(phrase)
    this.#filter[placeOf(phrase, 0)] = 1
  }
}

function placeOf(text: string, at: number): number {
  return (text.charCodeAt(at) * 961 + text.charCodeAt(at + 1) * 31 + text.charCodeAt(at + 2)) & (FILTER_SIZE - 1)
}
