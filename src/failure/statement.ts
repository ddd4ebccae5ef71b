import { asStatus, isRecord, readItems, readProperty, readString } from './safe-read.ts'
import { wordingOf } from './wording.ts'

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
const MAX_DEPTH = 4
/** How many parts of a list of details are looked at. */
const MAX_PARTS = 8
/** The longest thing that is still a code. */
const MAX_CODE_LENGTH = 100

const CODE_FIELDS = [
  'code',
  'type',
  'status',
  'reason',
  'error_type',
  'error_code',
  'limit_source',
  'status_code',
  'http_code',
  'raw_status_code',
  '__type',
  'stop_reason',
  'finish_reason',
] as const
const MESSAGE_FIELDS = [
  'message',
  'error',
  'detail',
  'error_description',
  'error_message',
  'status_msg',
  'msg',
  'title',
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
] as const
/** Statements inside a statement: the upstream's own words. */
const NESTED_FIELDS = ['error', 'response', 'raw', 'message'] as const

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

/** A statement that is nothing but words. */
export function plainStatement(message: string): Statement {
  return { status: undefined, codes: [], message, text: wordingOf(message), param: undefined, sources: [] }
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

function collect(value: unknown, depth: number, statements: Statement[]): void {
  // Google wraps the error of a streaming endpoint in a list.
  const first = readItems(value, 1)[0] ?? value
  if (depth > MAX_DEPTH || !isRecord(first)) return
  const sources = [first, ...partsOf(first)]
  const param = paramOf(sources)
  for (const source of sources) {
    for (const field of NESTED_FIELDS) {
      // A message about a part of the request may consist of that part.
      if (field !== 'message' || param === undefined) collect(nestedIn(source, field), depth + 1, statements)
    }
  }
  const codes = sources.flatMap(codesOf)
  const message = messageOf(sources)
  statements.push({ status: statusIn(codes), codes, message, text: wordingOf(message), param, sources })
}

function nestedIn(source: object, field: string): unknown {
  const value = readProperty(source, field)
  return typeof value === 'string' ? parseJson(value.trim()) : value
}

function partsOf(statement: object): object[] {
  return PART_FIELDS.flatMap((field) => {
    const part = readProperty(statement, field)
    if (part === undefined || part === null) return []
    return isRecord(part) ? [part] : readItems(part, MAX_PARTS).filter(isRecord)
  })
}

/** As codes are compared. AWS puts a namespace before its own, and an address behind: `aws#ThrottlingException:http://…`. */
export function asCode(text: string): string {
  const from = text.lastIndexOf('#') + 1
  const to = text.indexOf(':http', from)
  return text.slice(from, to < 0 ? undefined : to).toLowerCase()
}

function codesOf(source: object): string[] {
  const codes: string[] = []
  for (const field of CODE_FIELDS) {
    const value = readProperty(source, field)
    if (typeof value === 'number') codes.push(`${value}`)
    else if (typeof value === 'string' && value !== '' && value.length <= MAX_CODE_LENGTH) codes.push(asCode(value))
  }
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
