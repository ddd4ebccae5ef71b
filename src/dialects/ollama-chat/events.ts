import type { ReportedFailure } from '../dialect.ts'
import { errorObjectOf } from '../error-object.ts'
import { asObject, hasSubstance } from '../json.ts'

/** What a message may hold that a caller waits for. */
const CONTENT_KEYS = ['content', 'thinking', 'tool_calls', 'images'] as const

/** Lines of `/api/chat` and `/api/generate`: https://docs.ollama.com/api/streaming */
export function recognises(event: unknown): boolean {
  const body = asObject(event)
  return typeof body?.done === 'boolean' && ('message' in body || 'response' in body)
}

export function isContent(event: unknown): boolean {
  const body = asObject(event)
  const message = asObject(body?.message)
  if (message !== undefined) return CONTENT_KEYS.some((key) => hasSubstance(message[key]))
  return typeof body?.done === 'boolean' && (hasSubstance(body.response) || hasSubstance(body.thinking))
}

export function isTerminal(event: unknown): boolean {
  return asObject(event)?.done === true
}

/** `{"error":"…"}` on a line of its own. */
export function errorOf(event: unknown): ReportedFailure | undefined {
  return errorObjectOf(event)
}
