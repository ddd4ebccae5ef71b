import { parseJson, parseLiteral } from './literal.ts'
import { afterPreamble } from './preamble.ts'
import { lastStatusOf } from './prose.ts'
import { leadsToQuotation } from './wording.ts'

/** An object that was written down inside a text: as JSON, in Python's way, escaped, or cut short. */
export interface WrittenObject {
  readonly value: unknown
  /** The text without it. */
  readonly rest: string
  /**
   * Words stand before it that are more than what programs put before an error they hand on: it may be a part of the
   * request that is complained of.
   */
  readonly isDoubtful: boolean
  /** The HTTP status that the words before it end with. */
  readonly status: number | undefined
}

/** What a program writes before an error that it hands on: words of its own about a failure. */
const HANDS_ON = /error|exception|status|fail|provider|upstream|response|code|metadata|returned|失败|错误/

/** How far into a message the error that it hands on may begin. */
const MAX_HANDING_ON = 400

/** The object that a message of an error holds: the whole of it, or behind a program's own words. */
export function objectInMessage(message: string): WrittenObject | undefined {
  const text = message.trim()
  const json = parseJson(text)
  if (json !== undefined) return { value: json, rest: '', isDoubtful: false, status: undefined }
  const brace = text.slice(0, MAX_HANDING_ON).indexOf('{')
  if (brace < 0 || !/^\{\s{0,20}\\{0,3}["']/.test(text.slice(brace, brace + 40))) return undefined
  const at = text[brace - 1] === '[' ? brace - 1 : brace
  const before = text.slice(0, at).toLowerCase()
  return before === '' || HANDS_ON.test(before) ? objectAt(text, at) : undefined
}

/** The object inside a body that is text, as SDKs write it: `429 {"type":"error",…}`. */
export function objectInText(text: string): WrittenObject | undefined {
  const at = text.indexOf('{')
  return at < 0 ? undefined : objectAt(text, at)
}

function objectAt(text: string, at: number): WrittenObject | undefined {
  const found = jsonAt(text, at) ?? parseLiteral(text, at)
  if (found === undefined) return undefined
  const before = withoutOpening(text.slice(0, at), text.slice(found.end, found.end + MAX_CLOSING))
  // What stands in a quotation is the request's, not the sender's.
  if (leadsToQuotation(before)) return undefined
  const rest = `${before}${text.slice(found.end)}`.trim()
  const words = before.toLowerCase()
  return {
    value: found.value,
    rest,
    isDoubtful: afterPreamble(words).trim() !== '',
    status: lastStatusOf(words),
  }
}

/** How much behind an object tells whether the quotation that it fills ends the text. */
const MAX_CLOSING = 200
/** The end of a text, but for its end mark and a relay's note. */
const CLOSING = /^\s{0,10}(?:["']\.?\s{0,4}(?:\(request id[^)]{0,100}\))?\s{0,4})?$/i

/**
 * What hands on an answer may write it as Python's bytes, `b'{…}'`, or put the whole of it into quotation marks right
 * behind its own preamble, with nothing after them: `503 Service Unavailable: "{…}"`.
 */
function withoutOpening(before: string, after: string): string {
  if (/\bb["']$/.test(before)) return before.slice(0, -2)
  if (!/["']$/.test(before) || !CLOSING.test(after)) return before
  const unquoted = before.slice(0, -1)
  return afterPreamble(unquoted.toLowerCase()).trim() === '' ? unquoted : before
}

function jsonAt(text: string, at: number): { readonly value: unknown; readonly end: number } | undefined {
  const end = text.lastIndexOf('}') + 1
  const value = end > at ? parseJson(text.slice(at, end)) : undefined
  return value === undefined ? undefined : { value, end }
}
