import { countIn } from './json.ts'
import type { RequestBody } from './request-body.ts'
import type { RequestFormat } from './request-format.ts'

/**
 * Bytes of JSON to a token: about right for English and code, too few for scripts with three bytes a character, where
 * a character is about a token. https://help.openai.com/en/articles/4936856-what-are-tokens-and-how-to-count-them
 */
const BYTES_PER_TOKEN = 4
/** What an answer is taken for where its request sets it no limit. */
const DEFAULT_OUTPUT_TOKENS = 1_024
/** What an image is at most: https://platform.claude.com/docs/en/build-with-claude/vision; elsewhere it is less. */
const INLINE_DATA_TOKENS = 1_600
/** A text of this length that looks like base64 is data: an image, sound, a file. */
export const INLINE_DATA_CHARACTERS = 8_192
/** What data counts as in the bytes of a prompt, whatever its length. */
export const INLINE_DATA_BYTES = INLINE_DATA_TOKENS * BYTES_PER_TOKEN
/** How much of its beginning is looked at. */
export const INLINE_DATA_SAMPLE = 256
/** With the head that a data URL has (RFC 2397), of which the type may be any. */
const INLINE_DATA = /^(?:data:[^,"]{0,100},)?[\w+/=-]+$/
/** Nobody nests deeper; what refers to itself is cut off. */
const MAX_DEPTH = 100
/** What holds a text and its key: quotes, a colon, a comma. */
const QUOTES = 2
const SEPARATOR = 1

/**
 * Tokens that a request is expected to take, input and output together: bytes of its JSON ÷ 4, and as many for the
 * answer as it may have. Real counts replace it once the answer has told them.
 */
export function estimateTokens(format: RequestFormat, body: RequestBody): number {
  const outputTokens = format.maxOutputTokensOf(body) ?? DEFAULT_OUTPUT_TOKENS
  return Math.ceil(body.promptBytes / BYTES_PER_TOKEN) + outputTokens
}

/** Is this the beginning of data rather than of text? */
export function isInlineData(beginning: string): boolean {
  return INLINE_DATA.test(beginning)
}

/** The bytes of a value as JSON, without the few that escapes take. */
export function promptBytesOf(value: unknown, depth = 0): number {
  switch (typeof value) {
    case 'string':
      if (value.length >= INLINE_DATA_CHARACTERS && isInlineData(value.slice(0, INLINE_DATA_SAMPLE))) {
        return INLINE_DATA_BYTES + QUOTES
      }
      return Buffer.byteLength(value) + QUOTES
    case 'number':
    case 'boolean':
      return String(value).length
    case 'object':
      return value === null || depth === MAX_DEPTH ? 'null'.length : contentBytes(value, depth + 1)
    default:
      return 0
  }
}

function contentBytes(value: object, depth: number): number {
  let bytes = QUOTES
  let isFirst = true
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue
    if (!isFirst) bytes += SEPARATOR
    isFirst = false
    if (!Array.isArray(value)) bytes += Buffer.byteLength(key) + QUOTES + SEPARATOR
    bytes += promptBytesOf(item, depth)
  }
  return bytes
}

/** The first of these members that is a count. */
export function countAmong(body: RequestBody, names: readonly string[]): number | undefined {
  for (const name of names) {
    const count = countIn(body.member(name))
    if (count !== undefined) return count
  }
  return undefined
}
