import type { EventFailure } from './dialect.ts'
import { asObject, type JsonObject } from './json.ts'

/**
 * The error in an event or body, in the forms that occur under HTTP 200: `{ error: { message } }` or
 * `{ error: "text" }` (OpenAI and its relays), `{ type: "error", error }` (Anthropic), `{ object: "error", message }`
 * (older vLLM), `base_resp` with a status code (MiniMax). It may sit beside `choices`, so it is looked for first.
 */
export function errorObjectOf(event: unknown): EventFailure | undefined {
  const body = asObject(event)
  if (body === undefined) return undefined
  const { error } = body
  if (typeof error === 'string' && error !== '') return { message: error }
  const details = asObject(error)
  if (details !== undefined && Object.keys(details).length > 0) return { message: messageIn(details) }
  if (body.type === 'error' || body.object === 'error') return { message: messageIn(body) }
  const status = asObject(body.base_resp)
  if (status !== undefined && typeof status.status_code === 'number' && status.status_code !== 0) {
    return { message: typeof status.status_msg === 'string' ? status.status_msg : `base_resp ${status.status_code}` }
  }
  return undefined
}

function messageIn(details: JsonObject): string {
  for (const key of ['message', 'type', 'code']) {
    const value = details[key]
    if (typeof value === 'string' && value !== '') return value
  }
  return 'an error without a message'
}
