import { afterEach, describe, expect, it, vi } from 'vitest'
import { reply, startRawServer } from '../../test/support/raw-server.ts'
import { openaiChat } from '../dialects/index.ts'
import { type AttemptContext, Profile } from '../engine/index.ts'
import { type HttpProvider, type HttpProviderDefinition, type HttpProviders, httpProviders } from './index.ts'

const request = Object.freeze({ model: 'm', messages: [{ role: 'user', content: 'Hi' }], temperature: 0.2 })
const answer = { choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }] }
const textDelta = { choices: [{ index: 0, delta: { content: 'Hello' }, finish_reason: null }] }
const finish = { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }

let registry: HttpProviders | undefined
afterEach(async () => {
  vi.restoreAllMocks()
  await registry?.close()
  registry = undefined
})

function providerOf(definition: Partial<HttpProviderDefinition> = {}): HttpProvider {
  registry = httpProviders({ providers: { openai: { dialect: 'openai', ...definition } } })
  return registry.openai
}

function contextFor(baseUrl: string | undefined, resume?: AttemptContext['resume']): AttemptContext {
  const profile = new Profile({ id: 'openai:a', ...(baseUrl !== undefined && { baseUrl }) })
  return {
    target: { provider: 'openai', model: 'the-model', profile: profile.id },
    profile,
    apiKey: 'sk-key-0123456789',
    signal: new AbortController().signal,
    onAbort: () => {},
    attempt: 2,
    timeouts: { connectMs: 5_000 },
    ...(resume !== undefined && { resume }),
  }
}

function takes(provider: HttpProvider, asked: object = request, baseUrl?: string): boolean | undefined {
  const { target, profile } = contextFor(baseUrl)
  return provider.recovery.takesPrefill?.({ ...request, ...asked }, target, profile)
}

describe('the recovery of a provider over HTTP', () => {
  it('knows texts and ends of its dialect’s events', () => {
    const { recovery } = providerOf()
    expect(recovery.textOf(textDelta)).toBe('Hello')
    expect(recovery.textOf(finish)).toBe('')
    expect(recovery.isTerminal(finish)).toBe(openaiChat.isTerminal(finish))
    expect(recovery.isTerminal(textDelta)).toBe(false)
  })

  it('leaves events to the dialect', () => {
    const withoutPrefix = vi.spyOn(openaiChat.continuation, 'withoutPrefix').mockReturnValue(finish)
    const charactersOf = vi.spyOn(openaiChat.continuation, 'charactersOf').mockReturnValue(7)
    const { recovery } = providerOf()
    expect(recovery.withoutPrefix(textDelta, 3)).toBe(finish)
    expect(withoutPrefix).toHaveBeenCalledWith(textDelta, 3)
    expect(recovery.charactersOf?.(textDelta)).toBe(7)
    expect(charactersOf).toHaveBeenCalledWith(textDelta)
  })

  it('asks for what comes after a beginning with a plain message', () => {
    expect(providerOf().recovery.withPrefill(request, 'Hello')).toEqual({
      ...request,
      messages: [...request.messages, { role: 'assistant', content: 'Hello' }],
    })
  })

  it('takes a prefill where the target is known to and the request has room for one', () => {
    const fitsPrefill = vi.spyOn(openaiChat.continuation, 'fitsPrefill').mockReturnValue(true)
    expect(takes(providerOf())).toBe(false)
    expect(takes(providerOf({ prefill: false }))).toBe(false)
    expect(takes(providerOf({ prefill: ['other'] }))).toBe(false)
    expect(takes(providerOf({ prefill: ['the-*'] }))).toBe(true)
    expect(takes(providerOf({ prefill: true }))).toBe(true)
    fitsPrefill.mockReturnValue(false)
    expect(takes(providerOf({ prefill: true }))).toBe(false)
  })

  it('goes by where the profile is, and by what the request asks for', () => {
    vi.spyOn(openaiChat.continuation, 'fitsPrefill').mockReturnValue(true)
    const model = 'kimi-k2.6'
    const at = (baseUrl: string, asked: object = {}) => {
      const { profile } = contextFor(baseUrl)
      const target = { provider: 'openai', model, profile: profile.id }
      return providerOf().recovery.takesPrefill?.({ ...request, ...asked }, target, profile)
    }
    expect(at('https://api.moonshot.ai/v1')).toBe(true)
    expect(at('https://relay.example/v1')).toBe(false)
    expect(at('https://api.moonshot.ai/v1', { thinking: { type: 'disabled' } })).toBe(true)
    expect(at('https://api.moonshot.ai/v1', { thinking: { type: 'enabled' } })).toBe(false)
    expect(at('https://api.moonshot.ai/v1', { response_format: { type: 'json_object' } })).toBe(false)
  })

  it('takes none where a profile has no address', () => {
    vi.spyOn(openaiChat.continuation, 'fitsPrefill').mockReturnValue(true)
    const provider = providerOf({ prefill: true })
    const { target } = contextFor(undefined)
    const stranger = new Profile({ id: 'other:a', provider: 'other' })
    expect(provider.recovery.takesPrefill?.(request, target, stranger)).toBe(false)
  })

  it('follows an answer as its request allows, which is read when it matters', () => {
    const { continuation } = openaiChat
    const startTrail = vi.spyOn(continuation, 'startTrail').mockReturnValue({} as never)
    const disarmedBy = vi.spyOn(continuation, 'disarmedBy').mockReturnValue('several_choices')
    const wantsEagerCalls = vi.spyOn(continuation, 'wantsEagerCalls').mockReturnValue(false)
    const { recovery } = providerOf()
    const optionsOf = (holdsToolCalls: boolean) => {
      recovery.startTrail?.(request, { holdsToolCalls, recovers: true })
      const [options] = startTrail.mock.lastCall ?? []
      return options
    }
    const options = optionsOf(true)
    expect(options?.recovers).toBe(true)
    expect(disarmedBy).not.toHaveBeenCalled()
    expect(wantsEagerCalls).not.toHaveBeenCalled()
    expect(options?.disarmedBy()).toBe('several_choices')
    expect(disarmedBy.mock.lastCall?.[0].member('temperature')).toBe(0.2)
    expect(options?.holdsToolCalls()).toBe(true)
    expect(optionsOf(false)?.holdsToolCalls()).toBe(false)
    wantsEagerCalls.mockReturnValue(true)
    expect(optionsOf(true)?.holdsToolCalls()).toBe(false)
  })
})

describe('a request that goes on with an answer', () => {
  async function sent(provider: HttpProvider, resume: AttemptContext['resume']): Promise<unknown> {
    await using server = await startRawServer((socket) => socket.write(reply(JSON.stringify(answer))))
    const prefilled = provider.recovery.withPrefill(request, 'Hello')
    for await (const _ of await provider.stream(prefilled, contextFor(server.url, resume)));
    return JSON.parse(server.requests[0]?.body ?? '')
  }
  const message = { role: 'assistant', content: 'Hello' }
  const plain = { ...request, model: 'the-model', messages: [...request.messages, message] }

  it('is sent as it is where its target wants no more', async () => {
    expect(await sent(providerOf({ prefill: true }), 'prefill')).toEqual(plain)
    expect(await sent(providerOf({ prefill: false }), 'prefill')).toEqual(plain)
  })

  it('is written as its target wants it, and only then', async () => {
    const provider = providerOf()
    const form = { message: { partial: true }, body: { enable_thinking: false }, unless: [] }
    const prefillFor = vi.spyOn(provider.upstream, 'prefillFor').mockReturnValue(form)
    expect(await sent(provider, 'prefill')).toEqual({
      ...plain,
      messages: [...request.messages, { ...message, partial: true }],
      enable_thinking: false,
    })
    expect(prefillFor.mock.lastCall?.[1]).toBe('the-model')
    expect(await sent(provider, 'restart')).toEqual(plain)
    expect(await sent(provider, undefined)).toEqual(plain)
  })
})
