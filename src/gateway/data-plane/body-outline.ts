import type { RequestFormat } from '../../dialects/index.ts'
import { outlineJson, type ValidJsonOutline } from '../json/json-outline.ts'
import { WordFinder, WordList } from '../json/word-finder.ts'
import { LazyBody } from './lazy-body.ts'
import { Refusal } from './refusal.ts'

/** Where a body has what matters of it. */
export interface BodyOutline {
  readonly outline: ValidJsonOutline
  /** The same for whoever asks for a value; nothing is parsed before. */
  readonly body: LazyBody
}

/** What of the bodies in one dialect matters to the gateway, found in one pass over the bytes. */
export class BodyOutliner {
  readonly format: RequestFormat
  readonly #names: readonly string[]
  readonly #marks: WordList

  /** @param names members of the outermost object that matter beside those of the format */
  constructor(format: RequestFormat, names: readonly string[]) {
    this.format = format
    this.#names = [...new Set([...names, ...format.members])]
    this.#marks = new WordList(format.marks)
  }

  /** @throws Refusal 400, saying where the bytes cease to be a JSON object */
  outline(bytes: Buffer): BodyOutline {
    const finder = new WordFinder(this.#marks)
    const outline = outlineJson(bytes, this.#names, finder)
    if (outline.state === 'valid') return { outline, body: new LazyBody(bytes, outline, finder.items) }
    const where = bytes.length === 0 ? 'it is empty' : `${outline.problem} (byte ${outline.offset})`
    throw new Refusal(400, 'invalid_json', `the body must be a JSON object: ${where}`)
  }
}
