import { readdirSync, readFileSync } from 'node:fs'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { Dice } from '../simulation/random.ts'
import { ODD_ANSWERS, ODD_OPENAI_ANSWER, ODD_REQUESTS, ODD_STREAMS } from './fixtures/odd-bytes.ts'
import { type CannedAnswer, GatewayWorld, startRecorder } from './gateway-world.ts'

type Dialect = 'openai' | 'anthropic'

const SEED = Number(process.env.HOTSPARE_SEED ?? 20_261_122)
const CUTTINGS = 6
const MAX_BODY_BYTES = 32 * 1024 * 1024
const PATHS = { openai: '/v1/chat/completions', anthropic: '/v1/messages' }
const JSON_TYPE = { 'content-type': 'application/json' }
const EVENTS_TYPE = { 'content-type': 'text/event-stream' }
const CODINGS = [
  ['gzip', gzipSync],
  ['br', brotliCompressSync],
  ['deflate', deflateSync],
  ['zstd', zstdCompressSync],
] as const

const recordings = new URL('../fixtures/streams/', import.meta.url)
/** Their names do not say it, but these are whole answers too. */
const WHOLE_ALL_THE_SAME = ['anthropic-context-window-stop.txt', 'azure-chat-fail-content-filter.txt']
const STREAMS = [
  ...readdirSync(recordings)
    .filter((file) => file.includes('-ok-') || WHOLE_ALL_THE_SAME.includes(file))
    // Wire formats that the gateway does not serve yet.
    .filter((file) => !/^(?:gemini|openai-responses)/.test(file))
    .map((file) => [file, dialectOf(file), readFileSync(new URL(file, recordings))] as const),
  ...ODD_STREAMS.map(([what, bytes]) => [what, 'openai', Buffer.from(bytes)] as const),
]

/** A recorder that can be asked with and without the gateway between. */
async function startBoth(dialect: Dialect, toolCalls: 'hold' | 'pass' = 'hold') {
  await using started = new AsyncDisposableStack()
  let answer: CannedAnswer = { body: '' }
  const recorder = started.use(await startRecorder(() => answer))
  const providers = { main: { dialect, baseUrl: recorder.url } }
  const world = started.use(await GatewayWorld.start({ providers, manager: { stream: { toolCalls } } }))
  const stack = started.move()
  return {
    recorder,
    /** Status and body, as the provider was told to answer or as the gateway passes it on. */
    async ask(way: 'direct' | 'through', toldAnswer: CannedAnswer, isStreaming = false): Promise<string> {
      answer = toldAnswer
      const [url, model] = way === 'direct' ? [recorder.url, 'x'] : [world.gateway.url, 'main/x']
      const body = JSON.stringify({ model, max_tokens: 9, stream: isStreaming, messages: [] })
      const response = await fetch(url + PATHS[dialect], { method: 'POST', headers: JSON_TYPE, body })
      return `${response.status} ${Buffer.from(await response.arrayBuffer()).toString('latin1')}`
    },
    /** A body of the client's own, through the gateway. */
    async send(body: Buffer, headers: Readonly<Record<string, string>> = {}) {
      answer = { headers: JSON_TYPE, body: ODD_OPENAI_ANSWER }
      const url = world.gateway.url + PATHS[dialect]
      const response = await fetch(url, { method: 'POST', headers: { ...JSON_TYPE, ...headers }, body })
      return { status: response.status, said: await response.text(), request: recorder.requests.at(-1) }
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

function dialectOf(file: string): Dialect {
  return file.startsWith('anthropic') ? 'anthropic' : 'openai'
}

const singly = (bytes: Buffer): Buffer[] => Array.from(bytes, (byte) => Buffer.of(byte))

/** The same bytes in ever other pieces, cut anywhere: whole, byte by byte, and at random. */
function* cuttings(bytes: Buffer): Generator<readonly [how: string, pieces: readonly Buffer[]]> {
  yield ['whole', [bytes]]
  yield ['byte by byte', singly(bytes)]
  const dice = new Dice(SEED)
  for (let round = 1; round <= CUTTINGS; round += 1) {
    const longest = dice.magnitude(1, bytes.length)
    const pieces: Buffer[] = []
    for (let at = 0; at < bytes.length; at += pieces.at(-1)?.length ?? 0)
      pieces.push(bytes.subarray(at, at + dice.int(1, longest)))
    yield [`cut at random, round ${round} of HOTSPARE_SEED=${SEED}`, pieces]
  }
}

/** A last event that came without its blank line is given one: not every client would take it for an event. */
function withBlankLine(stream: string): string {
  return /(?:\n\n|\r\n\r\n|\r\r)$/.test(stream) ? stream : `${stream}${stream.endsWith('\n') ? '' : '\n'}\n`
}

describe.concurrent(`an answer reaches the client as its provider sent it, however it is cut (seed ${SEED})`, () => {
  it.each(STREAMS)('streamed: %s', async (_, dialect, bytes) => {
    await using both = await startBoth(dialect, 'pass')
    const direct = await both.ask('direct', { headers: EVENTS_TYPE, body: [bytes] }, true)
    expect(direct).toBe(`200 ${bytes.toString('latin1')}`)
    const expected = withBlankLine(direct)
    for (const [how, body] of cuttings(bytes))
      expect(await both.ask('through', { headers: EVENTS_TYPE, body }, true), how).toBe(expected)
    const [first, ...others] = both.recorder.requests.map(({ body }) => `${body}`)
    expect(new Set(others)).toEqual(new Set([first]))
  })

  it.each(STREAMS.filter(([, , bytes]) => /tool_(?:use|calls)/.test(bytes.toString('latin1'))))(
    'streamed, with tool calls that are held: %s, but for signs of life, which do not wait',
    async (_, dialect, bytes) => {
      await using both = await startBoth(dialect)
      const withoutSigns = (answer: string): string =>
        answer.replaceAll(/(?:event: ping\ndata: [^\n]*|:[^\n]*)\n\n/g, '')
      const direct = await both.ask('direct', { headers: EVENTS_TYPE, body: [bytes] }, true)
      for (const [how, body] of cuttings(bytes)) {
        const through = await both.ask('through', { headers: EVENTS_TYPE, body }, true)
        expect(withoutSigns(through), how).toBe(withoutSigns(direct))
      }
    },
  )

  it.each(ODD_ANSWERS)('whole: one %s', async (_, dialect, bytes) => {
    await using both = await startBoth(dialect)
    const direct = await both.ask('direct', { headers: JSON_TYPE, body: bytes })
    expect(direct).toBe(`200 ${bytes.toString('latin1')}`)
    expect(await both.ask('through', { headers: JSON_TYPE, body: bytes }), 'with its length').toBe(direct)
    for (const [how, body] of cuttings(bytes))
      expect(await both.ask('through', { headers: JSON_TYPE, body }), how).toBe(direct)
  })

  it.each([
    [400, 'application/json', '{"error" : {"message":"Bäd.\\u0021","type":"invalid_request_error"}}\r\n'],
    [422, 'application/json', '{"detail":[{"loc":["body","n"],"msg":"no","input":1e400}]}'],
    [400, 'text/plain', 'bäd request\r\n'],
    [413, 'text/html', '<html>\r\n<h1>413 Request Entity Too Large</h1></html>\n'],
  ])('refusing the request, with status %i and %s', async (status, type, text) => {
    for (const dialect of ['openai', 'anthropic'] as const) {
      await using both = await startBoth(dialect)
      const direct = await both.ask('direct', { status, headers: { 'content-type': type }, body: text })
      for (const [how, body] of cuttings(Buffer.from(text)))
        expect(await both.ask('through', { status, headers: { 'content-type': type }, body }), how).toBe(direct)
    }
  })

  it.each(CODINGS)('but decoded, where it comes as %s, which nobody asked for', async (coding, encode) => {
    const streams = STREAMS.filter(([what]) => /thinking|keepalive/.test(what))
    expect(streams).toHaveLength(2)
    for (const [, dialect, bytes] of [...ODD_ANSWERS, ...streams]) {
      await using both = await startBoth(dialect)
      const isStreaming = bytes.includes('\ndata:')
      const headers = { ...(isStreaming ? EVENTS_TYPE : JSON_TYPE), 'content-encoding': coding }
      const direct = await both.ask('direct', { headers, body: encode(bytes) }, isStreaming)
      for (const body of [encode(bytes), singly(encode(bytes))])
        expect(await both.ask('through', { headers, body }, isStreaming)).toBe(direct)
    }
  })
})

describe.concurrent('a request reaches the provider as the client sent it, but for the model', () => {
  it.for(ODD_REQUESTS)('%s', async ([, sent, arrives]) => {
    await using both = await startBoth('openai')
    const { status, said, request } = await both.send(Buffer.from(sent))
    expect(status, said).toBe(200)
    const bytes = Buffer.from(sent).toString('latin1').replace('main/x', 'x')
    const expected = arrives === undefined ? bytes : Buffer.from(arrives).toString('latin1')
    expect(request?.body.toString('latin1')).toBe(expected)
    expect(request?.headers['content-length']).toBe(`${expected.length}`)
  })

  it.each([...CODINGS, ['x-gzip', gzipSync] as const, ['GZIP', gzipSync] as const])(
    'and decoded, where it comes as %s',
    async (coding, encode) => {
      await using both = await startBoth('openai')
      const { request } = await both.send(encode('{ "model":"main/x","a":"é"}'), { 'content-encoding': coding })
      expect(request?.body.toString()).toBe('{ "model":"x","a":"é"}')
      expect(request?.headers).not.toHaveProperty('content-encoding')
    },
  )

  const sized = (bytes: number): Buffer => {
    const [before, after] = ['{"model":"main/x","a":"', '"}']
    return Buffer.from(before + 'y'.repeat(bytes - before.length - after.length) + after)
  }

  it('of 32 MiB, plain and encoded', async () => {
    await using both = await startBoth('openai')
    const body = sized(MAX_BODY_BYTES)
    const arrives = Buffer.from(body.toString().replace('main/x', 'x'))
    for (const [sent, headers] of [
      [body, {}],
      [gzipSync(body), { 'content-encoding': 'gzip' }],
    ] as const) {
      const { request, status } = await both.send(sent, headers)
      expect(status).toBe(200)
      expect(request?.body.equals(arrives)).toBe(true)
    }
    expect(both.recorder.requests).toHaveLength(2)
  })

  it('and not at all, but is answered 413, where it is one byte larger', async () => {
    await using both = await startBoth('openai')
    const body = sized(MAX_BODY_BYTES + 1)
    for (const [sent, headers] of [
      [body, {}],
      [gzipSync(body), { 'content-encoding': 'gzip' }],
    ] as const) {
      const { said, status } = await both.send(sent, headers)
      expect(status).toBe(413)
      expect(JSON.parse(said).error).toMatchObject({ code: 'body_too_large' })
    }
    expect(both.recorder.requests).toHaveLength(0)
  })
})
