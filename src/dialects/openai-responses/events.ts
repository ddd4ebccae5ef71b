import type { ReportedFailure } from '../dialect.ts'
import { errorObjectOf } from '../error-object.ts'
import { asObject, hasSubstance, type JsonObject, objectsIn } from '../json.ts'

/** Deltas that hold what a caller waits for: https://platform.openai.com/docs/api-reference/responses-streaming */
const CONTENT_DELTA =
  /^response\.(?:output_text|reasoning_text|reasoning_summary_text|refusal|function_call_arguments|custom_tool_call_input|mcp_call_arguments|code_interpreter_call_code|audio|audio\.transcript)\.delta$/

/** Items of an answer that may stand in it empty. Every other one (a call of a tool) is content by being there. */
const EMPTY_ITEMS: ReadonlySet<unknown> = new Set(['message', 'reasoning'])

/** The last event of a stream. `response.failed` is an error, and so no end of an answer. */
const TERMINAL: ReadonlySet<unknown> = new Set(['response.completed', 'response.incomplete'])

/** Statuses of a response that goes no further. */
const ENDED: ReadonlySet<unknown> = new Set(['completed', 'incomplete'])

/**
 * Statuses of a response that goes on behind the answer which tells them: it is fetched later.
 * https://platform.openai.com/docs/guides/background
 */
const PENDING: ReadonlySet<unknown> = new Set(['queued', 'in_progress'])

/** Events are named `response.…`; a whole answer says that it is one. */
export function recognises(event: unknown): boolean {
  const body = asObject(event)
  return (typeof body?.type === 'string' && body.type.startsWith('response.')) || body?.object === 'response'
}

/** The response an event carries, or a whole answer is. */
function responseOf(event: unknown): JsonObject | undefined {
  const body = asObject(event)
  return body?.object === 'response' ? body : asObject(body?.response)
}

/** The response with which a stream ends, or the whole answer, which may promise no more than that it goes on. */
export function endedResponseOf(event: unknown): JsonObject | undefined {
  const body = asObject(event)
  const response = responseOf(event)
  if (response === undefined) return undefined
  const isEnd = body === response ? ENDED.has(body.status) || isPending(body) : TERMINAL.has(body?.type)
  return isEnd ? response : undefined
}

export function isPending(response: JsonObject): boolean {
  return PENDING.has(response.status)
}

export function isContent(event: unknown): boolean {
  const body = asObject(event)
  if (typeof body?.type === 'string' && CONTENT_DELTA.test(body.type)) return hasSubstance(body.delta)
  if (body?.type === 'response.output_item.added' || body?.type === 'response.output_item.done') {
    const item = asObject(body.item)
    return item !== undefined && isContentItem(item)
  }
  return objectsIn(responseOf(event)?.output).some(isContentItem)
}

function isContentItem(item: JsonObject): boolean {
  if (!EMPTY_ITEMS.has(item.type)) return typeof item.type === 'string'
  const parts = [...objectsIn(item.content), ...objectsIn(item.summary)]
  return parts.some((part) => [part.text, part.refusal, part.transcript].some(hasSubstance))
}

/** An `error` event, nested or flat, or the error of a response that failed. The two may come one after the other. */
export function errorOf(event: unknown): ReportedFailure | undefined {
  const body = asObject(event)
  const reported = errorObjectOf(event)
  if (reported !== undefined) return reported
  // https://openrouter.ai/docs/api-reference/errors: `response.error` is OpenRouter's.
  const isFailed = body?.type === 'response.failed' || body?.type === 'response.error'
  const response = responseOf(event)
  const ofResponse = errorObjectOf(response)
  if (ofResponse !== undefined) return ofResponse
  return isFailed || response?.status === 'failed' ? { message: 'the response failed' } : undefined
}
