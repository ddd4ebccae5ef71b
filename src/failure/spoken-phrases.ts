import type { PhraseFinder } from './phrase-finder.ts'

/** Finds phrases in the texts of one failure, and in each text only once, whoever asks. */
export class SpokenPhrases {
  readonly #finder: PhraseFinder
  readonly #found = new Map<string, ReadonlyMap<string, number>>()

  /** @param finder knows the phrases of all rules, and what stands before a wait */
  constructor(finder: PhraseFinder) {
    this.#finder = finder
  }

  /** The phrases in a text, each with the place where it stands first. */
  in(text: string): ReadonlyMap<string, number> {
    let found = this.#found.get(text)
    if (found === undefined) {
      found = this.#finder.find(text)
      this.#found.set(text, found)
    }
    return found
  }
}
