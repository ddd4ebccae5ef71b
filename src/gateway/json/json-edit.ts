import { type JsonMember, membersNamed, type ValidJsonOutline } from './json-outline.ts'
import { afterSpace, isSpace } from './json-value.ts'

/** Changes a member of the outermost object, among the names the outline was made for. */
export interface MemberEdit {
  readonly name: string
  /** Its new value, as JSON; `undefined` removes the member. */
  readonly value: string | undefined
}

/** Puts an item at the end of a list that is such a member. */
interface ListEdit {
  readonly name: string
  /** As JSON. */
  readonly appended: string
}

export type JsonEdit = MemberEdit | ListEdit

/** The text in place of the bytes from `start` to `end`, exclusive. */
interface Splice {
  readonly start: number
  readonly end: number
  readonly text: string
}

const COMMA = 0x2c
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b

/**
 * Changes members of the outermost object and leaves every other byte alone. A member that is not there is put first;
 * one that is removed takes a comma along. A byte order mark is dropped. Returns the very same buffer where nothing
 * changes.
 *
 * @throws Error where a member that is given a value occurs more than once: the caller has to decide what such a body
 *   means; and where one that is appended to is no list. Of several, the last is appended to, which is the one that counts.
 */
export function editJson(bytes: Buffer, outline: ValidJsonOutline, edits: readonly JsonEdit[]): Buffer {
  const splices: Splice[] = []
  const removed: JsonMember[] = []
  const inserted: string[] = []
  for (const edit of distinct(edits)) {
    const { name } = edit
    if ('appended' in edit) {
      splices.push(appendingTo(bytes, name, membersNamed(outline, name).at(-1), edit.appended))
      continue
    }
    const { value } = edit
    const [member, ...others] = membersNamed(outline, name)
    if (others.length > 0) throw new Error(`the member ${name} occurs more than once`)
    if (member === undefined) {
      if (value !== undefined) inserted.push(`${JSON.stringify(name)}:${value}`)
    } else if (value === undefined) {
      removed.push(member)
    } else if (bytes.toString('utf8', member.valueStart, member.valueEnd) !== value) {
      splices.push({ start: member.valueStart, end: member.valueEnd, text: value })
    }
  }
  if (outline.start > 0) splices.push({ start: 0, end: outline.start, text: '' })
  const removals = removalsOf(bytes, removed)
  splices.push(...removals)
  if (inserted.length > 0) splices.push(insertionOf(bytes, outline, inserted, removals))
  return splices.length === 0 ? bytes : withSplices(bytes, splices)
}

function distinct(edits: readonly JsonEdit[]): readonly JsonEdit[] {
  const names = new Set(edits.map(({ name }) => name))
  if (names.size < edits.length) throw new Error('a member can be edited only once at a time')
  return edits
}

function appendingTo(bytes: Buffer, name: string, member: JsonMember | undefined, item: string): Splice {
  if (member === undefined || bytes[member.valueStart] !== OPEN_BRACKET)
    throw new Error(`the member ${name} is no list`)
  const at = member.valueEnd - 1
  const isEmpty = afterSpace(bytes, member.valueStart + 1) === at
  return { start: at, end: at, text: isEmpty ? item : `,${item}` }
}

/**
 * A member takes the comma behind it along, or else the one before it: when it is the last, or when the members
 * behind it have taken all that is there. In the order of the text.
 */
function removalsOf(bytes: Buffer, members: readonly JsonMember[]): Splice[] {
  const removals: Splice[] = []
  let nextStart = -1
  for (const { keyStart, valueEnd } of members.toSorted((a, b) => b.keyStart - a.keyStart)) {
    const behind = afterSpace(bytes, valueEnd)
    const hasComma = bytes[behind] === COMMA && behind !== nextStart
    const start = hasComma ? keyStart : commaBefore(bytes, keyStart)
    removals.unshift({ start, end: hasComma ? behind + 1 : valueEnd, text: '' })
    nextStart = start
  }
  return removals
}

/** Where the comma before a key stands; the key's own place where it is the object's first. */
function commaBefore(bytes: Buffer, keyStart: number): number {
  let at = keyStart - 1
  while (isSpace(bytes[at] ?? 0)) at--
  return bytes[at] === COMMA ? at : keyStart
}

function insertionOf(
  bytes: Buffer,
  outline: ValidJsonOutline,
  members: readonly string[],
  removals: readonly Splice[],
): Splice {
  const start = afterSpace(bytes, outline.start) + 1
  let rest = afterSpace(bytes, start)
  for (const removal of removals) {
    if (removal.start === rest) rest = afterSpace(bytes, removal.end)
  }
  const text = members.join(',')
  return { start, end: start, text: bytes[rest] === CLOSE_BRACE ? text : `${text},` }
}

function withSplices(bytes: Buffer, splices: readonly Splice[]): Buffer {
  const grown = splices.reduce((sum, { start, end, text }) => sum + Buffer.byteLength(text) - (end - start), 0)
  // Memory of its own: a body is kept for as long as its answer goes on, and a share of a pool would keep all of that.
  const result = Buffer.allocUnsafeSlow(bytes.length + grown)
  let read = 0
  let written = 0
  // What is inserted where something is removed comes first.
  for (const { start, end, text } of splices.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    written += bytes.copy(result, written, read, start)
    written += result.write(text, written)
    read = end
  }
  bytes.copy(result, written, read)
  return result
}
