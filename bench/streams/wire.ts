import type { ProviderName } from '../gateway/variants.ts'
import {
  chatChunk,
  chatDelta,
  type ExpectedBody,
  headOf,
  httpChunk,
  LAST_HTTP_CHUNK,
  postBytes,
  STREAM_HEADERS,
  USAGE,
  WORDS,
} from '../gateway/wire.ts'

/** The dialects of the streams. */
export type Shape = 'chat' | 'messages'

export const SHAPES = ['chat', 'messages'] as const

/** How the provider sends a whole stream: in one write, or each event by itself, as fast as it is read. */
export type Sending = 'burst' | 'single'

/** The same, at a fixed rate, or not to the end. The provider is told it as the model. */
export type Pace = Sending | 'paced' | 'idle'

/** Chunks with text in a whole stream. */
export const CHUNKS = 1_000
/** After so many writes a stream of the pace `idle` says no more. */
export const IDLE_PIECES = 20
/** Nanoseconds of the machine's monotonic clock, behind a text that stands nowhere else. */
export const STAMP = ' sent='
export const STAMP_DIGITS = 19

export interface StreamShape {
  readonly provider: ProviderName
  readonly path: string
  /** A whole stream on the wire, event by event. */
  readonly pieces: readonly Buffer[]
  /** The same in one. */
  readonly whole: Buffer
  readonly expected: ExpectedBody
  /** Bytes of the body before a stream of the pace `idle` falls silent. */
  readonly idleBytes: number
  /** What comes before the first text. */
  readonly opening: Buffer
  /** A chunk that says when it was sent. */
  stamped(nowNs: bigint): string
  /** A request for such a stream. */
  requestBytes(model: string, port: number): Buffer
}

const MESSAGES = [{ role: 'user', content: 'What is a hot spare, and when does one take over?' }] as const

export const STREAMS: Readonly<Record<Shape, StreamShape>> = { chat: chatShape(), messages: messagesShape() }

function chatShape(): StreamShape {
  const path = '/v1/chat/completions'
  const text = (content: string): string => dataOnly(chatDelta({ content }))
  return {
    provider: 'openai',
    path,
    ...assembled({
      opening: [dataOnly(chatDelta({ role: 'assistant', content: '', refusal: null }))],
      text,
      closing: [
        dataOnly(chatChunk([{ index: 0, delta: {}, logprobs: null, finish_reason: 'stop' }], null)),
        dataOnly(chatChunk([], USAGE)),
        dataOnly('[DONE]'),
      ],
    }),
    requestBytes: (model, port) =>
      postBytes({
        path,
        port,
        own: ['User-Agent: OpenAI/JS 6.49.0', 'Authorization: Bearer sk-bench-1-000000'],
        body: JSON.stringify({ model, messages: MESSAGES, stream: true, stream_options: { include_usage: true } }),
      }),
  }
}

function messagesShape(): StreamShape {
  const path = '/v1/messages'
  const message = {
    model: 'claude-sonnet-4-5-20250929',
    id: 'msg_01BenchBenchBenchBenchBe',
    type: 'message',
    role: 'assistant',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 61, output_tokens: 1 },
  }
  const text = (words: string): string =>
    named({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: words } })
  return {
    provider: 'anthropic',
    path,
    ...assembled({
      opening: [
        named({ type: 'message_start', message }),
        named({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
        named({ type: 'ping' }),
      ],
      text,
      closing: [
        named({ type: 'content_block_stop', index: 0 }),
        named({
          type: 'message_delta',
          delta: { stop_reason: 'end_turn', stop_sequence: null },
          usage: { output_tokens: CHUNKS },
        }),
        named({ type: 'message_stop' }),
      ],
    }),
    requestBytes: (model, port) =>
      postBytes({
        path,
        port,
        own: ['User-Agent: Anthropic/JS 1.12.0', 'X-Api-Key: sk-bench-1-000000', 'anthropic-version: 2023-06-01'],
        body: JSON.stringify({ model, max_tokens: 4_096, messages: MESSAGES, stream: true }),
      }),
  }
}

interface Events {
  readonly opening: readonly string[]
  readonly text: (text: string) => string
  readonly closing: readonly string[]
}

type Assembled = Pick<StreamShape, 'pieces' | 'whole' | 'expected' | 'idleBytes' | 'opening' | 'stamped'>

function assembled({ opening, text, closing }: Events): Assembled {
  const texts = Array.from({ length: CHUNKS }, (_, index) => text(` ${WORDS[index % WORDS.length]}`))
  const events = [...opening, ...texts, ...closing]
  const head = headOf(STREAM_HEADERS)
  const chunked = events.map((event) => Buffer.from(httpChunk(event)))
  const [first, ...others] = chunked
  const last = others.pop()
  if (first === undefined || last === undefined) throw new Error('a stream has a first and a last event')
  const pieces = [Buffer.concat([head, first]), ...others, Buffer.concat([last, Buffer.from(LAST_HTTP_CHUNK)])]
  return {
    pieces,
    whole: Buffer.concat(pieces),
    expected: { body: Buffer.from(events.join('')), end: Buffer.from(closing.at(-1) ?? '') },
    idleBytes: Buffer.byteLength(events.slice(0, IDLE_PIECES).join('')),
    opening: Buffer.concat([head, ...opening.map((event) => Buffer.from(httpChunk(event)))]),
    stamped: (nowNs) => httpChunk(text(`${STAMP}${String(nowNs).padStart(STAMP_DIGITS, '0')}`)),
  }
}

function dataOnly(data: string): string {
  return `data: ${data}\n\n`
}

function named(event: { readonly type: string; readonly [field: string]: unknown }): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
}
