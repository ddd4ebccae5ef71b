import type { ContinuationFormat } from '../continuation-format.ts'
import { asObject, type JsonObject } from '../json.ts'
import type { RequestBody } from '../request-body.ts'
import { MessageTrail } from './message-trail.ts'

/** How an Anthropic message is continued after its stream broke off. */
export const messageContinuation: ContinuationFormat = {
  members: ['messages', 'thinking', 'tool_choice', 'tools', 'output_format', 'output_config', 'thread'],
  startTrail: (options) => new MessageTrail(options),
  disarmedBy: (body) => (isStructured(body) ? 'structured_output' : undefined),
  wantsEagerCalls,
  fitsPrefill,
  withoutPrefix,
  textsOf,
  charactersOf,
  encode: (event) => `event: ${String(asObject(event)?.type)}\ndata: ${JSON.stringify(event)}\n\n`,
  signOfLife: 'event: ping\ndata: {"type": "ping"}\n\n',
}

/**
 * `output_format` is the older place: https://platform.claude.com/docs/en/build-with-claude/structured-outputs. That a
 * call is forced is no reason: it is held until it is whole.
 */
function isStructured(body: RequestBody): boolean {
  const format = asObject(asObject(body.member('output_config'))?.format) ?? asObject(body.member('output_format'))
  return format !== undefined
}

/** https://platform.claude.com/docs/en/agents-and-tools/tool-use/fine-grained-tool-streaming */
function wantsEagerCalls(body: RequestBody): boolean {
  for (const tool of body.items('tools')) {
    if (asObject(tool)?.eager_input_streaming === true) return true
  }
  return false
}

/**
 * A prefill is refused beside thinking, a forced call and a schema; a thread would keep it as a turn of its own.
 * https://platform.claude.com/docs/en/build-with-claude/extended-thinking#feature-compatibility
 */
function fitsPrefill(body: RequestBody): boolean {
  let last: unknown
  for (const message of body.items('messages')) last = message
  if (last === undefined || asObject(last)?.role === 'assistant') return false
  const thinking = asObject(body.member('thinking'))?.type ?? 'disabled'
  const choice = asObject(body.member('tool_choice'))?.type ?? 'auto'
  return (
    thinking === 'disabled' &&
    (choice === 'auto' || choice === 'none') &&
    !isStructured(body) &&
    asObject(body.member('thread')) === undefined
  )
}

function withoutPrefix(event: object, characters: number): object | undefined {
  const { type, delta, content_block: block } = event as JsonObject
  if (type === 'content_block_start') {
    const begun = asObject(block)
    if (typeof begun?.text !== 'string') return event
    return { ...event, content_block: { ...begun, text: begun.text.slice(characters) } }
  }
  const piece = asObject(delta)
  if (typeof piece?.text !== 'string') return event
  const text = piece.text.slice(characters)
  return text === '' ? undefined : { ...event, delta: { ...piece, text } }
}

function textsOf(event: object): Readonly<Record<'text' | 'thinking', string>> {
  const { type, delta } = event as JsonObject
  const piece = type === 'content_block_delta' ? asObject(delta) : undefined
  return {
    text: piece?.type === 'text_delta' && typeof piece.text === 'string' ? piece.text : '',
    thinking: piece?.type === 'thinking_delta' && typeof piece.thinking === 'string' ? piece.thinking : '',
  }
}

/** What of a block or delta a caller waits for. */
const AWAITED_KEYS = ['text', 'thinking', 'partial_json']

function charactersOf(event: object): number {
  const { delta, content_block } = event as JsonObject
  const piece = asObject(delta) ?? asObject(content_block)
  if (piece === undefined) return 0
  return AWAITED_KEYS.reduce((sum, key) => {
    const text = piece[key]
    return typeof text === 'string' ? sum + text.length : sum
  }, 0)
}
