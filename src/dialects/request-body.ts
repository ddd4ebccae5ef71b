import { asObject, type JsonObject } from './json.ts'
import { promptBytesOf } from './token-estimate.ts'

/** A request's body, read only as far as somebody looks. */
export interface RequestBody {
  /** A member of the outermost object; of one that occurs twice the last, as `JSON.parse` has it. */
  member(name: string): unknown
  /** The items of a member that is a list, in their order; none where it is no list. */
  items(name: string): Iterable<unknown>
  /** The same with their places, but at least those only that hold one of the format's marks. */
  markedItems(name: string): Iterable<readonly [index: number, item: unknown]>
  /** Bytes of the prompt as JSON; data within it, such as an image, counts as what it is worth in tokens. */
  readonly promptBytes: number
}

/** A body that is at hand as a value. */
export class ParsedBody implements RequestBody {
  readonly #request: JsonObject

  constructor(request: unknown) {
    this.#request = asObject(request) ?? {}
  }

  member(name: string): unknown {
    return Object.hasOwn(this.#request, name) ? this.#request[name] : undefined
  }

  items(name: string): readonly unknown[] {
    const value = this.member(name)
    return Array.isArray(value) ? value : []
  }

  markedItems(name: string): Iterable<readonly [index: number, item: unknown]> {
    return this.items(name).entries()
  }

  get promptBytes(): number {
    return promptBytesOf(this.#request)
  }
}
