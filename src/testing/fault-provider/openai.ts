import type { PlannedAnswer } from './answer.ts'
import type { Dialect, Frame } from './dialect.ts'
import { openaiError } from './openai-errors.ts'

/** OpenAI chat completions. */
export const openai: Dialect = {
  name: 'openai',
  frames,
  message,
  error: openaiError,
  errorFrame: sse,
  problemOf(body) {
    if (typeof body.model !== 'string' || body.model === '') return 'you must provide a model parameter'
    if (!Array.isArray(body.messages)) return "Missing required parameter: 'messages'."
    return body.messages.length === 0
      ? "Invalid 'messages': empty array. Expected an array with minimum length 1."
      : undefined
  },
  prefillProblem: () => undefined,
  limitHeaders: ({ limit, remaining, resetInMs }) => ({
    'x-ratelimit-limit-requests': `${limit}`,
    'x-ratelimit-remaining-requests': `${remaining}`,
    'x-ratelimit-reset-requests': goDuration(resetInMs),
  }),
  headers: (serial) => ({
    'x-request-id': `req_${serial}`,
    'openai-processing-ms': '1',
    'openai-version': '2020-10-01',
  }),
  modelList: (names, created) => ({
    object: 'list',
    data: names.map((id) => ({ id, object: 'model', created, owned_by: 'fault-provider' })),
  }),
  keepAlive: ': keep-alive\n\n',
  malformed:
    'data: {"id":"chatcmpl-broken","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"\n\n',
}

function frames(answer: PlannedAnswer): Frame[] {
  const head = {
    id: idOf(answer),
    object: 'chat.completion.chunk',
    created: answer.created,
    model: answer.model,
    service_tier: 'default',
    system_fingerprint: 'fp_fault',
  }
  const rest = answer.withUsage ? { usage: null } : {}
  const chunk = (kind: Frame['kind'], delta: unknown, finishReason: string | null = null): Frame => ({
    kind,
    text: sse({ ...head, choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }], ...rest }),
  })
  return [
    chunk('start', { role: 'assistant', content: '', refusal: null }),
    ...answer.reasoning.map((token) => chunk('token', { reasoning_content: token })),
    ...answer.text.map((token) => chunk('token', { content: token })),
    ...answer.toolCalls.flatMap((call, index) => [
      chunk('part', {
        tool_calls: [
          { index, id: toolId(answer, index), type: 'function', function: { name: call.name, arguments: '' } },
        ],
      }),
      ...call.fragments.map((fragment) =>
        chunk('token', { tool_calls: [{ index, function: { arguments: fragment } }] }),
      ),
    ]),
    chunk('finish', {}, answer.finishReason),
    ...(answer.withUsage
      ? [{ kind: 'usage' as const, text: sse({ ...head, choices: [], usage: usageOf(answer) }) }]
      : []),
    { kind: 'done', text: 'data: [DONE]\n\n' },
  ]
}

function message(answer: PlannedAnswer): unknown {
  const calls = answer.toolCalls.map((call, index) => ({
    id: toolId(answer, index),
    type: 'function',
    function: { name: call.name, arguments: call.fragments.join('') },
  }))
  return {
    id: idOf(answer),
    object: 'chat.completion',
    created: answer.created,
    model: answer.model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: answer.text.length === 0 && calls.length > 0 ? null : answer.text.join(''),
          ...(answer.reasoning.length > 0 ? { reasoning_content: answer.reasoning.join('') } : {}),
          refusal: null,
          ...(calls.length > 0 ? { tool_calls: calls } : {}),
        },
        logprobs: null,
        finish_reason: answer.finishReason,
      },
    ],
    ...(answer.withUsage ? { usage: usageOf(answer) } : {}),
    service_tier: 'default',
    system_fingerprint: 'fp_fault',
  }
}

function usageOf(answer: PlannedAnswer): unknown {
  return {
    prompt_tokens: answer.inputTokens,
    completion_tokens: answer.outputTokens,
    total_tokens: answer.inputTokens + answer.outputTokens,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: answer.reasoning.length, audio_tokens: 0 },
  }
}

function sse(body: unknown): string {
  return `data: ${JSON.stringify(body)}\n\n`
}

const idOf = (answer: PlannedAnswer): string => `chatcmpl-${answer.serial}`

const toolId = (answer: PlannedAnswer, index: number): string =>
  answer.toolCalls[index]?.id ?? `call_${answer.serial}${index}`

/** As Go prints a duration, which is what OpenAI sends: `6m0s`, `7.66s`, `120ms`. */
function goDuration(ms: number): string {
  if (ms < 1000) return `${Math.ceil(ms)}ms`
  const minutes = Math.floor(ms / 60_000)
  const seconds = `${Math.ceil(ms - minutes * 60_000) / 1000}s`
  return minutes > 0 ? `${minutes}m${seconds}` : seconds
}
