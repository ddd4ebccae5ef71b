import type { AnswerFlaw, ReportedFailure } from '../dialect.ts'
import { errorObjectOf } from '../error-object.ts'
import { asObject, hasSubstance, type JsonObject, objectsIn } from '../json.ts'

/** Parts that are content by being there: calls, code, files. */
const CONTENT_PARTS = ['functionCall', 'inlineData', 'fileData', 'executableCode', 'codeExecutionResult'] as const

/**
 * Finish reasons that say more than that the answer is done.
 * https://ai.google.dev/api/generate-content#FinishReason
 */
const FLAWED_FINISH: ReadonlyMap<unknown, AnswerFlaw> = new Map<unknown, AnswerFlaw>([
  ['SAFETY', 'withheld'],
  ['RECITATION', 'withheld'],
  ['LANGUAGE', 'withheld'],
  ['BLOCKLIST', 'withheld'],
  ['PROHIBITED_CONTENT', 'withheld'],
  ['SPII', 'withheld'],
  ['MODEL_ARMOR', 'withheld'],
  ['IMAGE_SAFETY', 'withheld'],
  ['IMAGE_PROHIBITED_CONTENT', 'withheld'],
  ['IMAGE_RECITATION', 'withheld'],
  ['MALFORMED_FUNCTION_CALL', 'malformed_call'],
  ['UNEXPECTED_TOOL_CALL', 'malformed_call'],
  ['TOO_MANY_TOOL_CALLS', 'malformed_call'],
  ['MISSING_THOUGHT_SIGNATURE', 'malformed_call'],
  ['MALFORMED_RESPONSE', 'malformed_call'],
])

const KEYS = ['candidates', 'promptFeedback', 'usageMetadata'] as const

export function recognises(event: unknown): boolean {
  return generationOf(event) !== undefined
}

/** What was generated. Code Assist (cloudcode-pa.googleapis.com) puts it into a `response`. */
function generationOf(event: unknown): JsonObject | undefined {
  const body = asObject(event)
  return [body, asObject(body?.response)].find((holder) => holder !== undefined && KEYS.some((key) => key in holder))
}

export function candidatesOf(event: unknown): readonly JsonObject[] {
  return objectsIn(generationOf(event)?.candidates)
}

/** Why a candidate ended; absent while it goes on. */
export function finishReasonOf(candidate: JsonObject): string | undefined {
  const reason = candidate.finishReason
  return typeof reason === 'string' && reason !== '' && reason !== 'FINISH_REASON_UNSPECIFIED' ? reason : undefined
}

export function flawIn(finishReason: string): AnswerFlaw | undefined {
  return FLAWED_FINISH.get(finishReason)
}

/** A prompt that was blocked has no candidates at all; only this says why. */
export function isPromptBlocked(event: unknown): boolean {
  const reason = asObject(generationOf(event)?.promptFeedback)?.blockReason
  return typeof reason === 'string' && reason !== '' && reason !== 'BLOCK_REASON_UNSPECIFIED'
}

export function isContent(event: unknown): boolean {
  return candidatesOf(event).some(hasContent)
}

/** A thought counts as content, as reasoning does in the other dialects. */
export function hasContent(candidate: JsonObject): boolean {
  return objectsIn(asObject(candidate.content)?.parts).some(
    (part) => hasSubstance(part.text) || CONTENT_PARTS.some((key) => asObject(part[key]) !== undefined),
  )
}

/** Streaming endpoints wrap their errors in a list. */
export function errorOf(event: unknown): ReportedFailure | undefined {
  return errorObjectOf(Array.isArray(event) ? event[0] : event) ?? errorObjectOf(generationOf(event))
}
