import type { ReportedFailure, TokenCounts } from '../dialect.ts'
import { errorObjectOf } from '../error-object.ts'
import { asObject, countIn, hasSubstance, type JsonObject, objectsIn } from '../json.ts'
import { tokenCounts } from '../token-counts.ts'

/** What deltas carry that a caller waits for; a signature says nothing to anybody but the provider. */
const DELTA_KEYS = ['text', 'thinking', 'partial_json', 'content', 'citation']

/** What `type` its events and whole answers have. */
const TYPES: ReadonlySet<unknown> = new Set([
  'message',
  'message_start',
  'message_delta',
  'message_stop',
  'content_block_start',
  'content_block_delta',
  'content_block_stop',
  'ping',
])

export function recognises(event: unknown): boolean {
  return TYPES.has(asObject(event)?.type)
}

export function isContent(event: unknown): boolean {
  const body = asObject(event)
  switch (body?.type) {
    case 'content_block_delta': {
      const delta = asObject(body.delta)
      return delta !== undefined && DELTA_KEYS.some((key) => hasSubstance(delta[key]))
    }
    case 'content_block_start': {
      const block = asObject(body.content_block)
      return block !== undefined && isContentBlock(block)
    }
    case 'message':
      return objectsIn(body.content).some(isContentBlock)
    default:
      return false
  }
}

/** Text and thinking begin empty; every other block (a tool call, a tool's result) is content by being there. */
function isContentBlock(block: JsonObject): boolean {
  switch (block.type) {
    case 'text':
      return hasSubstance(block.text)
    case 'thinking':
      return hasSubstance(block.thinking)
    case 'redacted_thinking':
      return false
    default:
      return typeof block.type === 'string'
  }
}

export function textOf(event: unknown): string {
  const body = asObject(event)
  switch (body?.type) {
    case 'content_block_start':
      return textIn(asObject(body.content_block))
    case 'content_block_delta':
      return textIn(asObject(body.delta))
    case 'message':
      return objectsIn(body.content).map(textIn).join('')
    default:
      return ''
  }
}

/** Blocks and deltas of text both carry it as `text`. */
function textIn(piece: JsonObject | undefined): string {
  return typeof piece?.text === 'string' ? piece.text : ''
}

export function isTerminal(event: unknown): boolean {
  return asObject(event)?.type === 'message_stop'
}

export function isWholeAnswer(body: unknown): boolean {
  const message = asObject(body)
  return message?.type === 'message' && Array.isArray(message.content)
}

export const errorOf: (event: unknown) => ReportedFailure | undefined = errorObjectOf

/** Why the message ended; absent while it goes on. */
export function stopReasonOf(event: unknown): string | undefined {
  const body = asObject(event)
  const holder = body?.type === 'message_delta' ? asObject(body.delta) : body?.type === 'message' ? body : undefined
  const reason = holder?.stop_reason
  return typeof reason === 'string' && reason !== '' ? reason : undefined
}

/**
 * Input is what was read plain, from the cache and into it; `message_delta` repeats only some of the counts.
 * https://platform.claude.com/docs/en/build-with-claude/prompt-caching
 */
export function usageOf(event: unknown): TokenCounts | undefined {
  const body = asObject(event)
  const usage = asObject(body?.usage) ?? asObject(asObject(body?.message)?.usage)
  const plain = countIn(usage?.input_tokens)
  const cached = (countIn(usage?.cache_creation_input_tokens) ?? 0) + (countIn(usage?.cache_read_input_tokens) ?? 0)
  return tokenCounts(plain === undefined ? undefined : plain + cached, countIn(usage?.output_tokens))
}
