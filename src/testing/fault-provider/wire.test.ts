import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { settle } from '../../engine/clock.ts'
import { DEFAULT_ANSWER, splitTokens } from './answer.ts'
import type { Fault } from './fault.ts'
import { faults } from './named-faults.ts'
import type { FaultProviderOptions } from './options.ts'
import { PREFILL_MODES } from './prefill.ts'
import { type FaultProvider, startFaultProvider } from './server.ts'

const TOKENS = splitTokens(DEFAULT_ANSWER)
const DIALECTS = ['openai', 'anthropic'] as const
type Dialect = (typeof DIALECTS)[number]

const open: FaultProvider[] = []
afterEach(async () => {
  for (const provider of open.splice(0)) await provider.close()
})

async function start(options: FaultProviderOptions = {}): Promise<FaultProvider> {
  const provider = await startFaultProvider(options)
  open.push(provider)
  return provider
}

/** A provider with one fault for all, asked once. */
async function askWith(fault: Fault, dialect: Dialect, stream: boolean) {
  const provider = await start({ script: [{ fault }] })
  const answer = await ask(provider, { dialect, stream })
  await provider.idle()
  const [attempt] = provider.attempts
  return { ...answer, attempt, provider }
}

interface Question {
  readonly dialect?: Dialect
  readonly stream?: boolean
  readonly model?: string
  readonly body?: Record<string, unknown>
  readonly headers?: Record<string, string>
  /** Leave once so many bytes came. */
  readonly leaveAfterBytes?: number
}

/** Reads what is really on the wire: how the connection ended, and every chunk as it was written. */
function ask(provider: FaultProvider, question: Question = {}) {
  const { dialect = 'openai', stream = false, model = 'm', leaveAfterBytes = Number.POSITIVE_INFINITY } = question
  const body = JSON.stringify({
    model,
    stream,
    max_tokens: 1000,
    messages: [{ role: 'user', content: 'hi' }],
    ...(dialect === 'openai' && stream ? { stream_options: { include_usage: true } } : {}),
    ...question.body,
  })
  const { hostname, port } = new URL(provider.url)
  return new Promise<ReturnType<typeof parse>>((resolve) => {
    const socket = connect(Number(port), hostname)
    const received: Buffer[] = []
    let endedBy = 'nothing'
    socket.on('data', (data) => {
      received.push(data)
      if (Buffer.concat(received).length >= leaveAfterBytes) socket.destroy()
    })
    socket.on('end', () => {
      endedBy = 'fin'
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      endedBy = error.code ?? 'error'
    })
    socket.on('close', () => resolve(parse(Buffer.concat(received), endedBy)))
    const headers = {
      host: 'x',
      connection: 'close',
      'content-length': `${Buffer.byteLength(body)}`,
      ...question.headers,
    }
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    const path = dialect === 'openai' ? '/v1/chat/completions' : '/v1/messages'
    socket.write(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`)
    if (leaveAfterBytes === 0) void arrivalAt(provider).then(() => socket.destroy())
  })
}

/** Resolves once a request has come in. */
async function arrivalAt(provider: FaultProvider): Promise<void> {
  const before = provider.attempts.length
  while (provider.attempts.length === before) await settle()
}

function parse(raw: Buffer, endedBy: string) {
  const border = raw.indexOf('\r\n\r\n')
  const [statusLine = '', ...lines] = raw.subarray(0, Math.max(0, border)).toString().split('\r\n')
  const headers = Object.fromEntries(
    lines.map((line) =>
      line
        .toLowerCase()
        .split(/: (.*)/s)
        .slice(0, 2),
    ),
  )
  const rest = border < 0 ? Buffer.alloc(0) : raw.subarray(border + 4)
  const status = Number(statusLine.split(' ')[1])
  if (headers['transfer-encoding'] !== 'chunked') {
    const isComplete = rest.length === Number(headers['content-length'])
    return { status, headers, endedBy, chunks: [rest.toString()], body: rest, text: rest.toString(), isComplete }
  }
  const chunks: Buffer[] = []
  let isComplete = false
  for (let at = 0; at < rest.length && !isComplete; ) {
    const lineEnd = rest.indexOf('\r\n', at)
    const size = Number.parseInt(rest.subarray(at, lineEnd).toString(), 16)
    isComplete = size === 0
    if (size > 0) chunks.push(rest.subarray(lineEnd + 2, lineEnd + 2 + size))
    at = lineEnd + 2 + size + 2
  }
  const body = Buffer.concat(chunks)
  return { status, headers, endedBy, chunks: chunks.map(String), body, text: body.toString(), isComplete }
}

interface StreamEvent {
  readonly choices?: readonly { readonly delta: { readonly content?: string } }[]
  readonly delta?: { readonly text?: string }
}

/** The events' data, without what is not JSON. */
function events(text: string): StreamEvent[] {
  return text.split('\n').flatMap((line) => {
    try {
      return line.startsWith('data: {') ? [JSON.parse(line.slice(6))] : []
    } catch {
      return []
    }
  })
}

/** The answer's text, streamed or not, of either dialect. */
function said(text: string): string {
  const one = text.startsWith('{') ? JSON.parse(text) : undefined
  if (one?.choices) return one.choices[0].message.content
  if (one?.content) return one.content.map((block: { text?: string }) => block.text ?? '').join('')
  return events(text)
    .map(({ choices, delta }) => choices?.[0]?.delta.content ?? delta?.text ?? '')
    .join('')
}

const FORMS = DIALECTS.flatMap((dialect) => [false, true].map((stream) => ({ dialect, stream })))
const STREAMS = DIALECTS.map((dialect) => ({ dialect, stream: true }))

describe.each(FORMS)('$dialect, stream: $stream', ({ dialect, stream }) => {
  it('answers with sixty tokens and usage', async () => {
    const { status, text, isComplete, attempt, headers } = await askWith({}, dialect, stream)
    expect(status).toBe(200)
    expect(headers['content-type']).toContain(stream ? 'text/event-stream' : 'application/json')
    expect(said(text)).toBe(DEFAULT_ANSWER)
    expect(text).toMatch(dialect === 'openai' ? /"completion_tokens":60/ : /"output_tokens":60/)
    expect(isComplete).toBe(true)
    expect(attempt).toMatchObject({ outcome: 'completed', tokensSent: 60, status: 200, model: 'm', stream, dialect })
    expect(attempt?.bytesSent).toBe(Buffer.byteLength(text))
  })

  it('answers an error status in its own words', async () => {
    const { status, text, isComplete } = await askWith({ status: 503 }, dialect, stream)
    expect({ status, isComplete }).toEqual({ status: 503, isComplete: true })
    expect(JSON.parse(text)).toMatchObject(dialect === 'openai' ? { error: { code: null } } : { type: 'error' })
  })

  it('sends status, headers and body of your choice', async () => {
    const fault = { status: 418, headers: { 'x-tea': 'green' }, body: { short: 'stout' } }
    const { status, headers, text } = await askWith(fault, dialect, stream)
    expect({ status, tea: headers['x-tea'], text }).toEqual({ status: 418, tea: 'green', text: '{"short":"stout"}' })
  })

  it('says an error with HTTP 200', async () => {
    const { status, text } = await askWith(faults.okWithError('overloaded'), dialect, stream)
    expect(status).toBe(200)
    const said = stream ? events(text) : [JSON.parse(text)]
    expect(said).toHaveLength(1)
    expect(said[0]).toHaveProperty('error')
  })

  it('sends an empty 200', async () => {
    const { status, text, isComplete } = await askWith(faults.emptyBody(), dialect, stream)
    expect({ status, text, isComplete }).toEqual({ status: 200, text: '', isComplete: true })
  })

  it('sends a gateway’s HTML page', async () => {
    const { status, headers, text } = await askWith(faults.badGateway(), dialect, stream)
    expect({ status, type: headers['content-type'] }).toEqual({ status: 502, type: 'text/html; charset=utf-8' })
    expect(text).toContain('<h1>502 Bad Gateway</h1>')
  })

  it('resets the connection before headers', async () => {
    const { endedBy, status, attempt } = await askWith(faults.resetBeforeHeaders(), dialect, stream)
    expect({ endedBy, status }).toEqual({ endedBy: 'ECONNRESET', status: Number.NaN })
    expect(attempt?.outcome).toBe('reset')
    expect(attempt).not.toHaveProperty('status')
  })

  it('closes the connection before headers', async () => {
    const { endedBy, status, attempt } = await askWith(faults.cutBeforeHeaders(), dialect, stream)
    expect({ endedBy, status, outcome: attempt?.outcome }).toEqual({
      endedBy: 'fin',
      status: Number.NaN,
      outcome: 'cut',
    })
  })

  it.each([0, 1, 100, 437])('cuts and resets at byte %i exactly', async (bytes) => {
    const cut = await askWith(faults.cutAtByte(bytes), dialect, stream)
    expect({ length: cut.body.length, endedBy: cut.endedBy, isComplete: cut.isComplete }).toEqual({
      length: bytes,
      endedBy: 'fin',
      isComplete: false,
    })
    expect(cut.attempt).toMatchObject({ outcome: 'cut', bytesSent: bytes, status: 200 })
    const reset = await askWith(faults.resetAtByte(bytes), dialect, stream)
    expect({ length: reset.body.length, endedBy: reset.endedBy }).toEqual({ length: bytes, endedBy: 'ECONNRESET' })
    expect(reset.attempt).toMatchObject({ outcome: 'reset', bytesSent: bytes })
    const end = await askWith(faults.endAtByte(bytes), dialect, stream)
    expect({ length: end.body.length, isComplete: end.isComplete }).toEqual({ length: bytes, isComplete: true })
    expect(end.attempt).toMatchObject({ outcome: 'completed', bytesSent: bytes })
  })

  it('does nothing where the answer ends before the place of the fault', async () => {
    for (const fault of [faults.cutAfter(61), faults.resetAtByte(1_000_000), faults.malformedAfter(61)]) {
      const { text, isComplete } = await askWith(fault, dialect, stream)
      expect({ said: said(text), isComplete }).toEqual({ said: DEFAULT_ANSWER, isComplete: true })
    }
  })

  it('breaks off after 40 tokens', async () => {
    const { text, isComplete, attempt } = await askWith(faults.cutAfter(40), dialect, stream)
    expect(isComplete).toBe(false)
    expect(attempt).toMatchObject({ outcome: 'cut', status: 200 })
    if (stream) expect(said(text)).toBe(TOKENS.slice(0, 40).join(''))
    else expect(() => JSON.parse(text)).toThrow()
  })

  it('stays silent, and notices the client leave', async () => {
    const provider = await start({ script: [{ fault: faults.silent() }] })
    const { body } = await ask(provider, { dialect, stream, leaveAfterBytes: 0 })
    await provider.idle()
    expect(body).toHaveLength(0)
    expect(provider.attempts[0]?.outcome).toBe('client_hung_up')
  })

  it('stalls in the middle and goes on', async () => {
    const { text } = await askWith(faults.stallAfter(20, 5), dialect, stream)
    expect(said(text)).toBe(DEFAULT_ANSWER)
  })

  it('counts requests, then is healthy', async () => {
    const provider = await start({ models: { m: [faults.once({ status: 500 }), faults.times(2, { status: 429 })] } })
    const statuses = []
    for (let i = 0; i < 5; i++) statuses.push((await ask(provider, { dialect, stream })).status)
    expect(statuses).toEqual([500, 429, 429, 200, 200])
  })

  it.each(PREFILL_MODES)('takes a prefill as told: %s', async (prefill) => {
    const provider = await start({ prefill })
    const given = TOKENS.slice(0, 40).join('').trimEnd()
    const messages = [
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: given },
    ]
    const { status, text } = await ask(provider, { dialect, stream, body: { messages } })
    if (prefill === 'reject') expect({ status, text }).toMatchObject({ status: 400, text: /prefill/ })
    else expect(said(text)).toBe(prefill === 'continue' ? DEFAULT_ANSWER.slice(given.length) : DEFAULT_ANSWER)
    const other = [{ role: 'assistant', content: 'not a prefix' }]
    if (prefill === 'continue')
      expect(said((await ask(provider, { dialect, stream, body: { messages: other } })).text)).toBe(DEFAULT_ANSWER)
  })
})

describe.each(STREAMS)('$dialect stream', ({ dialect, stream }) => {
  it('writes one token at a time', async () => {
    const { chunks } = await askWith({}, dialect, stream)
    expect(chunks.filter((chunk) => said(chunk) !== '').map(said)).toEqual(TOKENS)
  })

  it.each([0, 1, 40, 60])('ends, cuts and resets after %i tokens exactly', async (tokens) => {
    for (const [fault, endedBy, isComplete] of [
      [faults.endAfter(tokens), 'fin', true],
      [faults.cutAfter(tokens), 'fin', false],
      [faults.resetAfter(tokens), 'ECONNRESET', false],
    ] as const) {
      const answer = await askWith(fault, dialect, stream)
      expect(said(answer.text)).toBe(TOKENS.slice(0, tokens).join(''))
      expect(answer.text).not.toMatch(/DONE|message_stop|"finish_reason":"|message_delta/)
      expect({ endedBy: answer.endedBy, isComplete: answer.isComplete }).toEqual({ endedBy, isComplete })
      expect(answer.attempt?.tokensSent).toBe(tokens)
    }
  })

  it('puts a malformed event in, without losing a token', async () => {
    const { chunks, text } = await askWith(faults.malformedAfter(3), dialect, stream)
    expect(said(text)).toBe(DEFAULT_ANSWER)
    const broken = chunks.filter((chunk) => events(chunk).length === 0 && !chunk.includes('[DONE]'))
    expect(broken).toHaveLength(1)
    expect(chunks.indexOf(broken[0] ?? '')).toBe(chunks.findIndex((chunk) => said(chunk) === TOKENS[2]) + 1)
  })

  it('puts an error event in the middle and ends', async () => {
    const { text, isComplete } = await askWith(faults.errorAfter(5), dialect, stream)
    expect(said(text)).toBe(TOKENS.slice(0, 5).join(''))
    expect(events(text).at(-1)).toHaveProperty('error')
    expect(isComplete).toBe(true)
  })

  it('says an error of your choice after the opening event', async () => {
    const { text } = await askWith({ errorAfterTokens: 0, body: { error: { code: 1302 } } }, dialect, stream)
    expect(events(text).slice(1)).toEqual([{ error: { code: 1302 } }])
    expect(said(text)).toBe('')
  })

  it('leaves out terminal events', async () => {
    const done = /DONE|message_stop/
    const finish = /"finish_reason":"stop"|end_turn/
    const noDone = await askWith(faults.noDone(), dialect, stream)
    expect(noDone.text).toMatch(finish)
    expect(noDone.text).not.toMatch(done)
    expect(noDone.isComplete).toBe(true)
    const noFinish = await askWith(faults.noFinish(), dialect, stream)
    expect(noFinish.text).not.toMatch(done)
    expect(noFinish.text).not.toMatch(finish)
    const noUsage = await askWith({ omitUsage: true }, dialect, stream)
    expect(noUsage.text).not.toContain('output_tokens')
    expect(noUsage.text).not.toContain('completion_tokens')
  })

  it('stays open after the last event', async () => {
    const provider = await start({ script: [{ fault: { omitDone: true, stayOpen: true } }] })
    const whole = (await askWith({ omitDone: true }, dialect, stream)).body.length
    const { text, isComplete } = await ask(provider, { dialect, stream, leaveAfterBytes: whole })
    await provider.idle()
    expect({ said: said(text), isComplete }).toEqual({ said: DEFAULT_ANSWER, isComplete: false })
    expect(provider.attempts[0]).toMatchObject({ outcome: 'client_hung_up', tokensSent: 60 })
  })

  it('notices the client leave in the middle of an answer', async () => {
    const provider = await start({ tokenDelayMs: 5 })
    await ask(provider, { dialect, stream, leaveAfterBytes: 1500 })
    await provider.idle()
    const [attempt] = provider.attempts
    expect(attempt?.outcome).toBe('client_hung_up')
    expect(attempt?.tokensSent).toBeLessThan(60)
    expect(attempt?.endedAt).toBeGreaterThanOrEqual(attempt?.at ?? 0)
  })

  it('sends only keep-alives while it waits', async () => {
    const { text } = await askWith({ firstTokenDelayMs: 55, pingEveryMs: 10 }, dialect, stream)
    const pings = text.match(dialect === 'openai' ? /: keep-alive\n\n/g : /event: ping\n/g)
    expect(pings?.length).toBe(dialect === 'openai' ? 5 : 6)
    expect(said(text)).toBe(DEFAULT_ANSWER)
  })

  it('replays a recorded stream', async () => {
    const recorded = 'data: {"choices":[{"delta":{"content":"Grüße"}}]}\n\ndata: [DONE]\n\n'
    const { text, headers } = await askWith({ body: recorded }, dialect, stream)
    expect({ text, type: headers['content-type'] }).toEqual({
      text: recorded,
      type: 'text/event-stream; charset=utf-8',
    })
    const bytes = Buffer.from(recorded)
    const cut = await askWith({ body: bytes, cutAfterBytes: 46 }, dialect, stream)
    expect(cut.body).toEqual(bytes.subarray(0, 46))
    expect(cut.isComplete).toBe(false)
  })
})

describe.each(DIALECTS)('%s body', (dialect) => {
  it('announces more than it sends', async () => {
    const { text, headers, endedBy, isComplete, attempt } = await askWith(faults.shortBody(10), dialect, false)
    expect(said(text)).toBe(DEFAULT_ANSWER)
    expect(Number(headers['content-length'])).toBe(Buffer.byteLength(text) + 10)
    expect({ endedBy, isComplete, outcome: attempt?.outcome }).toEqual({
      endedBy: 'fin',
      isComplete: false,
      outcome: 'cut',
    })
  })

  it('breaks the JSON but not the HTTP', async () => {
    const { text, isComplete } = await askWith(faults.malformedAfter(30), dialect, false)
    expect(() => JSON.parse(text)).toThrow()
    expect(isComplete).toBe(true)
  })

  it('waits before the headers as long as the tokens would take', async () => {
    const provider = await start({ firstTokenDelayMs: 20, tokenDelayMs: 1 })
    await ask(provider, { dialect })
    const [attempt] = provider.attempts
    expect((attempt?.endedAt ?? 0) - (attempt?.at ?? 0)).toBeGreaterThanOrEqual(75)
  })
})
