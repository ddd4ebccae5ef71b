import { execFile } from 'node:child_process'
import { request } from 'node:http'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { settle } from '../../engine/clock.ts'
import { VirtualClock } from '../virtual-clock.ts'
import { faults } from './named-faults.ts'
import type { FaultProviderOptions } from './options.ts'
import { type FaultProvider, startFaultProvider } from './server.ts'

const open: FaultProvider[] = []
afterEach(async () => {
  for (const provider of open.splice(0)) await provider.close()
})

async function start(options: FaultProviderOptions = {}): Promise<FaultProvider> {
  const provider = await startFaultProvider(options)
  open.push(provider)
  return provider
}

interface Question {
  readonly model?: string
  readonly key?: string
  readonly path?: string
  readonly stream?: boolean
  readonly signal?: AbortSignal
}

function ask(
  provider: FaultProvider,
  { model = 'm', key, path = '/v1/chat/completions', stream = false, signal }: Question = {},
) {
  return fetch(provider.url + path, {
    method: 'POST',
    headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
    body: JSON.stringify({ model, stream, max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] }),
    ...(signal === undefined ? {} : { signal }),
  })
}

const statusOf = async (provider: FaultProvider, question?: Question) => {
  const response = await ask(provider, question)
  await response.text()
  return response.status
}

const refused = expect.objectContaining({ cause: expect.objectContaining({ code: 'ECONNREFUSED' }) })

describe('rules', () => {
  it('strike by model, by key, by path and by function', async () => {
    const provider = await start({
      models: { dead: { status: 503 } },
      keys: { revoked: faults.revokedKey() },
      script: [
        { path: '/v1/messages', fault: { status: 529 } },
        {
          when: (request) => request.headers['x-nobody'] === undefined && request.model === 'odd',
          fault: { status: 418 },
        },
        { stream: true, model: ['s', 't'], fault: { status: 500 } },
      ],
    })
    expect(await statusOf(provider, { model: 'dead' })).toBe(503)
    expect(await statusOf(provider, { key: 'revoked' })).toBe(401)
    expect(await statusOf(provider, { path: '/messages' })).toBe(529)
    expect(await statusOf(provider, { model: 'odd' })).toBe(418)
    expect(await statusOf(provider, { model: 't', stream: true })).toBe(500)
    expect(await statusOf(provider, { model: 't' })).toBe(200)
    expect(await statusOf(provider, { key: 'good' })).toBe(200)
    expect(await statusOf(provider, { path: '/chat/completions' })).toBe(200)
  })

  it('are asked newest first, then the script, keys, models', async () => {
    const provider = await start({
      models: { m: { status: 501 } },
      keys: { k: faults.times(1, { status: 502 }) },
      script: [{ times: 1, fault: { status: 503 } }],
    })
    provider.set({ times: 1, fault: { status: 504 } })
    const undo = provider.set([{ times: 1, fault: { status: 505 } }, { fault: { status: 506 } }])
    const first = [await statusOf(provider, { key: 'k' }), await statusOf(provider, { key: 'k' })]
    expect(first).toEqual([505, 506])
    undo()
    const rest = []
    for (let i = 0; i < 4; i++) rest.push(await statusOf(provider, { key: 'k' }))
    expect(rest).toEqual([504, 503, 502, 501])
    expect(provider.attempts.map(({ fault }) => fault?.status)).toEqual([505, 506, 504, 503, 502, 501])
  })

  it('hold in their time', async () => {
    const clock = new VirtualClock()
    const provider = await start({ clock, script: [{ fromMs: 1000, untilMs: 60_000, fault: { status: 503 } }] })
    expect(await statusOf(provider)).toBe(200)
    await clock.advance(1000)
    expect(await statusOf(provider)).toBe(503)
    provider.set({ untilMs: 100, fault: { status: 500 } })
    expect(await statusOf(provider)).toBe(500)
    await clock.advance(58_999)
    expect(await statusOf(provider)).toBe(503)
    await clock.advance(1)
    expect(await statusOf(provider)).toBe(200)
    await provider.reset()
    await clock.advance(1000)
    expect(await statusOf(provider)).toBe(503)
  })

  it('that are wrong are refused', async () => {
    const provider = await start()
    expect(() => provider.set({ fault: { status: 5 } })).toThrow('rule.fault.status')
  })

  it('let a function’s own error be seen', async () => {
    const provider = await start({ answer: () => ({ txt: 'oops' }) as object })
    const response = await ask(provider)
    expect(response.status).toBe(500)
    expect(await response.text()).toContain('answer(request).txt')
  })
})

describe('a provider', () => {
  it('answers with what a function says', async () => {
    const provider = await start({ answer: ({ model }) => `I am ${model}` })
    expect(await (await ask(provider)).text()).toContain('I am m')
  })

  it('lists its models in the dialect that asks', async () => {
    const provider = await start({ knownModels: ['a', 'b'] })
    const list = async (headers: Record<string, string>) =>
      (await fetch(`${provider.url}/v1/models`, { headers })).json()
    expect(await list({})).toMatchObject({ object: 'list', data: [{ id: 'a', object: 'model' }, { id: 'b' }] })
    expect(await list({ 'anthropic-version': '2023-06-01' })).toMatchObject({
      data: [{ id: 'a', type: 'model' }, {}],
      has_more: false,
    })
    expect(await statusOf(provider, { model: 'c' })).toBe(404)
    expect(await statusOf(provider, { model: 'b' })).toBe(200)
  })

  it('lets only known keys in', async () => {
    const provider = await start({ requireKey: ['sk-1'] })
    expect(await statusOf(provider)).toBe(401)
    expect(await statusOf(provider, { key: 'sk-2' })).toBe(401)
    expect(await statusOf(provider, { key: 'sk-1' })).toBe(200)
    const response = await fetch(`${provider.url}/v1/models`, { headers: { 'x-api-key': 'sk-1' } })
    expect(response.status).toBe(200)
    await response.body?.cancel()
  })

  it.each([
    ['/v1/chat/completions', '{"messages":[{}]}', 'you must provide a model parameter'],
    ['/v1/chat/completions', '{"model":"m"}', "Missing required parameter: 'messages'."],
    ['/v1/chat/completions', '{"mod', 'We could not parse the JSON body of your request.'],
    ['/v1/messages', '{"max_tokens":1,"messages":[{}]}', 'model: Field required'],
    ['/v1/messages', '{"model":"m","max_tokens":1}', 'messages: Field required'],
    ['/v1/messages', '{"model":"m","messages":[{}]}', 'max_tokens: Field required'],
    ['/v1/messages', '[]', 'The request body is not valid JSON.'],
  ])('refuses on %s what is no request: %s', async (path, body, message) => {
    const provider = await start()
    const response = await fetch(provider.url + path, { method: 'POST', body })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { message, type: 'invalid_request_error' } })
  })

  it('does not know other addresses', async () => {
    const provider = await start()
    expect(await statusOf(provider, { path: '/v1/v1/messages' })).toBe(404)
    expect(provider.attempts[0]).toMatchObject({ path: '/v1/v1/messages', status: 404 })
  })

  it('counts requests against a limit, but not errors', async () => {
    const provider = await start({
      clock: new VirtualClock(),
      rateLimit: { requestsPerMinute: 2 },
      models: { bad: { status: 500 } },
    })
    await statusOf(provider, { model: 'bad' })
    const response = await ask(provider)
    expect(response.headers.get('x-ratelimit-remaining-requests')).toBe('1')
    expect(response.headers.get('x-ratelimit-reset-requests')).toBe('30s')
    await response.text()
    expect(await statusOf(provider)).toBe(200)
    const refusal = await ask(provider)
    expect({ status: refusal.status, retryAfter: refusal.headers.get('retry-after') }).toEqual({
      status: 429,
      retryAfter: '30',
    })
    expect(await refusal.json()).toMatchObject({ error: { code: 'rate_limit_exceeded' } })
    expect(await statusOf(provider, { key: 'other' })).toBe(200)
    const anthropic = await ask(provider, { path: '/v1/messages', key: 'third' })
    expect(anthropic.headers.get('anthropic-ratelimit-requests-reset')).toBe('2026-01-01T00:00:30Z')
    await anthropic.text()
  })

  it('logs what came in', async () => {
    const provider = await start()
    await (await ask(provider, { key: 'sk-1', path: '/v1/messages?beta=true' })).text()
    expect(provider.attempts).toEqual([
      expect.objectContaining({
        method: 'POST',
        path: '/v1/messages',
        query: '?beta=true',
        key: 'sk-1',
        model: 'm',
        dialect: 'anthropic',
        body: { model: 'm', stream: false, max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] },
        outcome: 'completed',
      }),
    ])
  })
})

describe('a provider that is down', () => {
  it('refuses connections, and is back on the same port', async () => {
    const provider = await start()
    await provider.goDown()
    await expect(ask(provider)).rejects.toThrow(refused)
    await provider.goDown()
    await provider.comeUp()
    await provider.comeUp()
    expect(await statusOf(provider)).toBe(200)
  })

  it('breaks off the answers it was giving', async () => {
    const provider = await start({ script: [{ fault: faults.stallAfter(3) }] })
    const response = await ask(provider, { stream: true })
    await provider.goDown()
    await expect(response.text()).rejects.toThrow('terminated')
    expect(provider.attempts[0]).toMatchObject({ outcome: 'cut', tokensSent: 3 })
  })

  it('goes down and comes up by itself', async () => {
    const clock = new VirtualClock()
    const provider = await start({ clock, down: [{ fromMs: 1000, untilMs: 2000 }] })
    expect(await statusOf(provider)).toBe(200)
    await clock.advance(1000)
    await expect(ask(provider)).rejects.toThrow(refused)
    await clock.advance(1000)
    expect(await statusOf(provider)).toBe(200)
    await provider.goDown({ forMs: 500 })
    await expect(ask(provider)).rejects.toThrow(refused)
    await clock.advance(500)
    expect(await statusOf(provider)).toBe(200)
  })

  it('is up again after a reset', async () => {
    const provider = await start()
    await provider.goDown()
    await provider.reset()
    expect(await statusOf(provider)).toBe(200)
  })
})

describe('control endpoint', () => {
  const control = async (provider: FaultProvider, method: string, path: string, body?: unknown) => {
    const content = typeof body === 'string' ? body : JSON.stringify(body)
    const response = await fetch(`${provider.url}/__fault/${path}`, {
      method,
      ...(body === undefined ? {} : { body: content }),
    })
    return { status: response.status, body: await response.json() }
  }

  it('adds rules, clears them, shows the log and resets', async () => {
    const provider = await start()
    const rules = [
      { model: 'm', times: 1, fault: { status: 503 } },
      { model: 'm', fault: { error: 'overloaded' } },
    ]
    expect(await control(provider, 'POST', 'rules', rules)).toEqual({ status: 200, body: { ok: true } })
    expect(await statusOf(provider)).toBe(503)
    expect((await control(provider, 'GET', 'attempts')).body).toMatchObject([
      { model: 'm', status: 503, outcome: 'completed' },
    ])
    expect((await control(provider, 'DELETE', 'rules')).status).toBe(200)
    expect(await statusOf(provider)).toBe(200)
    expect((await control(provider, 'POST', 'reset')).status).toBe(200)
    expect(provider.attempts).toEqual([])
  })

  it('takes the provider down for a while', async () => {
    const clock = new VirtualClock()
    const provider = await start({ clock })
    expect(await control(provider, 'POST', 'down', { forMs: 1000 })).toEqual({ status: 200, body: { ok: true } })
    await settle()
    await expect(ask(provider)).rejects.toThrow()
    await clock.advance(1000)
    expect(await statusOf(provider)).toBe(200)
  })

  it.each([
    ['POST', 'rules', undefined, 'rule: undefined is not allowed; use an object'],
    ['POST', 'rules', '{', 'body: "{" is not allowed; use JSON'],
    ['POST', 'rules', { fault: { sttus: 1 } }, 'rule.fault.sttus: 1 is not allowed; there is no such field'],
    ['POST', 'rules', [{ fault: {} }, { model: 'm' }], 'rule[1].fault: undefined is not allowed; it is required'],
    ['POST', 'down', {}, 'body.forMs: undefined is not allowed; it is required'],
  ])('%s %s %j: says what is wrong', async (method, path, body, message) => {
    const provider = await start()
    const answer = await control(provider, method, path, body)
    expect(answer).toMatchObject({
      status: 400,
      body: { error: { code: 'INVALID_OPTION', message: expect.stringContaining(message) } },
    })
  })

  it('names its addresses', async () => {
    const provider = await start()
    expect(await control(provider, 'GET', 'rulez')).toMatchObject({
      status: 404,
      body: { error: { message: expect.stringContaining('POST /__fault/rules, DELETE /__fault/rules') } },
    })
  })
})

describe('close', () => {
  it('ends everything at once', async () => {
    const clock = new VirtualClock()
    const provider = await start({ clock, tokenDelayMs: 1000, down: [{ fromMs: 1e6, untilMs: 2e6 }] })
    provider.set({ model: 'silent', fault: faults.silent() })
    const silent = ask(provider, { model: 'silent' })
    const slow = await ask(provider, { stream: true })
    const reading = slow.text()
    while (provider.attempts.length < 2) await settle()
    expect(clock.pendingTimers).toBeGreaterThan(0)
    const closing = provider.close()
    await expect(silent).rejects.toThrow()
    await expect(reading).rejects.toThrow()
    await closing
    await provider.idle()
    expect(provider.attempts.map(({ outcome }) => outcome)).toEqual(['cut', 'cut'])
    expect(clock.pendingTimers).toBe(0)
    await expect(ask(provider)).rejects.toThrow(refused)
    await provider.comeUp()
    await expect(ask(provider)).rejects.toThrow(refused)
  })

  it('leaves nothing that would keep the process alive', async () => {
    const script = `
      import { connect } from 'node:net'
      import { faults, startFaultProvider } from ${JSON.stringify(new URL('../index.ts', import.meta.url).href)}
      const provider = await startFaultProvider({
        tokenDelayMs: 60_000, down: [{ fromMs: 50_000, untilMs: 60_000 }], models: { silent: faults.silent() },
      })
      for (const model of ['silent', 'slow']) {
        const body = JSON.stringify({ model, stream: true, messages: [{}] })
        const socket = connect(new URL(provider.url).port).on('error', () => {})
        socket.write('POST /v1/chat/completions HTTP/1.1\\r\\nhost: x\\r\\ncontent-length: ' + body.length + '\\r\\n\\r\\n' + body)
      }
      while (provider.attempts.length < 2) await new Promise(setImmediate)
      await provider.close()
      console.log(provider.attempts.map(({ outcome }) => outcome).join())`
    const run = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { timeout: 10_000 })
    expect(run.stdout).toBe('cut,cut\n')
  })

  it('works twice, while down, and by `await using`', async () => {
    const provider = await start()
    await provider.goDown()
    await provider.close()
    await provider.close()
    {
      await using scoped = await startFaultProvider()
      expect(await statusOf(scoped)).toBe(200)
    }
  })

  it('does not mind a client that leaves in the middle of its request', async () => {
    const provider = await start()
    const half = request(`${provider.url}/v1/messages`, { method: 'POST', headers: { 'content-length': '100' } })
    half.on('error', () => {})
    half.write('{')
    await settle()
    half.destroy()
    expect(await statusOf(provider)).toBe(200)
    expect(provider.attempts).toHaveLength(1)
  })
})
