/** The two shapes of a chat completion: one JSON text, or server-sent events. */
export type Kind = 'json' | 'stream'

export interface ExpectedBody {
  readonly body: Buffer
  /** What a complete body ends with. */
  readonly end: Buffer
}

export interface Answer extends ExpectedBody {
  /** Status line, headers and body as the provider puts them on the wire. */
  readonly bytes: Buffer
}

const COMMON = { id: 'chatcmpl-CgT0000000000000000000000bench', created: 1_762_000_000, model: 'gpt-5-2025-08-07' }
export const USAGE = {
  prompt_tokens: 61,
  completion_tokens: 128,
  total_tokens: 189,
  prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 0, accepted_prediction_tokens: 0, rejected_prediction_tokens: 0 },
}
const SENTENCE = 'A spare takes over when the first one fails, and nobody who waits for the answer notices. '
export const WORDS: readonly string[] = SENTENCE.trim().split(' ')
const STREAMED_CHUNKS = 50
export const STREAM_HEADERS = ['Content-Type: text/event-stream; charset=utf-8', 'Transfer-Encoding: chunked'] as const
export const LAST_HTTP_CHUNK = '0\r\n\r\n'

/** What the provider answers: built once, so that answering costs it a write. */
export const ANSWERS: Readonly<Record<Kind, Answer>> = { json: jsonAnswer(), stream: streamAnswer() }

/** The request as the openai SDK writes it, ready for a socket. */
export function requestBytes(kind: Kind, model: string, port: number): Buffer {
  const body = JSON.stringify({
    model,
    messages: [
      {
        role: 'system',
        content: 'You are a patient assistant who answers in whole sentences and says when it is unsure.',
      },
      { role: 'user', content: 'What is a hot spare, and when does one take over?' },
    ],
    max_completion_tokens: 256,
    ...(kind === 'stream' ? { stream: true, stream_options: { include_usage: true } } : {}),
  })
  const own = ['User-Agent: OpenAI/JS 6.49.0', 'Authorization: Bearer sk-bench-1-000000']
  return postBytes({ path: '/v1/chat/completions', port, own, body })
}

interface Post {
  readonly path: string
  readonly port: number
  /** Headers that only this SDK sends. */
  readonly own: readonly string[]
  readonly body: string
}

/** With the headers that the SDKs of both providers send. */
export function postBytes({ path, port, own, body }: Post): Buffer {
  const headers = [
    `POST ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Connection: keep-alive',
    'Accept: application/json',
    'Content-Type: application/json',
    ...own,
    'X-Stainless-Retry-Count: 0',
    'X-Stainless-Timeout: 600',
    'X-Stainless-Lang: js',
    'X-Stainless-Package-Version: 6.49.0',
    'X-Stainless-OS: Linux',
    'X-Stainless-Arch: x64',
    'X-Stainless-Runtime: node',
    'X-Stainless-Runtime-Version: v24.21.0',
    'Accept-Language: *',
    'Sec-Fetch-Mode: cors',
    'Accept-Encoding: gzip, deflate',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  return Buffer.from(`${headers.join('\r\n')}\r\n\r\n${body}`)
}

function jsonAnswer(): Answer {
  const message = { role: 'assistant', content: SENTENCE.repeat(5).trim(), refusal: null, annotations: [] }
  const body = Buffer.from(
    JSON.stringify({
      ...COMMON,
      object: 'chat.completion',
      choices: [{ index: 0, message, logprobs: null, finish_reason: 'stop' }],
      usage: USAGE,
      service_tier: 'default',
      system_fingerprint: null,
    }),
  )
  const head = headOf(['Content-Type: application/json', `Content-Length: ${body.length}`])
  return { body, end: Buffer.from('}'), bytes: Buffer.concat([head, body]) }
}

function streamAnswer(): Answer {
  const deltas = Array.from({ length: STREAMED_CHUNKS }, (_, index) =>
    index === 0 ? { role: 'assistant', content: '', refusal: null } : { content: ` ${WORDS[index % WORDS.length]}` },
  )
  const events = [
    ...deltas.map((delta) => chatDelta(delta)),
    chatChunk([{ index: 0, delta: {}, logprobs: null, finish_reason: 'stop' }], null),
    chatChunk([], USAGE),
    '[DONE]',
  ].map((data) => `data: ${data}\n\n`)
  const chunked = events.map(httpChunk).join('')
  return {
    body: Buffer.from(events.join('')),
    end: Buffer.from('data: [DONE]\n\n'),
    bytes: Buffer.concat([headOf(STREAM_HEADERS), Buffer.from(`${chunked}${LAST_HTTP_CHUNK}`)]),
  }
}

/** Of ASCII text alone. */
export function httpChunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`
}

export function chatDelta(delta: object): string {
  return chatChunk([{ index: 0, delta, logprobs: null, finish_reason: null }], null)
}

export function chatChunk(choices: readonly object[], usage: object | null): string {
  const { id, created, model } = COMMON
  return JSON.stringify({
    id,
    object: 'chat.completion.chunk',
    created,
    model,
    service_tier: 'default',
    system_fingerprint: null,
    choices,
    usage,
  })
}

/** With the headers a true answer has: reading, choosing and passing them on is part of the work. */
export function headOf(own: readonly string[]): Buffer {
  const lines = [
    'HTTP/1.1 200 OK',
    'Date: Sat, 01 Nov 2025 12:26:40 GMT',
    ...own,
    'Connection: keep-alive',
    'access-control-expose-headers: X-Request-ID',
    'openai-organization: bench',
    'openai-processing-ms: 812',
    'openai-version: 2020-10-01',
    'x-ratelimit-limit-requests: 10000',
    'x-ratelimit-limit-tokens: 2000000',
    'x-ratelimit-remaining-requests: 9999',
    'x-ratelimit-remaining-tokens: 1999932',
    'x-ratelimit-reset-requests: 6ms',
    'x-ratelimit-reset-tokens: 2ms',
    'x-request-id: req_00000000000000000000000000bench',
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)
}
