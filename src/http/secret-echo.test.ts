import type { Socket } from 'node:net'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { chunk, chunkedHead, head, type RawRequest, reply, startRawServer } from '../../test/support/raw-server.ts'
import { FailoverManager, type ProfileOptions } from '../engine/index.ts'
import { httpProviders } from './index.ts'

const PASSWORD = 'canary-password-7d'
const BASIC = Buffer.from(`admin:${PASSWORD}`).toString('base64')
const SIGNATURE = 'canary/sig+4f6a=='
/** Every text that must be found nowhere. */
const CANARIES = {
  key: 'canary-profile-key-1a',
  bearer: 'canary/bearer-2b+/9c',
  apiKey: 'canary-api-key-3c',
  cookie: 'canary-session-5e',
  secret: 'canary-"quoted"-6f',
  basic: BASIC,
  password: PASSWORD,
  named: 'canary-8e',
  short: 'k3y5',
  signature: SIGNATURE,
  signatureInUrl: encodeURIComponent(SIGNATURE),
  unnamed: 'canary-tenant-9f',
}
const QUERY = `?sig=${CANARIES.signatureInUrl}&tenant=${CANARIES.unnamed}&key=${CANARIES.short}&alt=sse`
const HEADERS = {
  'Api-Key': CANARIES.apiKey,
  cookie: `lang=en; sid=${CANARIES.cookie}`,
  'x-gateway-secret': CANARIES.secret,
  'proxied-authorization': `Basic ${BASIC}`,
  'x-upstream': `Bearer ${CANARIES.named}`,
}

/** The request as a relay may repeat it: as a text and, in every escape, as JSON. */
function echoOf({ path, headers }: RawRequest): object {
  const basic = Buffer.from(headers['proxied-authorization']?.slice('Basic '.length) ?? '', 'base64').toString()
  const query = Object.fromEntries(new URLSearchParams(path.slice(path.indexOf('?') + 1)))
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  const message = `${path} ${basic} ${lines.join(' ')}`
  return { error: { message, type: 'echo', query, headers, raw: JSON.stringify({ headers }) } }
}

const php = (value: object): string => JSON.stringify(value).replaceAll('/', '\\/')
const begunStream = {
  openai: 'data: {"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}]}\n\n',
  anthropic: 'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hi"}}\n\n',
}

type Answerer = (echo: object, text: string, dialect: 'openai' | 'anthropic') => Buffer | readonly Buffer[]

const ANSWERS: Readonly<Record<string, Answerer>> = {
  ...Object.fromEntries(
    [400, 401, 403, 404, 429, 500].map((status): [string, Answerer] => [
      `a ${status}`,
      (echo, text) => reply(php(echo), { status, headers: { 'x-echo': text, location: text } }),
    ]),
  ),
  'a page': (echo) => reply(`<html>${JSON.stringify(echo)}</html>`, { status: 502 }),
  'a text': (_echo, text) => reply(text, { status: 500 }),
  'a cut body': (_echo, text) => reply(text.slice(0, text.indexOf(CANARIES.apiKey) + 12), { status: 500 }),
  'an error under 200': (echo, text) => reply(php(echo), { headers: { 'x-echo': text } }),
  'another JSON under 200': (echo) => reply(JSON.stringify([echo])),
  'a text under 200': (_echo, text) => reply(text),
  'a coding': (_echo, text) => reply('x', { headers: { 'content-encoding': text } }),
  'an error first': (echo) => [chunkedHead(), chunk(`data: ${php(echo)}\n\n`), chunk('')],
  'an error event': (_echo, text) => [chunkedHead(), chunk(`event: error\ndata: ${text}\n\n`), chunk('')],
  'an error in the stream': (echo, text, dialect) => [
    chunkedHead({ 'x-echo': text }),
    chunk(begunStream[dialect]),
    chunk(`data: ${JSON.stringify(echo)}\n\n`),
    chunk(''),
  ],
  'an error field': (echo, _text, dialect) => [
    chunkedHead(),
    chunk(begunStream[dialect]),
    chunk(`error: ${JSON.stringify(echo)}\n\n`),
    chunk(''),
  ],
  'a stream’s early end': (_echo, text, dialect) => [
    chunkedHead({ 'x-echo': text }),
    chunk(begunStream[dialect]),
    chunk(''),
  ],
  'a broken head': (_echo, text) => Buffer.from(`HTTP/1.1 200 OK\r\nbad header ${text}\r\n\r\n`),
  'a broken chunk': (_echo, text, dialect) => [
    chunkedHead(),
    chunk(begunStream[dialect]),
    Buffer.from(`no size ${text}\r\n`),
  ],
  'a wrong length': (_echo, text) => [head({ 'content-length': '9999', 'x-echo': text }, 500), Buffer.from(text)],
}

/** Everything a value shows of itself. */
function shown(value: unknown): string {
  const stack = value instanceof Error ? value.stack : ''
  const options = { depth: 20, maxStringLength: null, maxArrayLength: null }
  return [inspect(value, { ...options, showHidden: true, getters: true }), JSON.stringify(value), stack].join('\n')
}

describe.each(['openai', 'anthropic'] as const)('credentials that %s echoes', (dialect) => {
  it.each(Object.keys(ANSWERS))('in %s are shown nowhere', async (model) => {
    const answer = (socket: Socket, request: RawRequest): void => {
      const text = `${request.path} ${decodeURIComponent(request.path)} ${Object.values(request.headers).join(' ')}`
      const bytes = ANSWERS[model]?.(echoOf(request), text, dialect) ?? []
      socket.end(Buffer.isBuffer(bytes) ? bytes : Buffer.concat(bytes))
    }
    await using server = await startRawServer(answer)
    const out: unknown[] = []
    for (const apiKey of [undefined, CANARIES.key]) {
      const profile: ProfileOptions = { id: 'mine:a', ...(apiKey !== undefined && { apiKey }) }
      const own = { authorization: `Bearer ${CANARIES.bearer}`, ...HEADERS }
      await using registry = httpProviders({
        providers: { mine: { dialect, baseUrl: `${server.url}/v1${QUERY}`, headers: own } },
      })
      const manager = new FailoverManager({
        profiles: [profile],
        registry,
        wait: { maxMs: 0 },
        retry: { minDelayMs: 1 },
      })
      manager.on('*', (event) => out.push(event))
      for (const stream of [true, false]) {
        manager.resetAll()
        try {
          const answered = await manager.call({ model: `mine/${model}`, stream, messages: [], max_tokens: 9 })
          for await (const _event of answered as AsyncIterable<unknown>) expect(stream).toBe(true)
          expect.unreachable('it answered')
        } catch (error) {
          expect(error).toMatchObject({ name: 'FailoverError' })
          out.push(error)
        }
      }
      out.push(manager.status())
    }
    // What was sent held every one of them.
    const sent = JSON.stringify(server.requests)
    for (const canary of [CANARIES.key, CANARIES.bearer, CANARIES.apiKey, CANARIES.cookie])
      expect(sent).toContain(canary)
    for (const [name, canary] of Object.entries(CANARIES)) {
      for (const value of out) expect(shown(value), name).not.toContain(canary)
    }
    for (const value of out) expect(shown(value)).not.toContain('canary')
  })
})

it('credentials are masked without touching what stands around them', async () => {
  await using server = await startRawServer((socket, request) => {
    socket.write(
      reply(JSON.stringify({ error: { message: 'bad', code: 1234, ok: true, got: request.headers } }), { status: 401 }),
    )
  })
  const headers = {
    authorization: 'Bearer 1234',
    'x-auth-mode': 'true',
    'anthropic-beta': 'a,b',
    cookie: 'lang=en; a=12345678',
  }
  await using registry = httpProviders({ providers: { mine: { dialect: 'openai', baseUrl: server.url, headers } } })
  const manager = new FailoverManager({ profiles: [{ id: 'mine:a' }], registry, wait: { maxMs: 0 } })
  const error = await manager.call({ model: 'mine/m' }).catch((thrown: unknown) => thrown)
  const cause = (error as Error).cause ?? error
  expect(cause).toMatchObject({
    status: 401,
    body: {
      error: {
        message: 'bad',
        code: '***',
        ok: true,
        got: {
          authorization: 'Bearer ***',
          'x-auth-mode': '***',
          'anthropic-beta': 'a,b',
          cookie: '***',
          accept: 'application/json',
        },
      },
    },
  })
})
