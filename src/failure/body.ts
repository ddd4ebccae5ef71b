import type { AnswerFlaw } from '../dialects/index.ts'
import { readAnswer } from './answer-reading.ts'
import { parseJson } from './literal.ts'
import { attempt } from './safe-read.ts'
import { plainStatement, readStatements, type Statement } from './statement.ts'
import { isEventText, readEventText } from './stream-text.ts'
import { objectInText } from './written-object.ts'

/** A response body, read as far as classification needs it. */
export interface Body {
  readonly form: 'none' | 'json' | 'html' | 'text'
  /** The statements in it, the innermost first. */
  readonly statements: readonly Statement[]
  /** An event of a good answer, or its body, says that it is an error. */
  readonly isReported?: boolean
  /** What it is worth as an answer, where it is one and no error. */
  readonly answer?: JudgedAnswer
}

/** An answer without an error in it: what is wrong with it, or that nothing is. */
export interface JudgedAnswer {
  readonly flaw: AnswerFlaw | 'sound'
  readonly message: string
}

export const NO_BODY: Body = { form: 'none', statements: [] }

/**
 * How much of a body is looked at, characters or bytes: no error says what it is later than this. Of a longer stream,
 * which may end with what went wrong, a quarter is taken from the beginning and the rest from the end.
 */
const MAX_BODY_LENGTH = 65_536
const MAX_HEAD_LENGTH = MAX_BODY_LENGTH / 4
/** How many items of a list are looked at: Gemini's streams come as lists, too. */
const MAX_ITEMS = 1_000

/** Where a page must have begun to be taken for one. */
const MAX_HTML_PREAMBLE = 256
const MAX_TITLE_LENGTH = 200

/**
 * Reads text, bytes or parsed JSON.
 *
 * @param status of the answer; where it is an error, the body is not judged as an answer
 */
export function readBody(body: unknown, status: number | undefined): Body {
  const text = typeof body === 'string' ? excerptOf(body) : attempt(() => decode(body), undefined)
  if (text !== undefined) return readTextBody(text, status)
  return typeof body === 'object' && body !== null ? readJsonBody(body, isRefusal(status)) : NO_BODY
}

function isRefusal(status: number | undefined): boolean {
  return status !== undefined && status >= 400
}

function excerptOf(text: string): string {
  if (text.length <= MAX_BODY_LENGTH) return text
  const head = text.slice(0, MAX_HEAD_LENGTH)
  return isEventText(head)
    ? `${head}\n\n${text.slice(MAX_HEAD_LENGTH - MAX_BODY_LENGTH)}`
    : text.slice(0, MAX_BODY_LENGTH)
}

function decode(body: unknown): string | undefined {
  const bytes = body instanceof ArrayBuffer ? new Uint8Array(body) : body
  if (!(bytes instanceof Uint8Array)) return undefined
  const decoded = (from: number, to?: number): string => new TextDecoder().decode(bytes.subarray(from, to))
  if (bytes.length <= MAX_BODY_LENGTH) return decoded(0)
  const head = decoded(0, MAX_HEAD_LENGTH)
  return isEventText(head)
    ? `${head}\n\n${decoded(bytes.length + MAX_HEAD_LENGTH - MAX_BODY_LENGTH)}`
    : decoded(0, MAX_BODY_LENGTH)
}

function readTextBody(raw: string, status: number | undefined): Body {
  const text = raw.trim()
  if (text === '') return NO_BODY
  if (isHtml(text)) return readPage(text, status)
  const json = parseJson(text)
  if (typeof json === 'object' && json !== null) return readJsonBody(json, isRefusal(status))
  if (typeof json === 'string') return readInnerText(json, isRefusal(status))
  if (isEventText(text)) return readStream(text, isRefusal(status))
  return { form: 'text', statements: readMixed(text) }
}

function readJsonBody(json: object, isError: boolean): Body {
  if (isError) return { form: 'json', statements: readStatements(json) }
  const events = attempt(() => (Array.isArray(json) ? json.slice(0, MAX_ITEMS) : [json]), [])
  return judged(events, false) ?? { form: 'json', statements: readStatements(json) }
}

/** A text written down as a JSON string, which may hold JSON again. */
function readInnerText(text: string, isError: boolean): Body {
  const json = parseJson(text.trim())
  return typeof json === 'object' && json !== null
    ? readJsonBody(json, isError)
    : { form: 'text', statements: [plainStatement(text)] }
}

/** A page under a good status is no answer, whatever it says; where the status is not known, its title may tell. */
function readPage(page: string, status: number | undefined): Body {
  const title = titleOf(page)
  const statements = status === undefined || isRefusal(status) ? [plainStatement(title)] : []
  return isRefusal(status)
    ? { form: 'html', statements }
    : { form: 'html', statements, answer: { flaw: 'no_answer', message: title } }
}

/** Events, and what is none of them: a bare error in place of a stream or behind it. */
function readStream(text: string, isError: boolean): Body {
  const { events, leftover } = readEventText(text)
  const all = leftover === undefined ? events : [...events, leftover]
  const body = judged(all, true)
  if (body !== undefined && (body.answer === undefined || !isError)) return body
  return { form: 'json', statements: readStatements(all.at(-1)) }
}

/** The events as an answer or as the error one of them reports; absent where they are of no known format. */
function judged(events: readonly unknown[], isWhole: boolean): Body | undefined {
  const reading = attempt(() => readAnswer(events, isWhole), { is: 'foreign' } as const)
  switch (reading.is) {
    case 'error':
      return { form: 'json', statements: readStatements(reading.event), isReported: true }
    case 'flawed':
      return { form: 'json', statements: [], answer: reading }
    case 'sound':
      return { form: 'json', statements: [], answer: { flaw: 'sound', message: 'a complete answer' } }
    case 'foreign':
      return undefined
  }
}

/** JSON inside other text, as SDKs write it: `429 {"type":"error",…}`, Python's way too. It is the inner statement. */
function readMixed(text: string): Statement[] {
  const written = objectInText(text)
  if (written === undefined) return [plainStatement(text)]
  return [...readStatements(written.value, written), plainStatement(written.rest)]
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
