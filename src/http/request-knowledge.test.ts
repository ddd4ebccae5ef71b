import { afterEach, describe, expect, it } from 'vitest'
import { chunk, chunkedHead, reply, startRawServer } from '../../test/support/raw-server.ts'
import { type AttemptContext, Profile } from '../engine/index.ts'
import type { QuotaBucket } from '../failure/index.ts'
import { faults, startFaultProvider } from '../testing/index.ts'
import { type HttpProvider, type HttpProviders, httpProviders } from './index.ts'

const CHAT_ANSWER = {
  id: 'x',
  choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
}
const MESSAGE = { type: 'message', id: 'msg_1', content: [{ type: 'text', text: 'hi' }], stop_reason: 'end_turn' }

let registry: HttpProviders | undefined
afterEach(async () => {
  await registry?.close()
  registry = undefined
})

function provider(name: 'openai' | 'anthropic'): HttpProvider {
  registry ??= httpProviders()
  return registry[name]
}

function contextFor(name: string, baseUrl: string, more: Partial<AttemptContext> = {}): AttemptContext {
  const profile = new Profile({ id: `${name}:a`, baseUrl })
  return {
    target: { provider: name, model: 'the-model', profile: profile.id },
    profile,
    apiKey: 'sk-key-0123456789',
    signal: new AbortController().signal,
    onAbort: () => {},
    attempt: 1,
    timeouts: { connectMs: 5_000 },
    ...more,
  }
}

describe('a provider over HTTP', () => {
  it('knows the sessions, references and sizes of its dialect’s requests', () => {
    const request = {
      model: 'm',
      max_tokens: 10,
      metadata: { user_id: 'user_1' },
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: [{ type: 'thinking', thinking: 'Hm', signature: 'signed' }] },
      ],
    }
    const anthropic = provider('anthropic')
    expect(anthropic.guessSession(request)).toEqual({ key: 'user_1', isNamed: true })
    expect(anthropic.bindingsOf(request)).toEqual([
      { kind: 'thinking', id: 'signed', scope: 'vendor', isDroppable: true },
    ])
    expect(anthropic.estimateTokens(request)).toBe(Math.ceil(JSON.stringify(request).length / 4) + 10)
    const made = { type: 'message', id: 'msg_1', container: { id: 'container_1' }, content: [] }
    expect(anthropic.bindingIdsOf(made)).toEqual(['container_1'])
    const openai = provider('openai')
    expect(openai.guessSession(request)).toMatchObject({ isNamed: false })
    expect(openai.bindingsOf(request)).toEqual([])
    expect(openai.estimateTokens({ model: 'm' })).toBe(1_024 + 4)
  })

  it('sends a request without the kinds that are bound elsewhere, and otherwise as it is', async () => {
    await using server = await startRawServer((socket) => socket.write(reply(JSON.stringify(MESSAGE))))
    const signed = { type: 'thinking', thinking: 'Hm', signature: 'signed' }
    const request = Object.freeze({
      model: 'm',
      temperature: 0.2,
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: [signed, { type: 'text', text: 'Hello' }] },
        { role: 'user', content: 'More' },
      ],
    })
    const anthropic = provider('anthropic')
    for (const dropped of [undefined, ['thinking'], ['something-else']]) {
      const context = contextFor('anthropic', server.url, dropped && { dropped })
      for await (const _ of await anthropic.stream(request, context));
    }
    const [whole, without, other] = server.requests.map(({ body }) => body)
    expect(whole).toBe(JSON.stringify({ ...request, model: 'the-model' }))
    expect(other).toBe(whole)
    expect(without).toBe(whole?.replace(`${JSON.stringify(signed)},`, ''))
  })

  it('tells the id of an answer that belongs to a thread, since the next request refers to it', async () => {
    await using server = await startRawServer((socket) => socket.write(reply(JSON.stringify(MESSAGE))))
    const ids: string[] = []
    const context = contextFor('anthropic', server.url, { noteBinding: (id) => ids.push(id) })
    for (const thread of [undefined, { type: 'create' }]) {
      for await (const _ of await provider('anthropic').stream({ model: 'm', thread, messages: [] }, context));
    }
    expect(ids).toEqual(['msg_1'])
  })

  it('tells what the headers of an answer say of limits, of refusals nothing', async () => {
    const headers = { 'x-ratelimit-limit-requests': '60', 'x-ratelimit-remaining-requests': '59' }
    const stream = Buffer.concat([
      chunkedHead({ 'content-type': 'text/event-stream', ...headers }),
      chunk('data: {"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'),
      chunk(''),
    ])
    await using whole = await startRawServer((socket) => socket.write(reply(JSON.stringify(CHAT_ANSWER), { headers })))
    await using streamed = await startRawServer((socket) => socket.write(stream))
    await using refused = await startRawServer((socket) => socket.write(reply('{}', { status: 429, headers })))
    const told: (readonly QuotaBucket[])[] = []
    const ask = async (url: string, isStreaming: boolean): Promise<void> => {
      const context = contextFor('openai', url, { noteQuota: (buckets) => told.push(buckets) })
      for await (const _ of await provider('openai').stream({ model: 'm', stream: isStreaming }, context));
    }
    await ask(whole.url, false)
    await ask(streamed.url, true)
    await expect(ask(refused.url, false)).rejects.toMatchObject({ status: 429 })
    expect(told).toEqual([
      [{ name: 'requests', limit: 60, remaining: 59 }],
      [{ name: 'requests', limit: 60, remaining: 59 }],
    ])
  })
})

describe('a probe', () => {
  const probe = (name: 'openai' | 'anthropic', url: string): Promise<void> => {
    return provider(name).probe(contextFor(name, url))
  }

  it.each(['openai', 'anthropic'] as const)('is the smallest real request (%s)', async (name) => {
    await using server = await startFaultProvider()
    await probe(name, server.url)
    expect(server.attempts).toHaveLength(1)
    expect(server.attempts[0]?.body).toEqual({
      model: 'the-model',
      messages: [{ role: 'user', content: 'Hi' }],
      max_tokens: 1,
    })
  })

  it.each([
    ['overloaded', 503],
    ['rate limited', 429],
    ['refused', 401],
    ['unknown', 404],
  ])('fails like a request where the target is %s', async (_, status) => {
    await using server = await startRawServer((socket) => {
      socket.write(reply('{"error":{"message":"no"}}', { status }))
    })
    await expect(probe('openai', server.url)).rejects.toMatchObject({ code: 'PROVIDER_ERROR', status })
  })

  it('fails where nothing answers', async () => {
    await using server = await startFaultProvider({ script: [{ fault: faults.resetBeforeHeaders() }] })
    await expect(probe('openai', server.url)).rejects.toMatchObject({ code: 'NETWORK_ERROR' })
  })

  it('finds a model alive that does not take its `max_tokens`', async () => {
    const error = {
      message:
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
      type: 'invalid_request_error',
      param: 'max_tokens',
      code: 'unsupported_parameter',
    }
    await using server = await startRawServer((socket) => {
      socket.write(reply(JSON.stringify({ error }), { status: 400 }))
    })
    await expect(probe('openai', server.url)).resolves.toBeUndefined()
  })

  it('finds a model alive whose one token says nothing', async () => {
    const choices = [{ index: 0, message: { role: 'assistant', content: '' }, finish_reason: 'length' }]
    await using server = await startRawServer((socket) => socket.write(reply(JSON.stringify({ id: 'x', choices }))))
    await expect(probe('openai', server.url)).resolves.toBeUndefined()
  })

  it('ends with its signal', async () => {
    await using server = await startRawServer(() => {})
    const controller = new AbortController()
    const probing = provider('openai').probe(contextFor('openai', server.url, { signal: controller.signal }))
    controller.abort(new Error('too late'))
    await expect(probing).rejects.toThrow('too late')
  })
})
