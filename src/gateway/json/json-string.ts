import { JsonProblem } from './json-problem.ts'

const FIRST_PRINTABLE = 0x20
const QUOTE = 0x22
const BACKSLASH = 0x5c
const LOWER_U = 0x75
const BYTES_IN_ROUND = 16
const SHORT_ESCAPES = tableOf('"\\/bfnrt')
const HEX_DIGITS = tableOf('0123456789abcdefABCDEF')

/**
 * From the opening quote of a string to behind its closing one. `view` sees the same bytes.
 *
 * Looks at four bytes at a time, sixteen in a round: a request is mostly text, and byte by byte it takes about twice as
 * long.
 *
 * @throws JsonProblem
 */
export function endOfString(bytes: Buffer, view: DataView, start: number): number {
  const lastRound = bytes.length - BYTES_IN_ROUND
  let at = start + 1
  while (at <= lastRound) {
    let stops = stopsIn(view.getInt32(at, true))
    if (stops === 0) {
      at += 4
      stops = stopsIn(view.getInt32(at, true))
    }
    if (stops === 0) {
      at += 4
      stops = stopsIn(view.getInt32(at, true))
    }
    if (stops === 0) {
      at += 4
      stops = stopsIn(view.getInt32(at, true))
    }
    if (stops === 0) {
      at += 4
      continue
    }
    at += indexOfFirst(stops)
    const byte = bytes[at]
    if (byte === QUOTE) return at + 1
    if (byte !== BACKSLASH) throw controlCharacter(at)
    at = endOfEscape(bytes, at)
  }
  return endOfStringNearEnd(bytes, at)
}

/** The same from within a string, byte by byte: fewer bytes are left in the whole text than a round takes. */
function endOfStringNearEnd(bytes: Buffer, start: number): number {
  let at = start
  while (at < bytes.length) {
    const byte = bytes[at] ?? 0
    if (byte === QUOTE) return at + 1
    if (byte < FIRST_PRINTABLE) throw controlCharacter(at)
    at = byte === BACKSLASH ? endOfEscape(bytes, at) : at + 1
  }
  throw new JsonProblem(bytes.length, 'the end of a string is missing')
}

function endOfEscape(bytes: Buffer, backslash: number): number {
  if (SHORT_ESCAPES[bytes[backslash + 1] ?? 0] === 1) return backslash + 2
  if (bytes[backslash + 1] !== LOWER_U) {
    throw new JsonProblem(backslash, 'a string has an escape that JSON does not know')
  }
  const end = backslash + 6
  for (let at = backslash + 2; at < end; at++) {
    if (HEX_DIGITS[bytes[at] ?? 0] !== 1) throw new JsonProblem(backslash, 'a \\u needs four hexadecimal digits')
  }
  return end
}

/**
 * The highest bit of each of four bytes that is `"`, `\` or a control character: with bit 1 flipped, the first and the
 * last are what is less than 0x21, and `\` exclusive-or itself is what is less than 1. The subtractions borrow, so
 * that a byte behind the first of them may be marked without reason.
 *
 * @see https://graphics.stanford.edu/~seander/bithacks.html#HasLessInWord
 */
function stopsIn(word: number): number {
  return (((word ^ 0x02020202) - 0x21212121) | ((word ^ 0x5c5c5c5c) - 0x01010101)) & ~word & 0x80808080
}

/** Of the first byte that is marked; the lowest bits are the first byte, as the view reads little-endian. */
function indexOfFirst(stops: number): number {
  return (31 - Math.clz32(stops & -stops)) >> 3
}

function controlCharacter(at: number): JsonProblem {
  return new JsonProblem(at, 'a string has a control character that is not escaped')
}

function tableOf(characters: string): Uint8Array {
  const table = new Uint8Array(256)
  for (const byte of Buffer.from(characters)) table[byte] = 1
  return table
}
