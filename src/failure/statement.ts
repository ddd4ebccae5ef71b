import { parseLiteral } from './literal.ts'
import { asStatus, attempt, isRecord, readItems, readProperty, readString } from './safe-read.ts'
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
  /** The objects it was read from; hints stand there too. */
  readonly sources: readonly object[]
}

/** How many statements inside one another are looked at. */
const MAX_DEPTH = 5
/** How many parts of a list of details are looked at. */
const MAX_PARTS = 8
/** The longest thing that is still a code. */
const MAX_CODE_LENGTH = 100
/** How many statements of one answer are looked at; more than any gateway puts into one another. */
const MAX_STATEMENTS = 24

const CODE_FIELDS = [
  'code',
  'type',
  'type_',
  'status',
  'reason',
  'error_type',
  'errorType',
  'error_code',
  'errorCode',
  'Code',
  'limit_source',
  'status_code',
  'statusCode',
  'httpStatusCode',
  'http_code',
  'raw_status_code',
  '__type',
  'stop_reason',
  'finish_reason',
  ':exception-type',
  ':error-code',
  'error_subtype',
  '@type',
] as const
const MESSAGE_FIELDS = [
  'message',
  'error',
  'detail',
  'Message',
  'error_description',
  'error_message',
  'errorMessage',
  'error_msg',
  'status_msg',
  'msg',
  'title',
  ':error-message',
] as const
/** Parts of a statement: they say more of the same error. */
const PART_FIELDS = [
  'details',
  'detail',
  'metadata',
  'innererror',
  'base_resp',
  'incomplete_details',
  'delta',
  'choices',
  'errors',
  'headers',
  '$metadata',
] as const
/** Statements inside a statement: the upstream's own words. */
const NESTED_FIELDS = [
  'error',
  'Error',
  'response',
  'Response',
  'err',
  'data',
  'result',
  'lastError',
  'responseBody',
  'body',
  'payload',
  'raw',
  'message',
] as const

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
    sources: [],
  }
}

/** The text as JSON if it may be some (an object, a list or a string); `undefined` where it isn't. */
export function parseJson(text: string): unknown {
  const first = text.charCodeAt(0)
  if (first !== 0x7b && first !== 0x5b && first !== 0x22) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** As codes are compared. AWS puts a namespace before its own, and an address behind: `aws#ThrottlingException:http://…`. */
export function asCode(text: string): string {
  const from = text.lastIndexOf('#') + 1
  const to = text.indexOf(':http', from)
  return text.slice(from, to < 0 ? undefined : to).toLowerCase()
}

function collect(value: unknown, depth: number, statements: Statement[]): void {
  // Google wraps the error of a streaming endpoint in a list.
  const first = readItems(value, 1)[0] ?? value
  if (depth > MAX_DEPTH || statements.length >= MAX_STATEMENTS || !isRecord(first)) return
  const sources = [first, ...partsOf(first)]
  const param = paramOf(sources)
  for (const source of sources) {
    const raw = readString(source, 'raw')
    // OpenRouter: what its upstream said, JSON or not.
    if (raw !== undefined && parseJson(raw.trim()) === undefined) statements.push(plainStatement(raw))
    for (const field of NESTED_FIELDS) {
      // A message about a part of the request may consist of that part.
      if (field !== 'message' || param === undefined) collect(nestedIn(source, field), depth + 1, statements)
    }
  }
  const { exception, details } = exceptionIn(first)
  collect(details, depth + 1, statements)
  const message = messageOf(sources)
  const codes = [...exception, ...sources.flatMap(codesOf)]
  if (message !== '') codes.push(...codesInProse(message))
  const status = statusIn(codes) ?? (message === '' ? undefined : statusInProse(message))
  statements.push({ status, codes, message, text: wordingOf(message), param, sources })
}

/** An object, or one that was written down: as JSON, or after a program's own words. */
function nestedIn(source: object, field: string): unknown {
  const value = readProperty(source, field)
  if (typeof value !== 'string') return value
  const text = value.trim()
  const json = parseJson(text)
  if (json !== undefined) return json
  const at = writtenObjectAt(text)
  return at < 0 ? undefined : parseLiteral(text, at)?.value
}

/** AWS SDKs name an event of a stream by its exception: `{ throttlingException: { message } }`. */
function exceptionIn(source: object): { readonly exception: readonly string[]; readonly details?: unknown } {
  const keys = attempt(() => Object.keys(source).slice(0, MAX_PARTS), [])
  const name = keys.find((key) => key.endsWith('Exception'))
  return name === undefined
    ? { exception: [] }
    : { exception: [name.toLowerCase()], details: readProperty(source, name) }
}

function partsOf(statement: object): object[] {
  return PART_FIELDS.flatMap((field) => {
    const part = readProperty(statement, field)
    if (part === undefined || part === null) return []
    return isRecord(part) ? [part] : readItems(part, MAX_PARTS).filter(isRecord)
  })
}

function codesOf(source: object): string[] {
  const codes: string[] = []
  for (const field of CODE_FIELDS) {
    const value = readProperty(source, field)
    if (typeof value === 'number') codes.push(`${value}`)
    else if (typeof value === 'string' && value !== '' && value.length <= MAX_CODE_LENGTH) codes.push(asCode(value))
  }
  // OAuth says its code so: https://www.rfc-editor.org/rfc/rfc6749#section-5.2
  const error = readString(source, 'error')
  if (error !== undefined && /^\w{3,60}$/.test(error)) codes.push(error.toLowerCase())
  // A tool has a name, too; only an error's says what it is.
  const name = readString(source, 'name')
  if (name !== undefined && name.length <= MAX_CODE_LENGTH && /(?:Exception|Error)$/.test(name))
    codes.push(name.toLowerCase())
  return codes
}

function messageOf(sources: readonly object[]): string {
  for (const source of sources) {
    for (const field of MESSAGE_FIELDS) {
      const message = readString(source, field)
      if (message !== undefined) return message
    }
  }
  return ''
}

function paramOf(sources: readonly object[]): string | undefined {
  for (const source of sources) {
    const param = readString(source, 'param')
    if (param !== undefined) return param
  }
  return undefined
}

function statusIn(codes: readonly string[]): number | undefined {
  for (const code of codes) {
    const status = asStatus(code)
    if (status !== undefined && status >= 400) return status
  }
  return undefined
}
