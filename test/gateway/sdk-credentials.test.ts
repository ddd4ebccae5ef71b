import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { CLIENT_KEY, GatewayWorld, type RecordedRequest, startRecorder } from './gateway-world.ts'

const MESSAGES = [{ role: 'user' as const, content: 'Go on.' }]
/** Node takes and gives header values byte by byte, as latin1. */
const LATIN1 = 'Z\u00fcrich'
const UTF8 = Buffer.from('東京').toString('latin1')
const CLIENT = { name: 'app', key: CLIENT_KEY }

/** Either dialect's provider, which says yes to everything. */
async function startBoth() {
  await using started = new AsyncDisposableStack()
  const provider = started.use(
    await startRecorder(({ path }) => ({
      headers: { 'content-type': 'application/json', 'set-cookie': 'session=1', 'x-latin1': LATIN1, 'x-utf8': UTF8 },
      body: path.startsWith('/v1/messages')
        ? '{"type":"message","content":[{"type":"text","text":"a"}],"stop_reason":"end_turn"}'
        : '{"choices":[{"index":0,"message":{"role":"assistant","content":"a"},"finish_reason":"stop"}]}',
    })),
  )
  const world = started.use(
    await GatewayWorld.start({
      providers: {
        openai: { dialect: 'openai', baseUrl: provider.url, keys: ['sk-profile-o'] },
        anthropic: { dialect: 'anthropic', baseUrl: provider.url, keys: ['sk-profile-a'] },
      },
      gateway: { clients: [CLIENT] },
    }),
  )
  const stack = started.move()
  return { provider, world, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

/** A request whose header lines go out exactly as they stand here. */
async function send(url: string, rawHeaders: readonly string[], body: string): Promise<IncomingMessage> {
  const request = httpRequest(url, { method: 'POST' })
  const { host } = new URL(url)
  const lines = [...rawHeaders, 'host', host, 'content-length', `${Buffer.byteLength(body)}`]
  for (let index = 0; index < lines.length; index += 2) request.appendHeader(lines[index] ?? '', lines[index + 1] ?? '')
  // As bytes: with a text behind it, node:http writes the head in UTF-8.
  request.end(Buffer.from(body))
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  await buffer(response)
  return response
}

/** The values of every line of this name. */
function linesOf(request: RecordedRequest | undefined, name: string): string[] {
  const { rawHeaders = [] } = request ?? {}
  return rawHeaders.flatMap((line, index) =>
    index % 2 === 0 && line.toLowerCase() === name ? (rawHeaders[index + 1] ?? '') : [],
  )
}

const everything = (request: RecordedRequest | undefined): string =>
  JSON.stringify({ ...request, body: `${request?.body}` })

describe.concurrent('the client’s own credentials stay behind, and the profile’s key goes', () => {
  it('with the openai SDK', async () => {
    await using both = await startBoth()
    const client = both.world.openai({
      organization: 'org-of-the-client',
      project: 'project-of-the-client',
      defaultHeaders: { cookie: 'session=of-the-client', 'x-api-key': CLIENT_KEY, 'api-key': CLIENT_KEY },
    })
    const { response } = await client.chat.completions.create({ model: 'openai/x', messages: MESSAGES }).withResponse()
    expect(response.headers.has('set-cookie')).toBe(false)
    const [request] = both.provider.requests
    expect(linesOf(request, 'authorization')).toEqual(['Bearer sk-profile-o'])
    expect(everything(request)).not.toContain('of-the-client')
    expect(everything(request)).not.toContain(CLIENT_KEY)
  })

  it.for([
    ['as a bearer token', { apiKey: null, authToken: CLIENT_KEY }],
    ['as x-api-key', { apiKey: CLIENT_KEY, authToken: null }],
  ] as const)('with the Anthropic SDK, which shows its key %s', async ([, key]) => {
    await using both = await startBoth()
    const client = both.world.anthropic({ ...key, defaultHeaders: { cookie: 'session=of-the-client' } })
    await client.messages.create({ model: 'anthropic/x', max_tokens: 10, messages: MESSAGES })
    const [request] = both.provider.requests
    expect(linesOf(request, 'x-api-key')).toEqual(['sk-profile-a'])
    expect(linesOf(request, 'authorization')).toEqual([])
    expect(everything(request)).not.toContain('of-the-client')
    expect(everything(request)).not.toContain(CLIENT_KEY)
  })

  it('where the key is in the query, whose other parts go on as they are', async () => {
    await using both = await startBoth()
    const url = `${both.world.gateway.url}/v1/messages?beta=true&key=${CLIENT_KEY}&x=%20a+b`
    const body = JSON.stringify({ model: 'anthropic/x', max_tokens: 10, messages: MESSAGES })
    expect((await send(url, ['content-type', 'application/json'], body)).statusCode).toBe(200)
    expect(both.provider.requests[0]?.path).toBe('/v1/messages?beta=true&x=%20a+b')
  })

  it('in every writing of their names, while other lines keep their repetitions', async () => {
    await using both = await startBoth()
    const lines: readonly (readonly [name: string, value: string])[] = [
      ['Content-Type', 'application/json'],
      ['AUTHORIZATION', `Bearer ${CLIENT_KEY}`],
      ['X-Api-Key', 'another'],
      ['Cookie', 'a=1'],
      ['Proxy-Authorization', 'x'],
      ['Connection', 'keep-alive, X-Hop'],
      ['X-Hop', '1'],
      ['X-Forwarded-For', '10.0.0.1'],
      ['X-Hotspare-Session', 's'],
      ['Anthropic-Beta', 'flag-1'],
      ['X-Novelty', 'a'],
      ['Anthropic-Beta', 'flag-2, flag-1'],
      ['Anthropic-Beta', 'flag-1'],
    ]
    const body = JSON.stringify({ model: 'anthropic/x', max_tokens: 10, messages: MESSAGES })
    expect((await send(`${both.world.gateway.url}/v1/messages`, lines.flat(), body)).statusCode).toBe(200)
    const [request] = both.provider.requests
    expect(linesOf(request, 'anthropic-beta')).toEqual(['flag-1', 'flag-2, flag-1', 'flag-1'])
    expect(linesOf(request, 'x-api-key')).toEqual(['sk-profile-a'])
    const names = new Set(request?.rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase()))
    expect([...names].sort()).toEqual([
      'accept-encoding',
      'anthropic-beta',
      'anthropic-version',
      'connection',
      'content-length',
      'content-type',
      'host',
      'x-api-key',
      'x-novelty',
    ])
  })
})

describe.concurrent('header values beyond ASCII', () => {
  it('arrive upstream, and reach the client, byte for byte', async () => {
    await using both = await startBoth()
    const body = JSON.stringify({ model: 'openai/x', messages: MESSAGES })
    const lines = ['content-type', 'application/json', 'x-api-key', CLIENT_KEY, 'x-latin1', LATIN1, 'x-utf8', UTF8]
    const { headers } = await send(`${both.world.gateway.url}/v1/chat/completions`, lines, body)
    expect(headers).toMatchObject({ 'x-latin1': LATIN1, 'x-utf8': UTF8 })
    expect(both.provider.requests[0]?.headers).toMatchObject({ 'x-latin1': LATIN1, 'x-utf8': UTF8 })
  })
})
