import { exceptionIn, type Fields, fieldsOf } from './fields.ts'
import type { Prose } from './prose.ts'
import { asStatus, isRecord, readItems, readProperty } from './safe-read.ts'
import { readWording } from './wording.ts'
import { objectInMessage, type WrittenObject } from './written-object.ts'

/** One statement of an error. Gateways put one into another, so that an answer may hold several. */
export interface Statement {
  /** An HTTP status it names itself, in a field or before its words, 400 to 599. */
  readonly status: number | undefined
  /** Every machine-readable field (code, type, status name, reason), and what programs put before words; in lower case. */
  readonly codes: readonly string[]
  /** A status and codes that stand among its words, where the request's text may stand as well. */
  readonly spoken: Prose
  /** It may be the request's: it stood behind words, or in a field in which servers hand the request back. */
  readonly isDoubtful: boolean
  /** Its wording as sent; empty where there is none. */
  readonly message: string
  /** The sender's own words of it, in lower case: without what it quotes; for comparing. */
  readonly text: string
  /** The part of the request that is complained of, as OpenAI's `param` names it. */
  readonly param: string | undefined
  /** The fields it was read from; hints stand there too. */
  readonly fields: readonly Fields[]
}

/** How many objects inside one another are looked at: each statement inside another is two, `error` and its `message`. */
const MAX_DEPTH = 10
/** How many parts of a part are looked at. */
const MAX_PARTS_OF_PART = 4
/** How many statements of one answer are looked at; more than any gateway puts into one another. */
const MAX_STATEMENTS = 24

/**
 * The statements in a parsed body or event, the innermost first: it is the nearest to what went wrong.
 *
 * @param isDoubtful it may be the request's. Default: false
 */
export function readStatements(
  value: unknown,
  { isDoubtful = false, status }: Partial<Omit<Place, 'depth'>> = {},
): Statement[] {
  const statements: Statement[] = []
  collect(value, { depth: 0, isDoubtful, status }, statements)
  return statements
}

/** Is there anything in it that a rule could go by? */
export function isTelling({ codes, message }: Statement): boolean {
  return codes.length > 0 || message !== ''
}

/**
 * A statement that is nothing but words. Programs write codes and statuses into them.
 *
 * @param isHandedOn by a log or a program, and not the words of an answer. Default: false
 */
export function plainStatement(message: string, { isHandedOn = false } = {}): Statement {
  const { text, stated, spoken } = readWording(message, { isHandedOn })
  return {
    status: stated.status,
    codes: stated.codes,
    spoken,
    isDoubtful: false,
    message,
    text,
    param: undefined,
    fields: [],
  }
}

/** Where a part of an answer stands. */
interface Place {
  readonly depth: number
  readonly isDoubtful: boolean
  /** The HTTP status that was written before it. */
  readonly status?: number | undefined
}

/**
 * Of events that are named by an exception; the others speak for themselves:
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
 */
const STATUS_OF_EXCEPTION: Readonly<Record<string, number>> = { validationexception: 400 }

/** In these, beside a complaint, servers hand back what was sent to them. */
const HANDED_BACK: ReadonlySet<string> = new Set(['body', 'data', 'result', 'payload'])

function collect(value: unknown, place: Place, statements: Statement[]): void {
  // Google wraps the error of a streaming endpoint in a list.
  const first = readItems(value, 1)[0] ?? value
  if (place.depth > MAX_DEPTH || statements.length >= MAX_STATEMENTS || !isRecord(first)) return
  const own = fieldsOf(first)
  const fields = withParts(own)
  const param = firstOf(fields, 'param')
  const message = firstOf(fields, 'message') ?? ''
  // A message about a part of the request may consist of that part; relays put their upstream's status there.
  const isOfPart = param !== undefined && asStatus(param) === undefined
  const handedOn = !isOfPart && message !== '' ? objectInMessage(message) : undefined
  const codes = fields.length === 1 ? [...own.codes] : fields.flatMap((part) => part.codes)
  // What is inside was said of the same answer.
  const inside: Place = { ...place, depth: place.depth + 1, status: statusIn(codes) ?? place.status }
  collectNested({ fields, message, handedOn, isOfPart }, inside, statements)
  const exception = exceptionIn(first)
  if (exception !== undefined) {
    const status = inside.status ?? STATUS_OF_EXCEPTION[exception.name.toLowerCase()]
    collect(exception.details, { ...inside, status }, statements)
    codes.push(exception.name.toLowerCase())
  }
  // A validator says of a field whatever stands in it: https://docs.pydantic.dev/latest/errors/errors/
  const words = Array.isArray(readProperty(first, 'loc')) ? '' : (handedOn?.rest ?? message)
  const { text, stated, spoken } = readWording(words, { hasCodes: codes.some(isWord) })
  codes.push(...stated.codes)
  // Relays put their upstream's status there.
  if (param !== undefined && codes.includes('bad_response_status_code')) codes.push(param)
  const status = statusIn(codes) ?? stated.status ?? place.status
  statements.push({ status, codes, spoken, isDoubtful: place.isDoubtful, message, text, param, fields })
}

/** An object's fields, and what is known of its message. */
interface Holder {
  readonly fields: readonly Fields[]
  readonly message: string
  /** What its message hands on. */
  readonly handedOn: WrittenObject | undefined
  /** Its message is about a part of the request. */
  readonly isOfPart: boolean
}

function collectNested({ fields, message, handedOn, isOfPart }: Holder, place: Place, statements: Statement[]): void {
  for (const { raw, nested } of fields) {
    // OpenRouter: what its upstream said, JSON or not.
    if (raw !== undefined && objectInMessage(raw) === undefined) {
      statements.push({ ...plainStatement(raw), status: place.status })
    }
    for (const { name, value } of nested) {
      if (name === 'message' && isOfPart) continue
      const isDoubtful = place.isDoubtful || (HANDED_BACK.has(name) && message !== '')
      if (typeof value !== 'string') {
        collect(value, { ...place, isDoubtful }, statements)
        continue
      }
      const written = value === message ? handedOn : objectInMessage(value)
      if (written === undefined) continue
      const status = written.status ?? place.status
      collect(written.value, { ...place, status, isDoubtful: isDoubtful || written.isDoubtful }, statements)
    }
  }
}

/** The fields of an object, of its parts and of theirs: Google's quotas are violations among details. */
function withParts(own: Fields): readonly Fields[] {
  if (own.parts.length === 0) return [own]
  const parts = own.parts.map(fieldsOf)
  return [own, ...parts, ...parts.flatMap((part) => part.parts.slice(0, MAX_PARTS_OF_PART).map(fieldsOf))]
}

function firstOf(fields: readonly Fields[], name: 'message' | 'param'): string | undefined {
  for (const part of fields) {
    const value = part[name]
    if (value !== undefined) return value
  }
  return undefined
}

/** Is it more than a number, as statuses are? */
function isWord(code: string): boolean {
  return code.charCodeAt(0) > 57
}

function statusIn(codes: readonly string[]): number | undefined {
  for (const code of codes) {
    const status = code.length === 3 ? asStatus(code) : undefined
    if (status !== undefined && status >= 400) return status
  }
  return undefined
}
