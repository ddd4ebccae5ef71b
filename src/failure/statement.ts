import { exceptionIn, type Fields, fieldsOf } from './fields.ts'
import { parseLiteral } from './literal.ts'
import { asStatus, isRecord, readItems } from './safe-read.ts'
import { codesInProse, statusInProse, wordingOf, writtenObjectAt } from './wording.ts'

/** One statement of an error. Gateways put one into another, so that an answer may hold several. */
export interface Statement {
  /** An HTTP status it names itself, 400 to 599. */
  readonly status: number | undefined
  /** Every machine-readable field (code, type, status name, reason), in lower case. */
  readonly codes: readonly string[]
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

/** The statements in a parsed body or event, the innermost first: it is the nearest to what went wrong. */
export function readStatements(value: unknown): Statement[] {
  const statements: Statement[] = []
  collect(value, 0, statements)
  return statements
}

/** Is there anything in it that a rule could go by? */
export function isTelling({ codes, message }: Statement): boolean {
  return codes.length > 0 || message !== ''
}

/** A statement that is nothing but words. Programs write codes and statuses into them. */
export function plainStatement(message: string): Statement {
  return {
    status: statusInProse(message),
    codes: codesInProse(message),
    message,
    text: wordingOf(message),
    param: undefined,
    fields: [],
  }
}

/** The text as JSON if it may be some (an object, a list or a string); `undefined` where it isn't. */
export function parseJson(text: string): unknown {
  // Whatever cannot be JSON is told without an exception, which costs more than all the rest.
  if (!/^(?:\{\s{0,100}["}]|[["])/.test(text)) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function collect(value: unknown, depth: number, statements: Statement[]): void {
  // Google wraps the error of a streaming endpoint in a list.
  const first = readItems(value, 1)[0] ?? value
  if (depth > MAX_DEPTH || statements.length >= MAX_STATEMENTS || !isRecord(first)) return
  const own = fieldsOf(first)
  const fields = withParts(own)
  const param = firstOf(fields, 'param')
  for (const { raw, nested } of fields) {
    // OpenRouter: what its upstream said, JSON or not.
    if (raw !== undefined && parseJson(raw.trim()) === undefined) statements.push(plainStatement(raw))
    for (const { name, value } of nested) {
      // A message about a part of the request may consist of that part.
      if (name !== 'message' || param === undefined) collect(objectIn(value), depth + 1, statements)
    }
  }
  const exception = exceptionIn(first)
  if (exception !== undefined) collect(exception.details, depth + 1, statements)
  const message = firstOf(fields, 'message') ?? ''
  const codes = fields.flatMap((part) => part.codes)
  if (exception !== undefined) codes.push(exception.name.toLowerCase())
  if (message !== '') codes.push(...codesInProse(message, codes.some(isWord)))
  // Relays put their upstream's status there.
  if (param !== undefined) codes.push(...(asStatus(param) === undefined ? [] : [param]))
  const status = statusIn(codes) ?? (message === '' ? undefined : statusInProse(message))
  statements.push({ status, codes, message, text: wordingOf(message), param, fields })
}

/** The fields of an object, of its parts and of theirs: Google's quotas are violations among details. */
function withParts(own: Fields): readonly Fields[] {
  if (own.parts.length === 0) return [own]
  const parts = own.parts.map(fieldsOf)
  return [own, ...parts, ...parts.flatMap((part) => part.parts.slice(0, MAX_PARTS_OF_PART).map(fieldsOf))]
}

/** An object, or one that was written down: as JSON, or after a program's own words. */
function objectIn(value: unknown): unknown {
  if (typeof value !== 'string') return value
  const text = value.trim()
  const json = parseJson(text)
  if (json !== undefined) return json
  const at = writtenObjectAt(text)
  return at < 0 ? undefined : parseLiteral(text, at)?.value
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
