import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FaultProvider, faults, startFaultProvider } from '../../src/testing/index.ts'
import { chunk } from '../support/raw-server.ts'
import { GatewayWorld } from './gateway-world.ts'
import { bodyFor, bodyOf, bothAt, DIALECTS, errorShape, exchangeRaw, RawClient, requestBytes } from './raw-client.ts'

const MAX_BYTES = 65_536
const BOMB = Buffer.from(bodyFor('openai/m', { padding: 'x'.repeat(20 * 1024 * 1024) }))

let provider: FaultProvider
let world: GatewayWorld
beforeAll(async () => {
  provider = await startFaultProvider()
  world = await GatewayWorld.start({ providers: bothAt(provider.url), gateway: { maxBodyBytes: MAX_BYTES } })
})
afterAll(async () => {
  expect(provider.attempts).toEqual([])
  await world[Symbol.asyncDispose]()
  await provider.close()
})

interface Sent {
  readonly body?: string | Buffer
  readonly headers?: Readonly<Record<string, string>>
}

const json = (value: unknown): Sent => ({ body: JSON.stringify(value) })
const withHeaders = (headers: Readonly<Record<string, string>>): Sent => ({ headers })
const bomb = (coding: string, bytes: Buffer): Sent => ({ body: bytes, headers: { 'content-encoding': coding } })

const BAD: readonly (readonly [what: string, status: number, message: RegExp, sent: Sent])[] = [
  ['JSON that breaks off', 400, /^the body must be a JSON object: .+ \(byte 12\)$/, { body: '{"model":"m"' }],
  ['JSON with a mistake in it', 400, /comma or } is expected \(byte 14\)/, { body: '{"model": "m" "stream": true}' }],
  ['an empty body', 400, /JSON object: it is empty/, { body: '' }],
  ['a list', 400, /an object is expected \(byte 0\)/, json([])],
  ['null', 400, /an object is expected/, json(null)],
  ['a text', 400, /an object is expected/, json('model')],
  ['a body that is no UTF-8', 400, /not UTF-8 \(byte 10\)/, { body: Buffer.from('{"model":"\xff"}', 'latin1') }],
  ['no model', 400, /names no model; model must be a route or provider\/model/, json({ stream: true })],
  [
    'an empty model',
    400,
    /^model must be a text of 1 to 1000 characters: a route or provider\/model$/,
    json({ model: '' }),
  ],
  [
    'a blank model',
    400,
    /^model must be a text of 1 to 1000 characters: a route or provider\/model$/,
    json({ model: ' ' }),
  ],
  ['a model that is a number', 400, /model must be a text/, json({ model: 5 })],
  ['a model that is null', 400, /model must be a text/, json({ model: null })],
  ['a model that is an object', 400, /model must be a text/, json({ model: { id: 'm' } })],
  ['a model of endless name', 400, /model must be a text of 1 to 1000/, json({ model: 'm'.repeat(1_001) })],
  ['an unknown model', 404, /"?nobody\/gpt"?/, json({ model: 'nobody/gpt' })],
  ['two models', 400, /has model twice; it may be there once/, { body: '{"model":"openai/a","model":"anthropic/b"}' }],
  ['two models, one of them escaped', 400, /has model twice/, { body: '{"model":"a","x":1,"\\u006dod\\u0065l":"b"}' }],
  ['models twice', 400, /has models twice/, { body: '{"models":["a"],"models":["b"]}' }],
  [
    'models that is a text',
    400,
    /^models must be a list of texts of 1 to 1000 characters: routes or provider\/model$/,
    json({ model: 'm', models: 'm' }),
  ],
  ['models with a number in it', 400, /models must be a list of texts/, json({ models: ['openai/m', 5] })],
  ['models with an empty text', 400, /models must be a list of texts/, json({ models: [''] })],
  ['models that is an object', 400, /models must be a list of texts/, json({ models: { 0: 'openai/m' } })],
  ['too many models', 400, /^models has 500 entries; at most \d+ are allowed$/, json({ models: Array(500).fill('m') })],
  [
    'too many fallbacks',
    400,
    /^x-hotspare-fallbacks names too much; at most/,
    withHeaders({ 'x-hotspare-fallbacks': 'm,'.repeat(500) }),
  ],
  ['models without any', 400, /names no model/, json({ models: [] })],
  ['a gzip bomb', 413, /more than 65536 bytes \(server\.maxBodyBytes\)/, bomb('gzip', gzipSync(BOMB))],
  ['a deflate bomb', 413, /more than 65536 bytes/, bomb('deflate', deflateSync(BOMB))],
  ['a brotli bomb', 413, /more than 65536 bytes/, bomb('br', brotliCompressSync(BOMB))],
  ['a zstd bomb', 413, /more than 65536 bytes/, bomb('zstd', zstdCompressSync(BOMB))],
  ['a body that is no gzip', 400, /the body is not gzip/, bomb('gzip', Buffer.from(bodyFor('openai/m')))],
  ['half a gzip', 400, /the body is not gzip/, bomb('gzip', gzipSync(bodyFor('openai/m')).subarray(0, 30))],
  [
    'an unknown coding',
    415,
    /"snappy" is not known; allowed are gzip, /,
    withHeaders({ 'content-encoding': 'snappy' }),
  ],
  ['two codings', 415, /"gzip, br" is not known/, withHeaders({ 'content-encoding': 'gzip, br' })],
  ['a body without a type', 415, /there is no content-type; it must be/, withHeaders({ 'content-type': '' })],
  ['a deadline of two days', 400, /from 1 to 86400000/, withHeaders({ 'x-hotspare-deadline-ms': '172800000' })],
  ['a form', 415, /must be application\/json/, withHeaders({ 'content-type': 'application/x-www-form-urlencoded' })],
  ...['soon', '', '0', '-5', '1e3', 'Infinity', '5, 6'].map((ms) => {
    const sent = withHeaders({ 'x-hotspare-deadline-ms': ms })
    return [`a deadline of "${ms}"`, 400, /must be a number of milliseconds from 1 to 86400000/, sent] as const
  }),
]

interface Seen {
  readonly status: number
  readonly head: string
  readonly body: unknown
}

async function seen(bytes: string | Buffer): Promise<Seen> {
  const answer = await exchangeRaw(world.gateway.port, bytes)
  const head = answer.slice(0, answer.indexOf('\r\n\r\n') + 2).toLowerCase()
  return { status: Number(answer.slice(9, 12)), head, body: bodyOf(answer) }
}

describe.concurrent.each(DIALECTS)('in the dialect $dialect', ({ dialect, path }) => {
  const close = { connection: 'close' }
  const tooLarge = errorShape(dialect, /^the body has more than 65536 bytes \(server\.maxBodyBytes\)$/)

  it.each(BAD)('%s is refused with %i', async (_what, status, message, { body = bodyFor('m'), headers }) => {
    const answer = await seen(requestBytes(path, body, { ...close, ...headers }))
    expect(answer.body).toEqual(errorShape(dialect, message))
    expect(answer.status).toBe(status)
    expect(answer.head).toContain('\r\ncontent-type: application/json\r\n')
    expect(answer.head).toMatch(/\r\nx-hotspare-request-id: [\w-]+\r\nx-hotspare-attempts: 0\r\n/)
  })

  it.each([
    ['GET', path, 405, /^GET is not allowed here; allowed: POST$/, 'allow: post'],
    ['DELETE', `${path}?beta=true`, 405, /^DELETE is not allowed here; allowed: POST$/, 'allow: post'],
    [
      'POST',
      `${path}/batches`,
      404,
      /does not serve POST .+; it serves POST \/v1\/chat\/completions, POST \/v1\/me/,
      '',
    ],
    [
      'POST',
      path.slice('/v1'.length),
      404,
      /; did you mean \/v1\/.+\? The base URL of an OpenAI client ends in \/v1;/,
      '',
    ],
    ['GET', '/v1/models/nobody', 404, /^there is no model "nobody" here$/, ''],
    ['POST', '/v1/models', 405, /^POST is not allowed here; allowed: GET, HEAD$/, 'allow: get, head'],
  ])('%s %s is refused with %i', async (method, target, status, message, header) => {
    const asks = dialect === 'anthropic' ? 'anthropic-version: 2023-06-01\r\n' : ''
    const answer = await seen(`${method} ${target} HTTP/1.1\r\nhost: 127.0.0.1\r\n${asks}connection: close\r\n\r\n`)
    expect(answer.body).toEqual(errorShape(dialect, message))
    expect(answer.status).toBe(status)
    expect(answer.head).toContain(header)
  })

  it.each([
    ['without waiting for any of it', {}],
    ['without asking for it', { expect: '100-continue' }],
  ])('a body that is announced too large is refused %s', async (_how, headers) => {
    using client = new RawClient(world.gateway.port)
    client.socket.write(requestBytes(path, '', { ...headers, 'content-length': `${MAX_BYTES + 1}` }))
    await client.sees(() => client.received.endsWith('}'))
    expect(client.received).toMatch(/^HTTP\/1\.1 413 /)
    expect(bodyOf(client.received)).toEqual(tooLarge)
  })

  it('a body that turns out too large is refused while it is still being sent', async () => {
    using client = new RawClient(world.gateway.port)
    client.socket.write(requestBytes(path, '', { 'transfer-encoding': 'chunked' }))
    for (let sent = 0; sent <= MAX_BYTES; sent += 16_384) client.socket.write(chunk(' '.repeat(16_384)))
    await client.sees('body_too_large')
    // It goes on sending as if it had not looked yet: its connection is not torn from it.
    await new Promise<void>((resolve, reject) => {
      client.socket.write(chunk(' '.repeat(262_144)), (error) => (error ? reject(error) : resolve()))
    })
    client.socket.end(chunk(''))
    const answer = await client.closed()
    expect(answer).toMatch(/^HTTP\/1\.1 413 .+\r\nconnection: close\r\n/s)
    expect(bodyOf(answer)).toEqual(tooLarge)
  })

  it('who looks only after sending far too much still gets the answer', async () => {
    using client = new RawClient(world.gateway.port)
    client.socket.pause()
    await new Promise((resolve) => client.socket.write(requestBytes(path, Buffer.alloc(900_000)), resolve))
    client.socket.resume()
    expect(bodyOf(await client.closed())).toEqual(tooLarge)
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${world.gateway.url}${path}`, { method: 'POST', headers, body: ' '.repeat(8_000_000) })
    expect(answer.status).toBe(413)
    expect(await answer.json()).toEqual(tooLarge)
  })
})

describe.concurrent('what is no HTTP', () => {
  const head = 'POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\n'
  it.each([
    ['garbage', 400, /^this is not valid HTTP$/, 'hello there\r\n\r\n'],
    ['the beginning of TLS', 400, /^this is not valid HTTP$/, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['HTTP/2', 400, /^this is not valid HTTP$/, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['two lengths', 400, /^this is not valid HTTP$/, `${head}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`],
    [
      'a length and chunks',
      400,
      /not valid/,
      `${head}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['oversized headers', 431, /^the request headers are too large$/, `${head}x-large: ${'x'.repeat(20_000)}\r\n\r\n`],
    ['an oversized address', 431, /^the request headers are too large$/, `GET /${'x'.repeat(20_000)} HTTP/1.1\r\n\r\n`],
  ])('%s is refused with %i', async (_what, status, message, bytes) => {
    const answer = await seen(Buffer.from(bytes, 'latin1'))
    expect(answer.body).toEqual(errorShape('openai', message))
    expect(answer.status).toBe(status)
    expect(answer.head).toContain('\r\nconnection: close\r\n')
  })

  it('is refused in the dialect of the path where there is one', async () => {
    const answer = await seen(`${head}content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}`)
    expect(answer).toMatchObject({ status: 400, body: errorShape('anthropic', /^this is not valid HTTP$/) })
  })

  it.each([
    ['an address with its host', 'POST http://any.test/v1/messages HTTP/1.1', 415],
    ['a server as a whole', 'OPTIONS * HTTP/1.1', 404],
    ['no host', 'GET /v1/models HTTP/1.1', 200],
    ['a host that is none', 'GET /v1/nothing HTTP/1.1\r\nhost: a b/c', 404],
    ['an expectation that is not known', 'GET /healthz HTTP/1.1\r\nexpect: miracles', 200],
  ])('%s is understood', async (_what, first, status) => {
    const type = first.startsWith('POST') ? 'content-type: text/plain\r\n' : ''
    const answer = await seen(`${first}\r\n${type}content-length: 0\r\nconnection: close\r\n\r\n`)
    expect(answer.status).toBe(status)
    if (status >= 400) expect(answer.body).toHaveProperty('error')
  })

  it('is not answered in the midst of an answer', async () => {
    await using slow = await startFaultProvider({ tokenDelayMs: 5 })
    await using busy = await GatewayWorld.start({ providers: bothAt(slow.url) })
    using client = new RawClient(busy.gateway.port)
    client.socket.write(requestBytes('/v1/chat/completions', bodyFor('openai/m', { stream: true })))
    await client.sees('data: ')
    client.socket.write('hello there\r\n\r\n')
    expect(await client.closed()).not.toContain('this is not valid HTTP')
    await slow.idle()
    expect(busy.manager.status().profiles.map(({ inFlight }) => inFlight)).toEqual([0, 0])
  })

  it('is not answered a second time where a body that was refused breaks off', async () => {
    using client = new RawClient(world.gateway.port)
    client.socket.write(requestBytes('/v1/messages', '', { 'content-length': `${MAX_BYTES + 1}` }))
    await client.sees('body_too_large')
    client.socket.end()
    expect(await client.closed()).not.toContain('this is not valid HTTP')
  })
})

it.each(['good\ud800', 'bad\ud800'])(
  'a model named %j, which no header can carry, harms nobody',
  async (model) => {
    await using picky = await startFaultProvider({
      script: [{ when: (request) => request.model?.startsWith('bad') === true, fault: faults.invalidRequest() }],
    })
    await using own = await GatewayWorld.start({ providers: bothAt(picky.url) })
    const headers = { connection: 'close' }
    const answer = await exchangeRaw(
      own.gateway.port,
      requestBytes('/v1/messages', bodyFor(`anthropic/${model}`), headers),
    )
    expect(answer).toMatch(/^HTTP\/1\.1 (?:200|400) /)
    expect(own.manager.status().profiles.map(({ inFlight }) => inFlight)).toEqual([0, 0])
  },
  5_000,
)
