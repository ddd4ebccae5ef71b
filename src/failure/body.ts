import { attempt } from './safe-read.ts'
import { parseJson, plainStatement, readStatements, type Statement } from './statement.ts'
import { leadsToQuotation } from './wording.ts'

/** A response body, read as far as classification needs it. */
export interface Body {
  readonly form: 'none' | 'json' | 'html' | 'text'
  /** The statements in it, the innermost first. */
  readonly statements: readonly Statement[]
}

export const NO_BODY: Body = { form: 'none', statements: [] }

/** How much of a body is looked at, characters or bytes: no error says what it is later than this. */
const MAX_BODY_LENGTH = 65_536

/** Where a page must have begun to be taken for one. */
const MAX_HTML_PREAMBLE = 256
const MAX_TITLE_LENGTH = 200

/** Reads text, bytes or parsed JSON. */
export function readBody(body: unknown): Body {
  const text = typeof body === 'string' ? body.slice(0, MAX_BODY_LENGTH) : attempt(() => decode(body), undefined)
  if (text !== undefined) return readTextBody(text)
  if (typeof body !== 'object' || body === null) return NO_BODY
  return { form: 'json', statements: readStatements(body) }
}

function decode(body: unknown): string | undefined {
  const bytes = body instanceof ArrayBuffer ? new Uint8Array(body) : body
  return bytes instanceof Uint8Array ? new TextDecoder().decode(bytes.subarray(0, MAX_BODY_LENGTH)) : undefined
}

function readTextBody(raw: string): Body {
  const text = raw.trim()
  if (text === '') return NO_BODY
  if (isHtml(text)) return { form: 'html', statements: [plainStatement(titleOf(text))] }
  const json = parseJson(text) ?? parseEvent(text)
  if (typeof json === 'object' && json !== null) return { form: 'json', statements: readStatements(json) }
  if (typeof json === 'string') return { form: 'text', statements: [plainStatement(json)] }
  return { form: 'text', statements: readMixed(text) }
}

/** JSON inside other text, as SDKs write it: `429 {"type":"error",…}`. The JSON is the inner statement. */
function readMixed(text: string): Statement[] {
  const start = text.indexOf('{')
  const end = text.lastIndexOf('}')
  const json = start >= 0 && end > start ? parseJson(text.slice(start, end + 1)) : undefined
  // What stands in a quotation is the request's, not the sender's.
  if (json === undefined || leadsToQuotation(text.slice(0, start))) return [plainStatement(text)]
  return [...readStatements(json), plainStatement(`${text.slice(0, start)}${text.slice(end + 1)}`.trim())]
}

/** The last event of server-sent events; an error, where there is one, is what the stream ended with. */
function parseEvent(text: string): unknown {
  if (!/^(?:data|event|id|retry)?:/.test(text)) return undefined
  const payloads = text
    .split('\n')
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice('data:'.length).trim())
  const telling =
    payloads.findLast((payload) => payload.includes('"error"')) ?? payloads.findLast((payload) => payload !== '[DONE]')
  return telling === undefined ? undefined : parseJson(telling)
}

function isHtml(text: string): boolean {
  const beginning = text.slice(0, MAX_HTML_PREAMBLE).toLowerCase()
  return !/^[{["]/.test(beginning) && (beginning.includes('<!doctype html') || beginning.includes('<html'))
}

/** What a page says in its title; the rest is markup, in which chance words would look like evidence. */
function titleOf(page: string): string {
  const lower = page.toLowerCase()
  const start = lower.indexOf('<title>')
  const end = lower.indexOf('</title>', start)
  if (start < 0 || end < 0) return 'an HTML page'
  return page.slice(start + '<title>'.length, Math.min(end, start + '<title>'.length + MAX_TITLE_LENGTH))
}
