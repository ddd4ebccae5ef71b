import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { AnswerReader, classifyFailure, type Failure } from './index.ts'

const directory = new URL('../../test/fixtures/streams/', import.meta.url)

/** What each sample must be taken for: `ok`, or the reason of its failure; then whether content came before that. */
const EXPECTED: Readonly<Record<string, readonly [verdict: string, hasContent: boolean]>> = {
  'anthropic-context-window-stop.txt': ['ok', true],
  'anthropic-fail-empty-end-turn.txt': ['bad_response', false],
  'anthropic-fail-error-single-newline.txt': ['overloaded', false],
  'anthropic-fail-overloaded-after-start.txt': ['overloaded', false],
  'anthropic-fail-overloaded-mid.txt': ['overloaded', true],
  'anthropic-fail-stall-pings-only.txt': ['stream_interrupted', false],
  'anthropic-ok-text-crlf.txt': ['ok', true],
  'anthropic-ok-text-ping.txt': ['ok', true],
  'anthropic-ok-thinking.txt': ['ok', true],
  'anthropic-ok-tool-use.txt': ['ok', true],
  'anthropic-refusal.txt': ['content_policy', false],
  'azure-chat-fail-content-filter.txt': ['content_policy', true],
  'azure-chat-ok-prompt-filter-first.txt': ['ok', true],
  'deepseek-chat-ok-keepalive-reasoning.txt': ['ok', true],
  'gemini-fail-eof-no-finish.txt': ['stream_interrupted', true],
  'gemini-fail-error-event-503.txt': ['overloaded', true],
  'gemini-fail-error-unprefixed-pretty-json.txt': ['overloaded', true],
  'gemini-fail-malformed-function-call.txt': ['bad_response', false],
  'gemini-fail-max-tokens-no-content.txt': ['bad_response', false],
  'gemini-fail-prompt-blocked.txt': ['content_policy', false],
  'gemini-fail-safety-mid.txt': ['content_policy', true],
  'gemini-ok-function-call.txt': ['ok', true],
  'gemini-ok-text-crlf.txt': ['ok', true],
  'gemini-ok-thought-parts.txt': ['ok', true],
  'llamacpp-chat-fail-error-data.txt': ['context_length', false],
  'llamacpp-chat-fail-error-field.txt': ['context_length', false],
  'minimax-chat-fail-base-resp.txt': ['billing', false],
  'ollama-native-ndjson-fail.txt': ['server_error', true],
  'openai-chat-fail-empty-stop.txt': ['bad_response', false],
  'openai-chat-fail-eof-no-finish.txt': ['stream_interrupted', true],
  'openai-chat-fail-error-first.txt': ['server_error', false],
  'openai-chat-fail-error-mid.txt': ['server_error', true],
  'openai-chat-fail-length-no-output.txt': ['context_length', false],
  'openai-chat-fail-truncated-json.txt': ['stream_interrupted', true],
  'openai-chat-ok-crlf.txt': ['ok', true],
  'openai-chat-ok-finish-no-done.txt': ['ok', true],
  'openai-chat-ok-nospace-comments-bom.txt': ['ok', true],
  'openai-responses-fail-eof-no-terminal.txt': ['stream_interrupted', true],
  'openai-responses-fail-insufficient-quota.txt': ['billing', false],
  'openai-responses-incomplete-content-filter.txt': ['content_policy', false],
  'openai-responses-incomplete-max-tokens.txt': ['ok', true],
  'openai-responses-ok-text.txt': ['ok', true],
  'relay-html-200.txt': ['bad_response', false],
  'relay-json-200-error-not-sse.txt': ['rate_limit', false],
  'vllm-chat-fail-error-then-done.txt': ['server_error', true],
}

const samples = JSON.parse(readFileSync(new URL('index.json', directory), 'utf8')) as readonly {
  readonly file: string
  readonly multiByteOffsets: string
}[]

it('all stream samples are looked at', () => {
  const files = readdirSync(directory).filter((file) => file.endsWith('.txt') && !file.startsWith('bedrock'))
  expect(files.sort()).toEqual(Object.keys(EXPECTED))
  expect(
    samples
      .map(({ file }) => file)
      .filter((file) => !file.startsWith('bedrock'))
      .sort(),
  ).toEqual(files)
})

describe.each(samples.filter(({ file }) => file in EXPECTED))('$file', ({ file, multiByteOffsets }) => {
  const bytes = readFileSync(new URL(file, directory))
  const [verdict, hasContent] = EXPECTED[file] ?? []

  it('is judged right as it comes: whole, byte by byte, inside each character and line end', () => {
    const whole = read([bytes])
    expect(verdictOf(whole.failure)).toBe(verdict)
    expect(whole.hasContent).toBe(hasContent)
    expect(read([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(whole)
    for (const place of [...placesInCharacters(multiByteOffsets), ...placesInLineEnds(bytes)]) {
      expect(read([bytes.subarray(0, place), bytes.subarray(place)]), `cut at ${place}`).toEqual(whole)
    }
  })

  it('is judged right as one body: text and bytes', () => {
    for (const body of [bytes.toString('utf8'), new Uint8Array(bytes)]) {
      const failure = classifyFailure({ status: 200, body })
      expect(verdict === 'ok' ? failure.ruleId : failure.reason).toBe(verdict === 'ok' ? 'answer.sound' : verdict)
    }
  })
})

describe('a stream that never says anything', () => {
  const event = (type: string, rest: object = {}): string =>
    `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`
  const pings = [
    event('message_start', { message: { role: 'assistant', content: [] } }),
    ...Array(50).fill(event('ping')),
  ]
  const messageEnd = event('message_delta', { delta: { stop_reason: 'end_turn' } }) + event('message_stop')
  const roles = Array(50).fill(
    'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}\n\n: ping\n\n',
  )
  const chatEnd = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
  const text = event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'a' } })
  const chatText = 'data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n'

  it.each([
    ['pings', pings, messageEnd, text],
    ['chunks of a role', roles, chatEnd, chatText],
  ])('has no content in %s, however many come, and is empty at its end', (_, chunks, ending, content) => {
    const silent = new AnswerReader()
    const spoken = new AnswerReader()
    for (const chunk of chunks) {
      expect(silent.push(chunk)).toBeUndefined()
      spoken.push(chunk)
      expect(silent.hasContent).toBe(false)
    }
    silent.push(ending)
    expect(silent.hasContent).toBe(false)
    expect(silent.end()?.ruleId).toBe('answer.empty')

    spoken.push(content)
    expect(spoken.hasContent).toBe(true)
    spoken.push(ending)
    expect(spoken.end()).toBeUndefined()
  })

  it('is cut short where it stops among them', () => {
    for (const chunks of [pings, roles])
      expect(read(chunks.map((chunk) => Buffer.from(chunk))).failure?.ruleId).toBe('answer.cut_short')
  })
})

describe('frames of Bedrock, read into JSON', () => {
  const frames = readFileSync(new URL('bedrock-eventstream-frames.jsonl.txt', directory), 'utf8').trim().split('\n')
  const frame = (name: string): string => frames.find((line) => line.includes(`"frame":"${name} `)) ?? ''
  const beginning = frames.slice(0, 2)

  it.each([
    ['3a', 'rate_limit'],
    ['3b', 'overloaded'],
    ['3c', 'stream_interrupted'],
    ['3d', 'server_error'],
  ])('%s after content is %s', (name, reason) => {
    const text = [...beginning, frame(name)].join('\n')
    const whole = read([Buffer.from(text)], 'bedrock')
    expect(verdictOf(whole.failure)).toBe(reason)
    expect(
      read(
        [...Buffer.from(text)].map((byte) => Uint8Array.of(byte)),
        'bedrock',
      ),
    ).toEqual(whole)
    expect(
      classifyFailure({ provider: 'bedrock', status: 200, inStream: true, body: JSON.parse(frame(name)) }).reason,
    ).toBe(reason)
  })

  it('a stop reason makes them complete, and its lack does not', () => {
    expect(read([Buffer.from([...beginning, frame('4'), frame('5')].join('\n'))]).failure).toBeUndefined()
    expect(verdictOf(read([Buffer.from(beginning.join('\n'))]).failure)).toBe('stream_interrupted')
  })

  it('the objects that SDKs make of them mean the same', () => {
    const events = [
      { messageStart: { role: 'assistant' } },
      { contentBlockDelta: { contentBlockIndex: 0, delta: { text: 'Hi' } } },
    ]
    expect(
      classifyFailure({ status: 200, body: [...events, { throttlingException: { message: 'Too many tokens' } }] })
        .reason,
    ).toBe('rate_limit')
    expect(
      classifyFailure({ status: 200, body: [...events, { messageStop: { stopReason: 'end_turn' } }] }).ruleId,
    ).toBe('answer.sound')
    expect(
      classifyFailure({ status: 200, body: [{ messageStop: { stopReason: 'guardrail_intervened' } }] }).reason,
    ).toBe('content_policy')
  })
})

describe('an answer reader', () => {
  const text = 'data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n'

  it('tells a failure when its event arrives', () => {
    const reader = new AnswerReader({ provider: 'openai' })
    expect(reader.push(text)).toBeUndefined()
    expect(reader.push('data: {"error":{"message":"boom","type":"server_error"}}\n\n')?.reason).toBe('server_error')
    expect(reader.end()?.reason).toBe('server_error')
  })

  it('goes by what broke the connection where no event says more', () => {
    const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
    const reader = new AnswerReader()
    reader.push(text)
    expect(reader.end(reset)).toMatchObject({ reason: 'stream_interrupted', ruleId: 'transport.reset_in_stream' })
  })

  it('takes nothing for an empty answer', () => {
    expect(new AnswerReader().end()).toMatchObject({ reason: 'bad_response', ruleId: 'answer.empty' })
  })

  it('takes a whole answer for what it is', () => {
    const whole = JSON.stringify({ choices: [{ message: { content: 'a' }, finish_reason: 'stop' }] }, null, 2)
    expect(read([Buffer.from(whole)]).failure).toBeUndefined()
    const error = JSON.stringify({ error: { message: 'Rate limit reached', code: 'rate_limit_exceeded' } }, null, 2)
    expect(verdictOf(read([Buffer.from(error)]).failure)).toBe('rate_limit')
  })

  it('masks keys that an event echoes', () => {
    const reader = new AnswerReader({ secrets: ['topsecretkey'] })
    expect(reader.push('data: {"error":{"message":"bad key topsecretkey"}}\n\n')?.message).toBe('bad key ***')
  })

  it('reads a long stream to its end, and no more of a long body than its cap', () => {
    const long = text.repeat(5_000)
    expect(
      classifyFailure({ status: 200, body: `${long}data: {"error":{"code":"insufficient_quota"}}\n\n` }).reason,
    ).toBe('billing')
    expect(classifyFailure({ status: 200, body: long }).reason).toBe('stream_interrupted')
    expect(classifyFailure({ status: 200, body: new TextEncoder().encode(long) }).reason).toBe('stream_interrupted')
  })
})

function read(chunks: readonly Uint8Array[], provider?: string): { failure: Failure | undefined; hasContent: boolean } {
  const reader = new AnswerReader({ provider })
  for (const chunk of chunks) reader.push(chunk)
  const failure = reader.end()
  return { failure, hasContent: reader.hasContent }
}

function verdictOf(failure: Failure | undefined): string {
  return failure?.reason ?? 'ok'
}

/** `602+3` is a character of three bytes at 602: it can be cut at 603 and 604. */
function placesInCharacters(offsets: string): number[] {
  return [...offsets.matchAll(/(\d+)\+(\d)/g)].flatMap(([, at, length]) =>
    Array.from({ length: Number(length) - 1 }, (_, index) => Number(at) + index + 1),
  )
}

function placesInLineEnds(bytes: Buffer): number[] {
  return [...bytes.keys()].filter((at) => bytes[at - 1] === 0x0d && bytes[at] === 0x0a)
}
