import type { AnswerFlaw, ReportedFailure } from '../dialect.ts'
import { asObject, hasSubstance, type JsonObject, objectsIn } from '../json.ts'

/**
 * An event stream's frame, read into JSON: its headers (`:event-type`, `:exception-type`, …) and its payload. The SDKs
 * hand on the same as one object under the event's name.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
 */
const EVENTS = ['messageStart', 'contentBlockStart', 'contentBlockDelta', 'contentBlockStop', 'messageStop']

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html (stopReason) */
const FLAWED_STOP: ReadonlyMap<unknown, AnswerFlaw> = new Map<unknown, AnswerFlaw>([
  ['guardrail_intervened', 'withheld'],
  ['content_filtered', 'withheld'],
  ['malformed_model_output', 'malformed_call'],
  ['malformed_tool_use', 'malformed_call'],
  ['model_context_window_exceeded', 'no_room'],
])

export function recognises(event: unknown): boolean {
  const body = asObject(event)
  if (body === undefined) return false
  return frameHeaders(body) !== undefined || EVENTS.some((name) => name in body) || isWhole(body)
}

function isWhole(body: JsonObject): boolean {
  return typeof body.stopReason === 'string' && asObject(asObject(body.output)?.message) !== undefined
}

function frameHeaders(body: JsonObject): JsonObject | undefined {
  const headers = asObject(body.headers)
  return typeof headers?.[':message-type'] === 'string' ? headers : undefined
}

/** What an event of this name carries. */
function payloadOf(event: unknown, name: string): JsonObject | undefined {
  const body = asObject(event)
  if (body === undefined) return undefined
  return frameHeaders(body)?.[':event-type'] === name ? asObject(body.payload) : asObject(body[name])
}

export function isContent(event: unknown): boolean {
  const delta = asObject(payloadOf(event, 'contentBlockDelta')?.delta)
  if (delta !== undefined) return [delta.text, delta.toolUse, delta.reasoningContent].some(hasSubstance)
  if (asObject(asObject(payloadOf(event, 'contentBlockStart')?.start)?.toolUse) !== undefined) return true
  const whole = asObject(asObject(asObject(event)?.output)?.message)
  return objectsIn(whole?.content).some((block) => Object.values(block).some(hasSubstance))
}

/** Why the message stopped; absent while it goes on. */
export function stopReasonOf(event: unknown): string | undefined {
  const body = asObject(event)
  const holder = payloadOf(event, 'messageStop') ?? (body !== undefined && isWhole(body) ? body : undefined)
  return typeof holder?.stopReason === 'string' ? holder.stopReason : undefined
}

export function flawIn(stopReason: string): AnswerFlaw | undefined {
  return FLAWED_STOP.get(stopReason)
}

/** A frame of the type `exception` or `error`, or an SDK's object with the exception's name. */
export function errorOf(event: unknown): ReportedFailure | undefined {
  const body = asObject(event)
  if (body === undefined) return undefined
  const headers = frameHeaders(body)
  if (headers !== undefined) {
    const type = headers[':message-type']
    if (type !== 'exception' && type !== 'error') return undefined
    return {
      message: [headers[':exception-type'], headers[':error-code']].find((name) => name !== undefined) as string,
    }
  }
  const exception = Object.keys(body).find((key) => key.endsWith('Exception') && asObject(body[key]) !== undefined)
  return exception === undefined ? undefined : { message: exception }
}
