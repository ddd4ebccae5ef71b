import { JsonProblem } from './json-problem.ts'
import { endOfString } from './json-string.ts'
import type { WordFinder } from './word-finder.ts'

/** How deep objects and arrays may be nested, the outermost counted. No provider's requests come near it. */
export const MAX_JSON_DEPTH = 1000

const TAB = 0x09
const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const QUOTE = 0x22
const PLUS = 0x2b
const COMMA = 0x2c
const MINUS = 0x2d
const POINT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const COLON = 0x3a
const UPPER_E = 0x45
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const LOWER_E = 0x65
const LOWER_F = 0x66
const LOWER_N = 0x6e
const LOWER_T = 0x74
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/**
 * Over a whole value, held strictly to the grammar; without recursion, so that nesting costs no stack. The bytes have
 * to be UTF-8, `view` sees the same bytes, and `depth` is how many objects and arrays the value stands in. `finder` is
 * shown every key and string in passing, and what the value holds.
 *
 * @throws JsonProblem
 * @see https://www.rfc-editor.org/rfc/rfc8259
 */
export function endOfValue(
  bytes: Buffer,
  view: DataView,
  start: number,
  depth: number,
  finder?: WordFinder | undefined,
): number {
  /** The bytes that close what is open, the innermost last. */
  const closers: number[] = []
  let at = start
  finder?.enterMember()
  for (;;) {
    const first = bytes[at]
    if (finder !== undefined && closers.length === 1) finder.enterItem(at)
    if (first === QUOTE) {
      const end = endOfString(bytes, view, at)
      finder?.look(bytes, at, end)
      at = end
    } else if (first === OPEN_BRACE || first === OPEN_BRACKET) {
      if (depth + closers.length === MAX_JSON_DEPTH)
        throw new JsonProblem(at, `it is nested more than ${MAX_JSON_DEPTH} levels deep`)
      const closer = first === OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET
      at = afterSpace(bytes, at + 1)
      if (bytes[at] !== closer) {
        closers.push(closer)
        if (closer === CLOSE_BRACE) at = valueAfterKey(bytes, endOfKey(bytes, view, at, finder))
        continue
      }
      at++
    } else {
      at = endOfScalar(bytes, at)
    }

    // A value has ended, and so may what it stands in, until something goes on.
    for (;;) {
      const closer = closers[closers.length - 1]
      if (closer === undefined) return at
      at = afterSpace(bytes, at)
      const next = bytes[at]
      if (next === COMMA) {
        at = afterSpace(bytes, at + 1)
        if (closer === CLOSE_BRACE) at = valueAfterKey(bytes, endOfKey(bytes, view, at, finder))
        break
      }
      if (next !== closer) throw new JsonProblem(at, `a comma or ${closer === CLOSE_BRACE ? '}' : ']'} is expected`)
      closers.pop()
      at++
    }
  }
}

/** @throws JsonProblem */
export function endOfKey(bytes: Buffer, view: DataView, start: number, finder?: WordFinder | undefined): number {
  if (bytes[start] !== QUOTE) throw new JsonProblem(start, 'a name in double quotes is expected')
  const end = endOfString(bytes, view, start)
  finder?.look(bytes, start, end)
  return end
}

/**
 * From behind a key, over the colon, to where the value begins.
 *
 * @throws JsonProblem
 */
export function valueAfterKey(bytes: Buffer, keyEnd: number): number {
  const colon = afterSpace(bytes, keyEnd)
  if (bytes[colon] !== COLON) throw new JsonProblem(colon, 'a colon is expected')
  return afterSpace(bytes, colon + 1)
}

/** Over the white space that JSON knows, which is less than what counts as such elsewhere. */
export function afterSpace(bytes: Buffer, start: number): number {
  let at = start
  while (at < bytes.length && isSpace(bytes[at] ?? 0)) at++
  return at
}

export function isSpace(byte: number): boolean {
  return byte <= SPACE && (byte === SPACE || byte === LF || byte === CR || byte === TAB)
}

function endOfScalar(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0
  if (isDigit(first) || first === MINUS) return endOfNumber(bytes, at)
  if (first === LOWER_T) return endOfWord(bytes, at, 'true')
  if (first === LOWER_F) return endOfWord(bytes, at, 'false')
  if (first === LOWER_N) return endOfWord(bytes, at, 'null')
  throw new JsonProblem(at, 'a value is expected')
}

function endOfWord(bytes: Buffer, start: number, word: string): number {
  for (let index = 1; index < word.length; index++) {
    if (bytes[start + index] !== word.charCodeAt(index)) throw new JsonProblem(start, 'a value is expected')
  }
  return start + word.length
}

function endOfNumber(bytes: Buffer, start: number): number {
  let at = bytes[start] === MINUS ? start + 1 : start
  at = bytes[at] === ZERO ? at + 1 : endOfDigits(bytes, at)
  if (bytes[at] === POINT) at = endOfDigits(bytes, at + 1)
  if (bytes[at] === LOWER_E || bytes[at] === UPPER_E) {
    const sign = bytes[at + 1]
    at = endOfDigits(bytes, sign === PLUS || sign === MINUS ? at + 2 : at + 1)
  }
  return at
}

function endOfDigits(bytes: Buffer, start: number): number {
  if (!isDigit(bytes[start] ?? 0)) throw new JsonProblem(start, 'a digit is expected')
  let at = start + 1
  while (isDigit(bytes[at] ?? 0)) at++
  return at
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE
}
