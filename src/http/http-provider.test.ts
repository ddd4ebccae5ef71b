import { getEventListeners, once } from 'node:events'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { chunk, chunkedHead, type RawServer, reply, startRawServer } from '../../test/support/raw-server.ts'
import { type AttemptContext, Profile, type ProfileOptions, settle } from '../engine/index.ts'
import { classifyFailure } from '../failure/index.ts'
import { faults, startFaultProvider } from '../testing/index.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { type HttpProviders, type HttpProvidersOptions, httpProviders } from './index.ts'

const KEY = 'sk-secret-key-1234'
const chatRequest = { model: 'any', messages: [{ role: 'user', content: 'grüße' }], stream: true, temperature: 0.2 }
const chatAnswer = {
  id: 'x',
  choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
}
const chatStream = [
  'data: {"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}]}\n\n',
  'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n',
  'data: [DONE]\n\n',
]

let registry: HttpProviders | undefined
afterEach(async () => {
  await registry?.close()
  registry = undefined
})

interface CallOptions extends Partial<ProfileOptions> {
  readonly options?: HttpProvidersOptions
  readonly name?: string
  readonly key?: string | undefined
  readonly signal?: AbortSignal
  readonly model?: string
}

async function call(
  request: object,
  baseUrl: string | undefined,
  overrides: CallOptions = {},
): Promise<AsyncIterable<unknown>> {
  const { options, name = 'openai', signal = new AbortController().signal, model = 'gpt-5', ...others } = overrides
  registry ??= httpProviders(options)
  const entry = registry.get(name)
  if (entry.state !== 'registered') throw new Error(`${name} is ${entry.state}`)
  const { key: apiKey = KEY, ...profileOptions } = { key: KEY, ...others }
  const profile = new Profile({ id: `${name}:a`, ...(baseUrl !== undefined && { baseUrl }), ...profileOptions })
  const context: AttemptContext = {
    target: { provider: name, model, profile: profile.id },
    profile,
    apiKey: 'key' in others ? others.key : apiKey,
    signal,
    onAbort: (listener) => signal.addEventListener('abort', () => listener(signal.reason)),
    attempt: 1,
    timeouts: { connectMs: 5_000 },
  }
  return entry.provider.stream({ model: 'any', ...request }, context)
}

async function eventsOf(request: object, baseUrl: string | undefined, overrides?: CallOptions): Promise<unknown[]> {
  return Array.fromAsync(await call(request, baseUrl, overrides))
}

async function errorOf(request: object, baseUrl: string | undefined, overrides?: CallOptions): Promise<unknown> {
  return eventsOf(request, baseUrl, overrides).then(
    (events) => expect.unreachable(`it answered ${JSON.stringify(events)}`),
    (error: unknown) => error,
  )
}

const answering = (bytes: string | Buffer): Promise<RawServer> => startRawServer((socket) => socket.write(bytes))
const streaming = (...events: readonly string[]): Buffer =>
  Buffer.concat([
    chunkedHead({ 'content-type': 'text/event-stream' }),
    ...events.map((event) => chunk(event)),
    chunk(''),
  ])

async function seesClose(server: RawServer): Promise<void> {
  const isLate = AbortSignal.timeout(1_000)
  await Promise.race([
    server.firstClosed,
    once(isLate, 'abort').then(() => expect.unreachable('the connection stays open')),
  ])
}

describe('a request', () => {
  it('is the caller’s, but for the model', async () => {
    await using server = await answering(streaming(...chatStream))
    const request = Object.freeze({ ...chatRequest, unknown_field: { nested: [null, 1.5] } })
    await eventsOf(request, server.url)
    const [sent] = server.requests
    expect(sent).toMatchObject({ method: 'POST', path: '/v1/chat/completions' })
    expect(sent?.body).toBe(JSON.stringify({ ...request, model: 'gpt-5' }))
    expect(sent?.headers).toEqual({
      host: server.url.slice('http://'.length),
      connection: 'keep-alive',
      'content-type': 'application/json',
      'content-length': `${Buffer.byteLength(sent?.body ?? '')}`,
      accept: 'text/event-stream',
      'accept-encoding': 'identity',
      'user-agent': 'hotspare',
      authorization: `Bearer ${KEY}`,
    })
  })

  it('carries the key as Anthropic wants it, and its version', async () => {
    await using server = await answering(
      reply(JSON.stringify({ type: 'message', content: [{ type: 'text', text: 'hi' }], stop_reason: 'end_turn' })),
    )
    await eventsOf({ max_tokens: 10 }, server.url, { name: 'anthropic' })
    const [sent] = server.requests
    expect(sent?.path).toBe('/v1/messages')
    expect(sent?.headers).toMatchObject({
      'x-api-key': KEY,
      'anthropic-version': '2023-06-01',
      accept: 'application/json',
    })
    expect(sent?.headers).not.toHaveProperty('authorization')
  })

  it('takes the definition’s headers, and the profile’s key over theirs', async () => {
    await using server = await answering(
      reply(JSON.stringify({ type: 'message', content: [{ type: 'text', text: 'hi' }] })),
    )
    const headers = { 'Anthropic-Version': '2026-10-21', 'anthropic-beta': 'a,b', 'X-Api-Key': 'other' }
    await eventsOf({}, undefined, {
      name: 'mine',
      options: { providers: { mine: { dialect: 'anthropic', baseUrl: server.url, headers } } },
    })
    expect(server.requests[0]?.headers).toMatchObject({
      'anthropic-version': '2026-10-21',
      'anthropic-beta': 'a,b',
      'x-api-key': KEY,
    })
  })

  it('needs no key for a server of one’s own', async () => {
    await using server = await answering(streaming(...chatStream))
    await eventsOf(chatRequest, server.url, { key: undefined })
    expect(server.requests[0]?.headers).not.toHaveProperty('authorization')
  })

  it('without a key is not sent to a hosted provider', async () => {
    const error = await errorOf(chatRequest, undefined, { key: undefined })
    expect(error).toMatchObject({
      code: 'PROVIDER_ERROR',
      reason: 'auth',
      message: expect.stringContaining('profile openai:a has no key'),
    })
  })

  it.each(['', 'two\nlines', 'trailing\n', ' padded', 'ключ'])(
    'is not sent with the key %j, which is shown nowhere',
    async (key) => {
      await using server = await answering(streaming(...chatStream))
      const error = await errorOf(chatRequest, server.url, { key })
      expect(error).toMatchObject({ code: 'PROVIDER_ERROR', reason: 'auth' })
      if (key.trim() !== '') expect(String(error)).not.toContain(key.trim())
      expect(server.sockets).toHaveLength(0)
    },
  )

  it('that cannot be written as JSON is refused', async () => {
    expect(await errorOf({ ...chatRequest, big: 1n }, 'http://127.0.0.1:9')).toMatchObject({ code: 'INVALID_REQUEST' })
  })
})

describe('the address', () => {
  it('is the profile’s, else the definition’s', async () => {
    await using server = await answering(streaming(...chatStream))
    const options = { providers: { mine: { dialect: 'openai', baseUrl: `${server.url}/api/paas/v4/` } } } as const
    await eventsOf(chatRequest, undefined, { name: 'mine', options })
    await eventsOf(chatRequest, `${server.url}?tenant=1`, { name: 'mine' })
    expect(server.requests.map(({ path }) => path)).toEqual([
      '/api/paas/v4/chat/completions',
      '/v1/chat/completions?tenant=1',
    ])
  })

  it('is missed clearly, also by a name under which a dialect was registered', async () => {
    const noAddress = { code: 'INVALID_OPTION', message: expect.stringContaining('give the profile a baseUrl') }
    expect(
      await errorOf(chatRequest, undefined, { name: 'mine', options: { providers: { mine: { dialect: 'openai' } } } }),
    ).toMatchObject(noAddress)
    registry?.register('local', registry.openai)
    expect(await errorOf(chatRequest, undefined, { name: 'local' })).toMatchObject(noAddress)
  })

  it('serves a dialect under another name', async () => {
    await using server = await answering(streaming(...chatStream))
    registry = httpProviders()
    registry.register('local', registry.openai)
    expect(await eventsOf(chatRequest, server.url, { name: 'local' })).toHaveLength(2)
  })

  it('gives the origin', () => {
    registry = httpProviders()
    const { openai, anthropic } = registry
    expect(openai.originOf(new Profile({ id: 'openai:a' }))).toBe('https://api.openai.com')
    expect(anthropic.originOf(new Profile({ id: 'anthropic:a' }))).toBe('https://api.anthropic.com')
    expect(openai.originOf(new Profile({ id: 'openai:a', baseUrl: 'http://localhost:80/v1?x' }))).toBe(
      'http://localhost',
    )
    expect(openai.originOf(new Profile({ id: 'local:a' }))).toBe('local')
  })

  it.each([
    'localhost:8080',
    'ftp://x',
    'data:text/plain,x',
    'blob:https://example.com/x',
    'https://user:secret-word@example.com',
    'example.com',
  ])('%j gives no origin, whoever lets it through', async (baseUrl) => {
    registry = httpProviders()
    const profile: Profile = Object.create(new Profile({ id: 'openai:a' }), { baseUrl: { value: baseUrl } })
    const refusal = expect.objectContaining({
      code: 'INVALID_OPTION',
      message: expect.stringMatching(/^profile openai:a: baseUrl: "(?!.*secret)/),
    })
    expect(() => registry?.openai.originOf(profile)).toThrow(refusal)
    expect(() => new Profile({ id: 'openai:a', baseUrl })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    expect(() => httpProviders({ providers: { x: { dialect: 'openai', baseUrl } } })).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        message: expect.stringMatching(/^providers\.x\.baseUrl: "(?!.*secret)/),
      }),
    )
  })
})

describe('an answer', () => {
  it('is its parsed events', async () => {
    await using server = await answering(streaming(...chatStream))
    const events = await eventsOf(chatRequest, server.url)
    expect(events).toEqual(chatStream.slice(0, 2).map((event) => JSON.parse(event.slice('data: '.length))))
  })

  it('that was not streamed is one event, however it came', async () => {
    const body = JSON.stringify(chatAnswer)
    const forms = [
      reply(body),
      reply(`\n\n  ${body}`),
      reply(gzipSync(body), { headers: { 'content-encoding': 'gzip' } }),
    ]
    for (const form of [
      ...forms,
      Buffer.concat([chunkedHead(), chunk(body.slice(0, 9)), chunk(body.slice(9)), chunk('')]),
    ]) {
      await using server = await answering(form)
      expect(await eventsOf({ messages: [] }, server.url)).toEqual([chatAnswer])
    }
  })

  it('is read through a coding that nobody asked for', async () => {
    await using server = await answering(
      reply(gzipSync(chatStream.join('')), { headers: { 'content-encoding': 'gzip' } }),
    )
    expect(await eventsOf(chatRequest, server.url)).toHaveLength(2)
  })

  it('leaves its connection to the next', async () => {
    await using server = await startRawServer((socket, { body }) => {
      if (body.includes('"stream":true')) socket.write(streaming(...chatStream))
      else if (body.includes('fail')) socket.write(reply('{"error":{"message":"no"}}', { status: 500 }))
      else socket.write(reply(JSON.stringify(chatAnswer)))
    })
    for (let count = 0; count < 5; count++) {
      await eventsOf(chatRequest, server.url)
      await eventsOf({}, server.url)
      await errorOf({ fail: true }, server.url)
    }
    expect(server.requests).toHaveLength(15)
    expect(server.sockets).toHaveLength(1)
  })

  it('is content as a whole, even where it is empty by its own limit', async () => {
    const limited = {
      choices: [{ message: { content: '' }, finish_reason: 'length' }],
      usage: { prompt_tokens: 1, completion_tokens: 16 },
    }
    await using server = await answering(reply(JSON.stringify(limited)))
    const [event] = await eventsOf({}, server.url)
    expect(registry?.openai.isContent(event)).toBe(true)
    expect(registry?.openai.usageOf(event)).toEqual({ inputTokens: 1, outputTokens: 16 })
    expect(registry?.openai.isStreaming({ model: 'm' })).toBe(false)
  })
})

describe('a failure', () => {
  it('keeps status, headers and body', async () => {
    const body = { error: { message: 'Rate limit reached', type: 'requests', code: 'rate_limit_exceeded' } }
    await using server = await answering(reply(JSON.stringify(body), { status: 429, headers: { 'Retry-After': '7' } }))
    const error = await errorOf(chatRequest, server.url)
    expect(error).toMatchObject({
      code: 'PROVIDER_ERROR',
      message: 'openai:a answered 429: Rate limit reached',
      status: 429,
      headers: { 'retry-after': '7' },
      body,
      isRetryable: true,
      retryAfterMs: 7_000,
    })
    expect(error).not.toHaveProperty('inStream')
    expect(classifyFailure({ error, dialect: 'openai' })).toMatchObject({ reason: 'rate_limit', retryAfterMs: 7_000 })
  })

  it.each([
    ['text', 'upstream connect error', 503],
    ['an HTML page', '<html><h1>502 Bad Gateway</h1></html>', 502],
    ['nothing', '', 500],
    ['a redirect', '', 307],
  ])('is told from %s', async (_what, body, status) => {
    await using server = await answering(reply(body, { status }))
    expect(await errorOf(chatRequest, server.url)).toMatchObject({
      code: 'PROVIDER_ERROR',
      status,
      body,
      message: expect.stringContaining(`${status}`),
    })
  })

  it('is the status, though the body breaks off, dawdles or does not end', async () => {
    const start = Buffer.concat([
      Buffer.from('HTTP/1.1 429 No\r\ntransfer-encoding: chunked\r\n\r\n'),
      chunk('slow down'),
    ])
    await using cut = await startRawServer((socket) => socket.end(start))
    expect(await errorOf(chatRequest, cut.url)).toMatchObject({ status: 429 })

    await using endless = await answering(Buffer.concat([start, chunk('x'.repeat(300_000))]))
    expect(await errorOf(chatRequest, endless.url)).toMatchObject({
      status: 429,
      body: expect.stringMatching(/^slow down/),
    })
    await seesClose(endless)

    await registry?.close()
    const clock = new VirtualClock()
    registry = httpProviders({ clock })
    await using slow = await answering(start)
    const error = errorOf(chatRequest, slow.url)
    while (clock.pendingTimers === 0 || slow.requests.length === 0) await settle()
    for (let turn = 0; turn < 20; turn++) await settle()
    await clock.advance(5_000)
    expect(await error).toMatchObject({ status: 429, body: 'slow down' })
  })

  it('shows the key in nothing', async () => {
    await using server = await answering(
      reply(`{"error":{"message":"Incorrect API key: ${KEY}"}}`, {
        status: 401,
        headers: { 'x-echo': `Bearer ${KEY}` },
      }),
    )
    const error = await errorOf(chatRequest, server.url)
    expect(error).toMatchObject({
      status: 401,
      body: { error: { message: 'Incorrect API key: ***' } },
      headers: { 'x-echo': 'Bearer ***' },
    })
    expect(JSON.stringify(error) + String(error)).not.toContain(KEY)
  })

  it.each([
    ['an error object', '{"error":{"message":"Provider returned error","code":429}}', 'rate_limit'],
    ['an HTML page', '<!DOCTYPE html><html></html>', 'bad_response'],
    ['nothing', '', 'bad_response'],
    ['another kind of JSON', '{"status":"ok"}', 'bad_response'],
    ['no JSON', 'ok', 'bad_response'],
    ['a stream that was not asked for', chatStream.join(''), 'bad_response'],
    ['an empty answer', '{"choices":[{"message":{"content":""},"finish_reason":"stop"}]}', 'bad_response'],
  ])('is seen in a 200 that holds %s', async (_what, body, reason) => {
    await using server = await answering(reply(body))
    const error = await errorOf({}, server.url)
    expect(error).toMatchObject({ code: 'PROVIDER_ERROR', inStream: true, status: 200 })
    expect(classifyFailure({ error, dialect: 'openai' }).reason).toBe(reason)
  })

  it('is a coding that nobody knows', async () => {
    await using server = await answering(reply('x', { headers: { 'content-encoding': 'snappy' } }))
    const error = await errorOf({}, server.url)
    expect(error).toMatchObject({ reason: 'bad_response', message: expect.stringContaining('snappy'), status: 200 })
  })

  it('is an answer larger than the limit', async () => {
    await using server = await answering(reply(JSON.stringify(chatAnswer)))
    const error = await errorOf({}, server.url, { options: { maxResponseBytes: 20 } })
    expect(error).toMatchObject({
      code: 'PROVIDER_ERROR',
      reason: 'bad_response',
      message: expect.stringContaining('20 bytes'),
    })
  })

  it('of the network keeps its cause', async () => {
    const server = await answering('')
    await server[Symbol.asyncDispose]()
    expect(await errorOf(chatRequest, server.url)).toMatchObject({
      code: 'NETWORK_ERROR',
      reason: 'network',
      cause: { code: 'ECONNREFUSED' },
    })
  })

  it('interrupts a stream, and a whole answer', async () => {
    await using provider = await startFaultProvider({
      models: {
        cut: faults.cutAfter(3),
        reset: faults.resetAfter(3),
        ends: faults.endAfter(3),
        short: faults.shortBody(),
      },
    })
    for (const model of ['cut', 'reset', 'ends']) {
      for (const name of ['openai', 'anthropic']) {
        const events: unknown[] = []
        const read = async (): Promise<void> => {
          for await (const event of await call({ ...chatRequest, max_tokens: 10 }, provider.url, { name, model }))
            events.push(event)
        }
        await expect(read()).rejects.toMatchObject({
          code: 'STREAM_INTERRUPTED',
          reason: 'stream_interrupted',
          inStream: true,
        })
        expect(events.length).toBeGreaterThan(0)
      }
    }
    expect(await errorOf({ messages: chatRequest.messages }, provider.url, { model: 'short' })).toMatchObject({
      code: 'NETWORK_ERROR',
    })
  })
})

describe('abort', () => {
  it.each([
    ['before the head', ''],
    ['in the stream', Buffer.concat([chunkedHead(), chunk(chatStream[0] ?? '')])],
    [
      'in an error’s body',
      Buffer.concat([Buffer.from('HTTP/1.1 500 No\r\ntransfer-encoding: chunked\r\n\r\n'), chunk('x')]),
    ],
  ])('reaches the wire %s', async (_when, bytes) => {
    await using server = await answering(bytes)
    const controller = new AbortController()
    const reason = new Error('gone')
    const pending = eventsOf(chatRequest, server.url, { signal: controller.signal })
    pending.catch(() => {})
    while (server.requests.length === 0) await settle()
    for (let turn = 0; turn < 20; turn++) await settle()
    controller.abort(reason)
    await expect(pending).rejects.toBe(reason)
    await seesClose(server)
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
  })

  it('reaches the wire when the reader leaves', async () => {
    await using server = await answering(Buffer.concat([chunkedHead(), chunk(chatStream[0] ?? '')]))
    for await (const event of await call(chatRequest, server.url)) {
      expect(event).toHaveProperty('choices')
      break
    }
    await seesClose(server)
  })

  it('before the start sends nothing', async () => {
    await using server = await answering('')
    const reason = new Error('gone')
    expect(await errorOf(chatRequest, server.url, { signal: AbortSignal.abort(reason) })).toBe(reason)
    expect(server.sockets).toHaveLength(0)
  })
})
