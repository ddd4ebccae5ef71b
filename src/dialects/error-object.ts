import type { ReportedFailure } from './dialect.ts'
import { asObject, type JsonObject } from './json.ts'

/**
 * The error in an event or body, in the forms that occur under HTTP 200: `{ error: { message } }` or
 * `{ error: "text" }` (OpenAI and its relays), `{ type: "error", error }` (Anthropic), `{ object: "error", message }`
 * (older vLLM), `base_resp` with a status code (MiniMax), and flat ones. It may sit beside `choices`, so it is looked for first.
 */
export function errorObjectOf(event: unknown): ReportedFailure | undefined {
  const body = asObject(event)
  if (body === undefined) return undefined
  const { error } = body
  if (typeof error === 'string' && error !== '') return { message: error }
  const details = asObject(error)
  if (details !== undefined && saysSomething(details)) return { message: statementOrCode(details) }
  if (body.type === 'error' || body.object === 'error') return { message: statementOrCode(body) }
  const status = asObject(body.base_resp)
  if (status !== undefined && typeof status.status_code === 'number' && status.status_code !== 0) {
    return { message: typeof status.status_msg === 'string' ? status.status_msg : `base_resp ${status.status_code}` }
  }
  return flatErrorOf(body)
}

/** Names of errors; relays send other codes with answers in which nothing went wrong. */
const ERROR_NAME =
  /error|exception|fail|invalid|denied|exceed|limit|throttl|quota|insufficient|arrear|overdue|unauthori|forbidden|unavailable|timeout|notfound|not_found|inspection|unpurchased/i
/** What an answer consists of, whatever is said beside it. */
const CONTENTS = ['choices', 'output', 'content', 'data', 'result', 'candidates', 'response', 'embeddings'] as const

/** `{ error_code, error_msg }` (Baidu) and `{ code, message }` (DashScope). */
function flatErrorOf(body: JsonObject): ReportedFailure | undefined {
  const { error_code: number, error_msg: said, code, message } = body
  if (CONTENTS.some((name) => saysSomething(body[name]))) return undefined
  if (typeof number === 'number' && number !== 0)
    return { message: typeof said === 'string' ? said : `error ${number}` }
  const isError = typeof code === 'string' && ERROR_NAME.test(code)
  return isError && typeof message === 'string' && message !== '' ? { message } : undefined
}

/** Deeper than any API nests its errors. */
const MAX_DEPTH = 8

/** Relays send their error object with every answer: where nothing went wrong, its fields are empty or zero. */
function saysSomething(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object') return Boolean(value)
  return value !== null && depth < MAX_DEPTH && Object.values(value).some((inner) => saysSomething(inner, depth + 1))
}

/** What an error body says: the text in its `error`, `message` or `detail`, where APIs put it; or the text it is. */
export function statementIn(body: unknown, depth = 0): string | undefined {
  if (typeof body === 'string') return body
  const fields = asObject(body)
  if (fields === undefined || depth === MAX_DEPTH) return undefined
  for (const key of ['error', 'message', 'detail']) {
    const statement = statementIn(fields[key], depth + 1)
    if (statement !== undefined && statement !== '') return statement
  }
  return undefined
}

/** What an error object says, or the code it gives instead. */
function statementOrCode(details: JsonObject): string {
  for (const text of [statementIn(details), details.type, details.code]) {
    if (typeof text === 'string' && text !== '') return text
  }
  return 'an error without a message'
}
