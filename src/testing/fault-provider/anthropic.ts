import type { FinishReason, PlannedAnswer } from './answer.ts'
import { anthropicError } from './anthropic-errors.ts'
import type { Dialect, Frame } from './dialect.ts'

/** Anthropic messages. */
export const anthropic: Dialect = {
  name: 'anthropic',
  frames,
  message,
  error: anthropicError,
  errorFrame: (body) => sse('error', body),
  problemOf(body) {
    if (typeof body.model !== 'string' || body.model === '') return 'model: Field required'
    if (typeof body.max_tokens !== 'number') return 'max_tokens: Field required'
    if (!Array.isArray(body.messages)) return 'messages: Field required'
    return body.messages.length === 0 ? 'messages: at least one message is required' : undefined
  },
  prefillProblem: (prefill) =>
    /\s$/.test(prefill) ? 'messages: final assistant content cannot end with trailing whitespace' : undefined,
  limitHeaders: ({ limit, remaining, resetInMs, nowMs }) => ({
    'anthropic-ratelimit-requests-limit': `${limit}`,
    'anthropic-ratelimit-requests-remaining': `${remaining}`,
    // Whole seconds, rounded up: that is how precise the header is.
    'anthropic-ratelimit-requests-reset': new Date(Math.ceil((nowMs + resetInMs) / 1000) * 1000)
      .toISOString()
      .replace('.000', ''),
  }),
  headers: (serial) => ({ 'request-id': `req_${serial}` }),
  modelList: (names, created) => ({
    data: names.map((id) => ({
      type: 'model',
      id,
      display_name: id,
      created_at: new Date(created * 1000).toISOString(),
    })),
    has_more: false,
    first_id: names[0] ?? null,
    last_id: names.at(-1) ?? null,
  }),
  keepAlive: sse('ping', { type: 'ping' }),
  malformed:
    'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","te\n\n',
}

interface Block {
  readonly open: Readonly<Record<string, unknown>>
  readonly deltas: readonly { readonly kind: 'token' | 'part'; readonly delta: unknown }[]
}

function frames(answer: PlannedAnswer): Frame[] {
  const start = {
    ...shell(answer),
    content: [],
    stop_reason: null,
    stop_sequence: null,
    ...(answer.withUsage ? { usage: usageOf(answer, 1) } : {}),
  }
  const blocks = blocksOf(answer).flatMap(({ open, deltas }, index): Frame[] => [
    { kind: 'part', text: event({ type: 'content_block_start', index, content_block: open }) },
    ...(index === 0 ? [{ kind: 'part' as const, text: event({ type: 'ping' }) }] : []),
    ...deltas.map(({ kind, delta }) => ({ kind, text: event({ type: 'content_block_delta', index, delta }) })),
    { kind: 'part', text: event({ type: 'content_block_stop', index }) },
  ])
  const finish = {
    type: 'message_delta',
    delta: { stop_reason: STOP_REASONS[answer.finishReason], stop_sequence: null },
    ...(answer.withUsage ? { usage: { output_tokens: answer.outputTokens } } : {}),
  }
  return [
    { kind: 'start', text: event({ type: 'message_start', message: start }) },
    ...blocks,
    { kind: 'finish', text: event(finish) },
    { kind: 'done', text: event({ type: 'message_stop' }) },
  ]
}

function message(answer: PlannedAnswer): unknown {
  return {
    ...shell(answer),
    content: [
      ...(answer.reasoning.length > 0
        ? [{ type: 'thinking', thinking: answer.reasoning.join(''), signature: SIGNATURE }]
        : []),
      ...(answer.text.length > 0 ? [{ type: 'text', text: answer.text.join('') }] : []),
      ...answer.toolCalls.map((call, index) => ({
        type: 'tool_use',
        id: toolId(answer, index),
        name: call.name,
        input: parseOrText(call.fragments.join('')),
      })),
    ],
    stop_reason: STOP_REASONS[answer.finishReason],
    stop_sequence: null,
    ...(answer.withUsage ? { usage: usageOf(answer, answer.outputTokens) } : {}),
  }
}

function blocksOf(answer: PlannedAnswer): Block[] {
  const token = (delta: unknown) => ({ kind: 'token' as const, delta })
  const part = (delta: unknown) => ({ kind: 'part' as const, delta })
  const blocks: Block[] = []
  if (answer.reasoning.length > 0) {
    const deltas = answer.reasoning.map((thinking) => token({ type: 'thinking_delta', thinking }))
    blocks.push({
      open: { type: 'thinking', thinking: '', signature: '' },
      deltas: [...deltas, part({ type: 'signature_delta', signature: SIGNATURE })],
    })
  }
  if (answer.text.length > 0) {
    blocks.push({
      open: { type: 'text', text: '' },
      deltas: answer.text.map((text) => token({ type: 'text_delta', text })),
    })
  }
  answer.toolCalls.forEach((call, index) => {
    const fragment = (partialJson: string) => ({ type: 'input_json_delta', partial_json: partialJson })
    blocks.push({
      open: { type: 'tool_use', id: toolId(answer, index), name: call.name, input: {} },
      deltas: [part(fragment('')), ...call.fragments.map((text) => token(fragment(text)))],
    })
  })
  return blocks
}

const STOP_REASONS: Readonly<Record<FinishReason, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  content_filter: 'refusal',
}

const SIGNATURE = 'EqQBCgIYAg=='

const shell = (answer: PlannedAnswer) => ({
  id: `msg_${answer.serial}`,
  type: 'message',
  role: 'assistant',
  model: answer.model,
})

const usageOf = (answer: PlannedAnswer, outputTokens: number) => ({
  input_tokens: answer.inputTokens,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  output_tokens: outputTokens,
  service_tier: 'standard',
})

const toolId = (answer: PlannedAnswer, index: number): string =>
  answer.toolCalls[index]?.id ?? `toolu_${answer.serial}${index}`

const event = (data: { readonly type: string; readonly [field: string]: unknown }): string => sse(data.type, data)

function sse(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}

function parseOrText(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return json
  }
}
