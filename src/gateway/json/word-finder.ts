/** Words are names of members and of types. */
const MAX_WORD_LENGTH = 64

/** Words to look for, sorted so that most strings are told from all of them by their length. */
export class WordList {
  readonly #byLength: readonly (readonly Buffer[] | undefined)[]

  /** @param words of ASCII, without anything that JSON escapes */
  constructor(words: readonly string[]) {
    const byLength: Buffer[][] = []
    for (const word of new Set(words)) {
      const sameLength = byLength[word.length] ?? []
      sameLength.push(Buffer.from(word))
      byLength[word.length] = sameLength
    }
    this.#byLength = Array.from({ length: MAX_WORD_LENGTH }, (_, length) => byLength[length])
  }

  /** Is the string one of the words? `start` is its opening quote, `end` behind the closing one. */
  has(bytes: Buffer, start: number, end: number): boolean {
    const length = end - start - 2
    if (length >= MAX_WORD_LENGTH) return false
    const words = this.#byLength[length]
    if (words === undefined) return false
    for (const word of words) {
      if (isAt(bytes, start + 1, word)) return true
    }
    return false
  }
}

/** An item of a list, or a value of an object, that is a member of the outermost object and holds one of the words. */
export interface MarkedItem {
  /** Where it begins. */
  readonly start: number
  /** How many stand before it in the same list. */
  readonly index: number
}

/**
 * Notes which items hold a key or a string that is one of some words. A word that is written with escapes is not found:
 * nobody writes a name so, and whoever does gets what he would have got without us.
 */
export class WordFinder {
  readonly #words: WordList
  #start = -1
  #index = -1
  #isMarked = false
  /** In the order of the text. */
  readonly items: MarkedItem[] = []

  constructor(words: WordList) {
    this.#words = words
  }

  /** A member of the outermost object begins. */
  enterMember(): void {
    this.#index = -1
    // What has not entered an item is in none.
    this.#isMarked = true
  }

  /** What a member of the outermost object holds begins here. */
  enterItem(start: number): void {
    this.#start = start
    this.#index += 1
    this.#isMarked = false
  }

  look(bytes: Buffer, start: number, end: number): void {
    if (this.#isMarked || !this.#words.has(bytes, start, end)) return
    this.#isMarked = true
    this.items.push({ start: this.#start, index: this.#index })
  }
}

function isAt(bytes: Buffer, start: number, word: Buffer): boolean {
  for (let index = 0; index < word.length; index++) {
    if (bytes[start + index] !== word[index]) return false
  }
  return true
}
