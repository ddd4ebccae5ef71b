import { type AnswerFlaw, flawNamed, formatOf, isOtherAnswer } from '../dialects/index.ts'
import { type Extent, readAnswer } from './answer-reading.ts'
import { type Excerpt, excerptOf, MAX_ERROR_LENGTH } from './excerpt.ts'
import { parseJson, parseLiteral } from './literal.ts'
import { isRequestRefused } from './rule.ts'
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
const SOUND: Body = { form: 'json', statements: [], answer: { flaw: 'sound', message: 'a complete answer' } }

/** How many items of a list are looked at: Gemini's streams come as lists, too. */
const MAX_ITEMS = 100_000

/** Where a page must have begun to be taken for one. */
const MAX_HTML_PREAMBLE = 256
/** More than a message may hold: secrets are masked later, and half of one would not be recognised. */
const MAX_TITLE_LENGTH = 4_096

/**
 * Reads text, bytes or parsed JSON.
 *
 * @param status of the answer; where it is an error, the body is not judged as an answer
 */
export function readBody(body: unknown, status: number | undefined): Body {
  const excerpt = attempt(() => excerptOf(body, isRefusal(status)), undefined)
  if (excerpt !== undefined) return readTextBody(excerpt, status)
  return typeof body === 'object' && body !== null ? readJsonBody(body, isRefusal(status)) : NO_BODY
}

function isRefusal(status: number | undefined): boolean {
  return status !== undefined && status >= 400
}

function readTextBody(excerpt: Excerpt, status: number | undefined): Body {
  const text = excerpt.text.trim()
  if (text === '') return NO_BODY
  if (isHtml(text)) return readPage(text, status)
  const json = parseJson(text)
  if (typeof json === 'object' && json !== null) return readJsonBody(json, isRefusal(status))
  if (typeof json === 'string') return readInnerText(json, status)
  if (isEventText(text)) return readStream(text, isRefusal(status), excerpt.isCut)
  const beginning = text.slice(0, MAX_ERROR_LENGTH)
  return readBrokenJson(beginning, status, excerpt.isCut) ?? { form: 'text', statements: readMixed(beginning, status) }
}

/**
 * JSON that does not end: an answer that broke off or, where it was we who cut it, one of which nothing can be said.
 * Absent where it is no answer.
 */
function readBrokenJson(beginning: string, status: number | undefined, isCut: boolean): Body | undefined {
  if (isRefusal(status) || !/^(?:\{\s{0,100}"|\[\s{0,100}[[{])/.test(beginning)) return undefined
  const value = attempt(() => parseLiteral(beginning, 0)?.value, undefined)
  const [first]: readonly unknown[] = Array.isArray(value) ? value : [value]
  const body = judged([first], 'cut')
  if (body?.isReported === true) return isCut ? body : undefined
  if (formatOf(first) === undefined && (status === undefined || !isCut)) return undefined
  return isCut ? SOUND : { form: 'json', statements: [], answer: flawNamed('cut_short') }
}

function readJsonBody(json: object, isError: boolean): Body {
  if (isError) return { form: 'json', statements: readStatements(json) }
  const events = attempt(() => (Array.isArray(json) ? json.slice(0, MAX_ITEMS) : [json]), [])
  const body = judged(events, events.length < MAX_ITEMS ? 'some' : 'cut')
  if (body !== undefined) return body
  return attempt(() => isOtherAnswer(json), false) ? SOUND : { form: 'json', statements: readStatements(json) }
}

/** A text written down as a JSON string, which may hold JSON again. */
function readInnerText(text: string, status: number | undefined): Body {
  const json = parseJson(text.trim())
  return typeof json === 'object' && json !== null
    ? readJsonBody(json, isRefusal(status))
    : { form: 'text', statements: [wordsOf(text, status)] }
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
function readStream(text: string, isError: boolean, isPart: boolean): Body {
  const { events, leftover, isCut } = readEventText(text)
  const all = leftover === undefined ? events : [...events, leftover]
  const body = judged(all, isPart || isCut ? 'cut' : 'all')
  if (body !== undefined && (body.answer === undefined || !isError)) return body
  // Its events are larger than what is looked at, or of a format that is not known.
  if (isPart && !isError) return SOUND
  return { form: 'json', statements: readStatements(all.at(-1)) }
}

/** The events as an answer or as the error one of them reports; absent where they are of no known format. */
function judged(events: readonly unknown[], extent: Extent): Body | undefined {
  const reading = attempt(() => readAnswer(events, extent), { is: 'foreign' } as const)
  switch (reading.is) {
    case 'error':
      return { form: 'json', statements: readStatements(reading.event), isReported: true }
    case 'flawed':
      return { form: 'json', statements: [], answer: reading }
    case 'sound':
      return SOUND
    case 'foreign':
      return undefined
  }
}

/** JSON inside other text, as SDKs write it: `429 {"type":"error",…}`, Python's way too. It is the inner statement. */
function readMixed(written: string, status: number | undefined): Statement[] {
  // Spring writes line ends so in what its exceptions say of an answer.
  const text = written.includes('<EOL>') ? written.replaceAll('<EOL>', '\n') : written
  const object = objectInText(text)
  if (object === undefined) return [wordsOf(text, status)]
  return [...readStatements(object.value, object), wordsOf(object.rest, status)]
}

/** The words of a refused request are the server's answer; any other text may be a log's or a program's. */
function wordsOf(text: string, status: number | undefined): Statement {
  return plainStatement(text, { isHandedOn: !isRequestRefused(status) })
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
