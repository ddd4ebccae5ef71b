import { afterSpace, endOfKey, endOfValue, valueAfterKey } from './json-value.ts'

/** Where an item of a list, or a member of an object with its key, stands; `end` is exclusive. */
export interface JsonChild {
  /** Its place in the list, or its name. */
  readonly step: number | string
  readonly start: number
  readonly valueStart: number
  readonly end: number
}

const QUOTE = 0x22
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d

/**
 * What a list or an object holds, in order; nothing where the value is neither. Walks no further than it is asked to.
 * The value has to be valid JSON, as `outlineJson` has found it.
 */
export function* childrenOf(bytes: Buffer, start: number): Generator<JsonChild, void> {
  const first = afterSpace(bytes, start)
  const opener = bytes[first]
  if (opener !== OPEN_BRACE && opener !== OPEN_BRACKET) return
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const closer = opener === OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET
  let at = afterSpace(bytes, first + 1)
  for (let place = 0; bytes[at] !== closer; place += 1) {
    const isMember = opener === OPEN_BRACE
    const keyEnd = isMember ? endOfKey(bytes, view, at) : at
    const valueStart = isMember ? valueAfterKey(bytes, keyEnd) : at
    const end = endOfValue(bytes, view, valueStart, 1)
    yield { step: isMember ? nameIn(bytes, at, keyEnd) : place, start: at, valueStart, end }
    at = afterSpace(bytes, end)
    // Over the comma; where there is none, the closing bracket ends the loop.
    if (bytes[at] !== closer) at = afterSpace(bytes, at + 1)
  }
}

/** Where a value of valid JSON ends that begins here. */
export function endOfItem(bytes: Buffer, start: number): number {
  return endOfValue(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), start, 1)
}

/** The places of the strings of valid JSON, from its start on: the opening quote and what is behind the closing one. */
export function* stringsIn(bytes: Buffer, start: number): Generator<readonly [start: number, end: number], void> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let at = start; at < bytes.length; at += 1) {
    if (bytes[at] !== QUOTE) continue
    const end = endOfKey(bytes, view, at)
    yield [at, end]
    at = end - 1
  }
}

function nameIn(bytes: Buffer, start: number, end: number): string {
  return JSON.parse(bytes.toString('utf8', start, end))
}
