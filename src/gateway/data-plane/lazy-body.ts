import {
  INLINE_DATA_BYTES,
  INLINE_DATA_CHARACTERS,
  INLINE_DATA_SAMPLE,
  isInlineData,
  type RequestBody,
} from '../../dialects/index.ts'
import type { JsonMember, ValidJsonOutline } from '../json/json-outline.ts'
import { childrenOf, endOfItem, type JsonChild, stringsIn } from '../json/json-walk.ts'
import type { MarkedItem } from '../json/word-finder.ts'

/** What is longer is not looked at for a session: whoever begins with so much is told apart by what follows. */
const MAX_VALUE_BYTES = 256 * 1024
/** A message that may refer to something is parsed up to this size: it may hold images beside the reference. */
const MAX_MARKED_BYTES = 16 * 1024 * 1024
const OPEN_BRACKET = 0x5b

/**
 * A request's body as it came: nothing of it is parsed before somebody looks at it, and then no more than that.
 *
 * @see ParsedBody, which answers the same
 */
export class LazyBody implements RequestBody {
  readonly #bytes: Buffer
  readonly #outline: ValidJsonOutline
  readonly #marked: readonly MarkedItem[]

  constructor(bytes: Buffer, outline: ValidJsonOutline, marked: readonly MarkedItem[]) {
    this.#bytes = bytes
    this.#outline = outline
    this.#marked = marked
  }

  member(name: string): unknown {
    const member = this.#lastOf(name)
    return member && this.#parse(member.valueStart, member.valueEnd, MAX_VALUE_BYTES)
  }

  *items(name: string): Generator<unknown, void> {
    for (const { valueStart, end } of this.#itemsOf(name)) yield this.#parse(valueStart, end, MAX_VALUE_BYTES)
  }

  *markedItems(name: string): Generator<readonly [index: number, item: unknown], void> {
    const member = this.#lastOf(name)
    if (member === undefined) return
    const { valueStart, valueEnd } = member
    if (this.#bytes[valueStart] !== OPEN_BRACKET) return
    for (const { index, start } of this.#marked) {
      if (start <= valueStart || start >= valueEnd) continue
      yield [index, this.#parse(start, endOfItem(this.#bytes, start), MAX_MARKED_BYTES)]
    }
  }

  get promptBytes(): number {
    let bytes = this.#bytes.length
    if (bytes < INLINE_DATA_CHARACTERS) return bytes
    for (const [start, end] of stringsIn(this.#bytes, this.#outline.start)) {
      const length = end - start - 2
      if (length < INLINE_DATA_CHARACTERS) continue
      if (isInlineData(this.#bytes.toString('latin1', start + 1, start + 1 + INLINE_DATA_SAMPLE))) {
        bytes += INLINE_DATA_BYTES - length
      }
    }
    return bytes
  }

  #lastOf(name: string): JsonMember | undefined {
    return this.#outline.members.findLast((member) => member.name === name)
  }

  /** None where it is no list. */
  #itemsOf(name: string): Iterable<JsonChild> {
    const member = this.#lastOf(name)
    const isList = member !== undefined && this.#bytes[member.valueStart] === OPEN_BRACKET
    return isList ? childrenOf(this.#bytes, member.valueStart) : []
  }

  #parse(start: number, end: number, maxBytes: number): unknown {
    return end - start > maxBytes ? undefined : JSON.parse(this.#bytes.toString('utf8', start, end))
  }
}
