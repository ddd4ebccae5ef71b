import { isUtf8 } from 'node:buffer'
import { JsonProblem } from './json-problem.ts'
import { afterSpace, endOfKey, endOfValue, valueAfterKey } from './json-value.ts'
import type { WordFinder } from './word-finder.ts'

/** Where a member of the outermost object stands; offsets count bytes from the start of the body. */
export interface JsonMember {
  readonly name: string
  /** Of the opening quote. */
  readonly keyStart: number
  readonly valueStart: number
  /** Exclusive. */
  readonly valueEnd: number
}

export interface ValidJsonOutline {
  readonly state: 'valid'
  /** Where the JSON begins: 3 behind a byte order mark, otherwise 0. */
  readonly start: number
  /** What was looked for. */
  readonly names: readonly string[]
  /** All members that have one of the names, in their order. `membersNamed` picks those of one name. */
  readonly members: readonly JsonMember[]
}

interface InvalidJsonOutline {
  readonly state: 'invalid'
  /** Counts bytes from the start of the body, from 0. Its length where something is missing at the end. */
  readonly offset: number
  /** Part of a sentence, such as `a comma or } is expected`. Never quotes the body, which may hold secrets. */
  readonly problem: string
}

export type JsonOutline = ValidJsonOutline | InvalidJsonOutline

const COMMA = 0x2c
const BACKSLASH = 0x5c
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const FIRST_BEYOND_ASCII = 0x80
const BYTE_ORDER_MARK_LENGTH = 3

/**
 * Finds members of the outermost object, so that a body can be routed and changed without being parsed and written
 * anew: that is quicker, and every byte that nobody means to change survives. Keys are compared unescaped:
 * `"mod\u0065l"` is `model`. Values are not parsed; give their few bytes to `JSON.parse`.
 *
 * Accepts what `JSON.parse` accepts, with these differences: one byte order mark at the start is skipped; the
 * outermost value has to be an object; nesting deeper than `MAX_JSON_DEPTH` is refused; and so are bytes that are not
 * UTF-8, in which a lenient decoder might see another text than the provider's.
 *
 * @param finder is shown every key and string below the outermost object in passing
 */
export function outlineJson(bytes: Buffer, names: readonly string[], finder?: WordFinder): JsonOutline {
  try {
    if (!isUtf8(bytes)) throw new JsonProblem(firstMalformed(bytes), 'the text is not UTF-8')
    const start = hasByteOrderMark(bytes) ? BYTE_ORDER_MARK_LENGTH : 0
    return { state: 'valid', start, names, members: findMembers(bytes, start, names, finder) }
  } catch (error) {
    if (error instanceof JsonProblem) return { state: 'invalid', offset: error.offset, problem: error.message }
    throw error
  }
}

/** All members of this name: mostly none or one, but JSON forbids no repetition. The name has to have been looked for. */
export function membersNamed(outline: ValidJsonOutline, name: string): readonly JsonMember[] {
  if (!outline.names.includes(name)) throw new Error(`the member ${name} was not looked for`)
  return outline.members.filter((member) => member.name === name)
}

/** @throws JsonProblem */
function findMembers(
  bytes: Buffer,
  start: number,
  names: readonly string[],
  finder: WordFinder | undefined,
): readonly JsonMember[] {
  const members: JsonMember[] = []
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let at = afterSpace(bytes, start)
  if (bytes[at] !== OPEN_BRACE) throw new JsonProblem(at, 'an object is expected')
  at = afterSpace(bytes, at + 1)
  let isOpen = bytes[at] !== CLOSE_BRACE
  while (isOpen) {
    const keyStart = at
    const keyEnd = endOfKey(bytes, view, keyStart)
    const valueStart = valueAfterKey(bytes, keyEnd)
    const valueEnd = endOfValue(bytes, view, valueStart, 1, finder)
    const name = nameInKey(bytes, keyStart + 1, keyEnd - 1, names)
    if (name !== undefined) members.push({ name, keyStart, valueStart, valueEnd })
    at = afterSpace(bytes, valueEnd)
    isOpen = bytes[at] === COMMA
    if (isOpen) at = afterSpace(bytes, at + 1)
    else if (bytes[at] !== CLOSE_BRACE) throw new JsonProblem(at, 'a comma or } is expected')
  }
  at = afterSpace(bytes, at + 1)
  if (at < bytes.length) throw new JsonProblem(at, 'nothing more is expected')
  return members
}

/** The one of the names that stands between a key's quotes. Most keys need not be decoded to know. */
function nameInKey(bytes: Buffer, start: number, end: number, names: readonly string[]): string | undefined {
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0
    if (byte === BACKSLASH || byte >= FIRST_BEYOND_ASCII) {
      const key: unknown = JSON.parse(bytes.toString('utf8', start - 1, end + 1))
      return names.find((name) => name === key)
    }
  }
  for (const name of names) {
    if (name.length === end - start && isAsciiAt(bytes, start, name)) return name
  }
  return undefined
}

function isAsciiAt(bytes: Buffer, start: number, text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    if (bytes[start + index] !== text.charCodeAt(index)) return false
  }
  return true
}

function hasByteOrderMark(bytes: Buffer): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
}

/** Malformed bytes decode to U+FFFD; written anew, the text differs from there on. */
function firstMalformed(bytes: Buffer): number {
  const rewritten = Buffer.from(bytes.toString())
  let at = 0
  while (at < bytes.length && bytes[at] === rewritten[at]) at++
  return at
}
