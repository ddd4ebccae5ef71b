import { getEventListeners } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anthropicMessages, type Dialect, openaiChat } from '../dialects/index.ts'
import { settle, systemClock } from '../engine/index.ts'
import { classifyFailure } from '../failure/index.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { AnswerBody } from '../transport/answer-body.ts'
import { AnswerErrors } from '../upstream/index.ts'
import { SecretMask } from '../upstream/secret-mask.ts'
import { readStreamedAnswer } from './streamed-answer.ts'

const directory = new URL('../../test/fixtures/streams/', import.meta.url)

/** What each sample must be taken for: `ok`, or the reason of its failure; then how much of it is content. */
const EXPECTED: Readonly<Record<string, readonly [verdict: string, contentEvents: number]>> = {
  'anthropic-context-window-stop.txt': ['ok', 2],
  'anthropic-fail-empty-end-turn.txt': ['bad_response', 0],
  'anthropic-fail-error-single-newline.txt': ['overloaded', 0],
  'anthropic-fail-overloaded-after-start.txt': ['overloaded', 0],
  'anthropic-fail-overloaded-mid.txt': ['overloaded', 1],
  'anthropic-fail-stall-pings-only.txt': ['stream_interrupted', 0],
  'anthropic-ok-text-crlf.txt': ['ok', 2],
  'anthropic-ok-text-ping.txt': ['ok', 2],
  'anthropic-ok-thinking.txt': ['ok', 2],
  'anthropic-ok-tool-use.txt': ['ok', 4],
  'anthropic-refusal.txt': ['content_policy', 0],
  'azure-chat-fail-content-filter.txt': ['ok', 1],
  'azure-chat-ok-prompt-filter-first.txt': ['ok', 3],
  'deepseek-chat-ok-keepalive-reasoning.txt': ['ok', 2],
  'llamacpp-chat-fail-error-data.txt': ['context_length', 0],
  'llamacpp-chat-fail-error-field.txt': ['context_length', 0],
  'minimax-chat-fail-base-resp.txt': ['billing', 0],
  'openai-chat-fail-empty-stop.txt': ['bad_response', 0],
  'openai-chat-fail-eof-no-finish.txt': ['stream_interrupted', 3],
  'openai-chat-fail-error-first.txt': ['server_error', 0],
  'openai-chat-fail-error-mid.txt': ['server_error', 1],
  'openai-chat-fail-length-no-output.txt': ['context_length', 0],
  'openai-chat-fail-truncated-json.txt': ['stream_interrupted', 1],
  'openai-chat-ok-crlf.txt': ['ok', 3],
  'openai-chat-ok-finish-no-done.txt': ['ok', 3],
  'openai-chat-ok-nospace-comments-bom.txt': ['ok', 3],
  'relay-html-200.txt': ['bad_response', 0],
  'relay-json-200-error-not-sse.txt': ['rate_limit', 0],
  'vllm-chat-fail-error-then-done.txt': ['server_error', 1],
}

interface Outcome {
  readonly events: unknown[]
  readonly error: unknown
}

describe('the stream samples', () => {
  it('are all looked at', () => {
    const others = /^(?:gemini|openai-responses|ollama|bedrock|index)/
    expect(readdirSync(directory).filter((file) => !others.test(file))).toEqual(Object.keys(EXPECTED))
  })

  describe.each(Object.entries(EXPECTED))('%s', (file, [verdict, contentEvents]) => {
    const bytes = readFileSync(new URL(file, directory))
    const dialect = file.startsWith('anthropic') ? anthropicMessages : openaiChat

    it(`is ${verdict}`, async () => {
      const { events, error } = await read(dialect, [bytes])
      expect(events.filter((event) => dialect.isContent(event))).toHaveLength(contentEvents)
      if (verdict === 'ok') expect(error).toBeUndefined()
      else expect(classifyFailure({ error, dialect: dialect.name }).reason).toBe(verdict)
      if (error !== undefined) expect(error).toMatchObject({ inStream: true, status: 200, headers: { 'x-id': '1' } })
    })

    it('is the same however its bytes are cut', async () => {
      const whole = await read(dialect, [bytes])
      expect(
        await read(
          dialect,
          [...bytes].map((byte) => Uint8Array.of(byte)),
        ),
      ).toEqual(whole)
      await fc.assert(
        fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 20 }), async (cuts) => {
          expect(await read(dialect, cutAt(bytes, cuts))).toEqual(whole)
        }),
        { numRuns: 40 },
      )
    })
  })
})

const textDelta = (content: string) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`
const finish = `data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })}\n\n`
const usage = `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } })}\n\n`

describe('readStreamedAnswer', () => {
  it('skips an event that is no JSON while the rest is sound', async () => {
    const { events, error } = await read(openaiChat, [
      textDelta('a'),
      'data: {"cut\n\ndata: 1\n\n',
      textDelta('b'),
      finish,
    ])
    expect(error).toBeUndefined()
    expect(events).toHaveLength(3)
  })

  it('takes [DONE] without a finish reason for an interruption', async () => {
    const { error } = await read(openaiChat, [textDelta('a'), 'data: [DONE]\n\n'])
    expect(error).toMatchObject({ code: 'STREAM_INTERRUPTED', reason: 'stream_interrupted', isRetryable: true })
  })

  it('takes an answer whose connection breaks after its finish reason for complete', async () => {
    expect((await read(openaiChat, [textDelta('a'), finish], new Error('reset'))).error).toBeUndefined()
  })

  it('keeps why the connection broke', async () => {
    const reset = new Error('reset')
    expect((await read(openaiChat, [textDelta('a')], reset)).error).toMatchObject({
      code: 'STREAM_INTERRUPTED',
      cause: reset,
    })
  })

  it('goes by an error that came right before the connection broke', async () => {
    const { error } = await read(openaiChat, [textDelta('a'), 'data: {"error":{"message":"boom"}}'], new Error('reset'))
    expect(error).toMatchObject({ code: 'PROVIDER_ERROR', body: { error: { message: 'boom' } } })
  })

  it('takes an event named error for one, whatever it holds', async () => {
    for (const data of ['{"detail":"busy"}', 'busy']) {
      const { error } = await read(openaiChat, [textDelta('a'), `event: error\ndata: ${data}\n\n`])
      expect(error).toMatchObject({ code: 'PROVIDER_ERROR', inStream: true })
    }
  })

  it('takes an empty answer, and a whole answer that was not asked for, for bad', async () => {
    const whole = JSON.stringify({ choices: [{ message: { content: 'a' }, finish_reason: 'stop' }] })
    for (const body of ['', '\n\n', ': comment\n\n', whole, 'upstream timed out']) {
      expect((await read(openaiChat, [body])).error, body).toMatchObject({
        code: 'PROVIDER_ERROR',
        reason: 'bad_response',
      })
    }
  })

  it('refuses an event that is too large', async () => {
    const { error } = await read(openaiChat, [textDelta('x'.repeat(2_000))], undefined, 1_000)
    expect(error).toMatchObject({
      code: 'PROVIDER_ERROR',
      reason: 'bad_response',
      message: expect.stringContaining('too large'),
    })
  })

  it('shows the key in nothing that a provider echoes', async () => {
    const { error } = await read(openaiChat, ['data: {"error":{"message":"bad key sk-secret-key"}}\n\n'])
    expect(error).toMatchObject({ body: { error: { message: 'bad key ***' } } })
    expect(JSON.stringify(error) + String(error)).not.toContain('sk-secret-key')
  })
})

describe('the end of an answer', () => {
  it('comes with the token counts, though the server says no more', async () => {
    const { body, events, clock } = open()
    push(body, textDelta('a'), finish, usage)
    for (let count = 0; count < 3; count++) expect((await events.next()).done).toBe(false)
    expect((await events.next()).done).toBe(true)
    expect(clock.pendingTimers).toBe(1)
    await clock.advance(2_000)
    expect(clock.pendingTimers).toBe(0)
  })

  it('comes two seconds after the finish reason where the server keeps silent', async () => {
    const { body, events, clock, source } = open()
    push(body, textDelta('a'), finish)
    await events.next()
    await events.next()
    let isOver = false
    const last = events.next().then(({ done }) => {
      isOver = true
      return done
    })
    await clock.advance(1_000)
    push(body, ': keep-alive\n\n')
    await clock.advance(999)
    expect(isOver).toBe(false)
    await clock.advance(1)
    expect(await last).toBe(true)
    expect(source.aborts).toBe(1)
    expect(clock.pendingTimers).toBe(0)
  })

  it('waits for the other choices', async () => {
    const { body, events, clock } = open()
    const other = (piece: object) =>
      `data: ${JSON.stringify({ choices: [{ index: 1, delta: { content: 'b' }, ...piece }] })}\n\n`
    push(body, textDelta('a'), other({}), finish)
    for (let count = 0; count < 3; count++) await events.next()
    const next = events.next()
    await clock.advance(60_000)
    push(body, other({ finish_reason: 'stop' }), 'data: [DONE]\n\n')
    expect((await next).done).toBe(false)
    expect((await events.next()).done).toBe(true)
  })

  it('is left to a server that puts a finish reason on every chunk', async () => {
    const { body, events, clock } = open()
    const both = textDelta('a').replace('"delta"', '"finish_reason":"stop","delta"')
    push(body, both, both)
    await events.next()
    await events.next()
    const next = events.next()
    await clock.advance(60_000)
    push(body, both)
    body.end()
    expect((await next).done).toBe(false)
    expect((await events.next()).done).toBe(true)
  })

  it('is at once where the reader leaves, before and while it waits', async () => {
    const early = open()
    await early.events.return?.()
    expect(early.source.aborts).toBe(1)
    const waiting = open()
    const next = waiting.events.next()
    await settle()
    await waiting.events.return?.()
    expect((await next).done).toBe(true)
    expect(waiting.source.aborts).toBe(1)
    expect((await waiting.events.next()).done).toBe(true)
  })

  it('is the signal’s reason where it aborts', async () => {
    const { body, events, controller } = open()
    const next = events.next()
    const reason = new Error('gone')
    controller.abort(reason)
    body.failNow(reason)
    await expect(next).rejects.toBe(reason)
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
  })
})

function open(dialect: Dialect = openaiChat, maxEventBytes?: number) {
  const source = { aborts: 0, pause() {}, resume() {}, detach() {}, abort: () => void source.aborts++ }
  const body = new AnswerBody(source)
  const clock = new VirtualClock()
  const controller = new AbortController()
  const context = {
    profileId: 'p:a',
    provider: 'p',
    dialect: dialect.name,
    credentials: { mask: new SecretMask(['sk-secret-key']) },
    clock: systemClock,
  }
  const errors = new AnswerErrors({ ...context, status: 200, headers: { 'x-id': '1' } })
  const events = readStreamedAnswer({
    bytes: body,
    isContinuation: false,
    dialect,
    errors,
    signal: controller.signal,
    clock,
    maxEventBytes,
    onActivity: undefined,
  })
  return { source, body, clock, controller, events }
}

function push(body: AnswerBody, ...chunks: readonly (string | Uint8Array)[]): void {
  for (const chunk of chunks) body.push(Buffer.from(chunk))
}

async function read(
  dialect: Dialect,
  chunks: readonly (string | Uint8Array)[],
  broken?: Error,
  maxEventBytes?: number,
): Promise<Outcome> {
  const { body, events: stream } = open(dialect, maxEventBytes)
  const events: unknown[] = []
  const feed = async (): Promise<void> => {
    for (const chunk of chunks) {
      push(body, chunk)
      await Promise.resolve()
      await Promise.resolve()
    }
    if (broken === undefined) body.end()
    else body.fail(broken)
  }
  void feed()
  try {
    for await (const event of stream) events.push(event)
    return { events, error: undefined }
  } catch (error) {
    return { events, error }
  }
}

function cutAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [0, ...[...cuts].sort((a, b) => a - b), bytes.length]
  return places.slice(1).map((place, index) => bytes.subarray(places[index], place))
}
