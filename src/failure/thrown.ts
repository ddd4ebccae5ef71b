import type { FailureReason } from './failure.ts'
import { MEANING_OF } from './rule.ts'
import { asStatus, attempt, readItems, readProperty, readString } from './safe-read.ts'

/** What a thrown value tells. */
export interface Thrown {
  readonly status: number | undefined
  readonly headers: unknown
  readonly body: unknown
  /** Names and codes of the error and its causes, in lower case, the outermost first. */
  readonly codes: readonly string[]
  /** The messages of the error and its causes, one a line. */
  readonly message: string
  /** The verdict an error of ours was given where it was made. */
  readonly given: GivenVerdict | undefined
}

/** What was known where an error of ours was made. */
export interface GivenVerdict {
  readonly reason: FailureReason
  readonly ruleId: string | undefined
}

/** How many errors behind one another (causes, members of an `AggregateError`) are looked at. */
const MAX_ERRORS = 8
const MAX_MESSAGE_LENGTH = 65_536

/** `undici`, `node:http`, the OpenAI and Anthropic SDKs, the AI SDK and axios in turn. */
const STATUS_FIELDS = ['status', 'statusCode'] as const
const HEADER_FIELDS = ['headers', 'responseHeaders'] as const
const BODY_FIELDS = ['body', 'responseBody', 'error'] as const

const NOTHING: Thrown = {
  status: undefined,
  headers: undefined,
  body: undefined,
  codes: [],
  message: '',
  given: undefined,
}

/** Reads an error with all that stands behind it; the outermost error that has a status, headers or body gives them. */
export function readThrown(error: unknown): Thrown {
  if (typeof error === 'string') return { ...NOTHING, message: error.slice(0, MAX_MESSAGE_LENGTH) }
  const errors = errorsBehind(error)
  return {
    status: firstOf(errors, statusOf),
    headers: firstOf(errors, headersOf),
    body: firstOf(errors, bodyOf),
    codes: errors.flatMap(codesOf),
    message: messagesOf(errors),
    given: firstOf(errors, givenBy),
  }
}

/** What the errors say, one a line; what an outer one has quoted already is not said again. */
function messagesOf(errors: readonly unknown[]): string {
  let said = ''
  for (const error of errors) {
    const message = readString(error, 'message')?.slice(0, MAX_MESSAGE_LENGTH)
    if (message !== undefined && !said.includes(message)) said += said === '' ? message : `\n${message}`
  }
  return said.trim().slice(0, MAX_MESSAGE_LENGTH)
}

/** The error, its causes and the members of an `AggregateError`, breadth first, each once. */
function errorsBehind(error: unknown): readonly unknown[] {
  const found = new Set<unknown>()
  const queue = [error]
  while (queue.length > 0 && found.size < MAX_ERRORS) {
    const next = queue.shift()
    if (typeof next !== 'object' || next === null || found.has(next)) continue
    found.add(next)
    queue.push(readProperty(next, 'cause'), ...readItems(readProperty(next, 'errors'), MAX_ERRORS))
  }
  return [...found]
}

function statusOf(error: unknown): number | undefined {
  const response = readProperty(error, 'response')
  return firstOf([error, response], (holder) =>
    firstOf(STATUS_FIELDS, (field) => asStatus(readProperty(holder, field))),
  )
}

function headersOf(error: unknown): unknown {
  const response = readProperty(error, 'response')
  return firstOf([error, response], (holder) => firstOf(HEADER_FIELDS, (field) => readProperty(holder, field)))
}

function bodyOf(error: unknown): unknown {
  return (
    firstOf(BODY_FIELDS, (field) => readProperty(error, field)) ?? readProperty(readProperty(error, 'response'), 'data')
  )
}

function codesOf(error: unknown): string[] {
  const names = [readProperty(error, 'code'), readProperty(error, 'name'), constructorName(error)]
  return names.filter((name) => typeof name === 'string').map((name) => name.toLowerCase())
}

/** Errors of the OpenAI and Anthropic SDKs keep the name `Error`; only their class tells a timeout from an abort. */
function constructorName(error: unknown): string | undefined {
  return readString(readProperty(error, 'constructor'), 'name')
}

function givenBy(error: unknown): GivenVerdict | undefined {
  if (readString(error, 'name') !== 'FailoverError') return undefined
  const reason = readString(error, 'reason')
  return reason !== undefined && isReason(reason) ? { reason, ruleId: readString(error, 'ruleId') } : undefined
}

function isReason(reason: string): reason is FailureReason {
  return Object.hasOwn(MEANING_OF, reason)
}

function firstOf<Item, Result>(
  items: readonly Item[],
  read: (item: Item) => Result | null | undefined,
): Result | undefined {
  for (const item of items) {
    const result = attempt(() => read(item), undefined)
    if (result !== undefined && result !== null) return result
  }
  return undefined
}
