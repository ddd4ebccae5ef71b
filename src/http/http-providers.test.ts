import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { type AttemptContext, Profile, ProviderRegistry } from '../engine/index.ts'
import { startFaultProvider } from '../testing/index.ts'
import { parseBaseUrl } from '../upstream/index.ts'
import { httpProviders, WELL_KNOWN } from './index.ts'

describe('httpProviders', () => {
  it('is a registry of every well-known name', () => {
    const registry = httpProviders()
    expect(registry).toBeInstanceOf(ProviderRegistry)
    expect(registry.names().sort()).toEqual(Object.keys(WELL_KNOWN).sort())
    expect(registry.get('anthropic')).toEqual({ state: 'registered', provider: registry.anthropic })
    for (const [name, { baseUrl }] of Object.entries(WELL_KNOWN)) parseBaseUrl(name, baseUrl)
  })

  it('enumerates its two dialects and nothing else', () => {
    const registry = httpProviders({ providers: { mine: { dialect: 'openai', headers: { 'api-key': 'sk-secret' } } } })
    expect(Object.keys(registry)).toEqual(['openai', 'anthropic'])
    expect(registry.openai).toMatchObject({ name: 'openai', dialect: 'openai' })
    expect(registry.anthropic).toMatchObject({ name: 'anthropic', dialect: 'anthropic' })
    expect(inspect(registry, { depth: 9, showHidden: true })).not.toContain('sk-secret')
  })

  it('takes providers of one’s own, and well-known ones changed', () => {
    const registry = httpProviders({
      providers: {
        mine: { dialect: 'anthropic', baseUrl: 'http://127.0.0.1:1' },
        openai: { dialect: 'openai', baseUrl: 'https://eu.api.openai.com' },
      },
    })
    expect(registry.names()).toContain('mine')
    expect(registry.openai.originOf(new Profile({ id: 'openai:a' }))).toBe('https://eu.api.openai.com')
  })

  it.each([
    [{ conections: 3 }, /^conections: 3 .*allowed are providers, wellKnown, clock, connections/],
    [{ connections: 0 }, /^connections: 0 .*at least 1/],
    [{ wellKnown: 'no' }, /^wellKnown: "no" .*boolean|true or false/],
    [{ connections: 1.5 }, /^connections: 1.5 .*whole number/],
    [{ maxEventBytes: 0 }, /^maxEventBytes: 0 /],
    [{ maxResponseBytes: 'x' }, /^maxResponseBytes: "x" /],
    [{ clock: {} }, /^clock.now: undefined .*function/],
    [{ clock: null }, /^clock: null /],
    [{ providers: [] }, /^providers: an array/],
    [{ providers: { a: null } }, /^providers.a: null /],
    [{ providers: { a: {} } }, /^providers.a.dialect: undefined .*openai, anthropic/],
    [{ providers: { a: { dialect: 'gemini' } } }, /^providers.a.dialect: "gemini" .*openai, anthropic/],
    [{ providers: { a: { dialect: 'openai', url: 'x' } } }, /^providers.a.url: .*dialect, baseUrl, headers/],
    [{ providers: { a: { dialect: 'openai', baseUrl: '' } } }, /^providers.a.baseUrl: "" /],
    [{ providers: { a: { dialect: 'openai', baseUrl: 'example.com' } } }, /^providers.a.baseUrl: "example.com" .*URL/],
    [{ providers: { a: { dialect: 'openai', headers: { 'a b': 'c' } } } }, /^providers.a.headers: "a b" /],
    [
      { providers: { a: { dialect: 'openai', headers: { 'Content-Length': '1' } } } },
      /^providers.a.headers: "Content-Length" .*transport/,
    ],
    [
      { providers: { a: { dialect: 'openai', headers: { 'x-a': 'sk-secret\n' } } } },
      /^providers.a.headers.x-a: "its text" .*printable/,
    ],
    [{ providers: { a: { dialect: 'openai', headers: { 'x-a': 1 } } } }, /^providers.a.headers.x-a: "number" /],
    [
      { providers: { a: { dialect: 'openai', prefill: 'yes' } } },
      /^providers.a.prefill: "yes" .*true, false or an array/,
    ],
    [{ providers: { a: { dialect: 'openai', prefill: ['a', 1] } } }, /^providers.a.prefill\[1\]: 1 .*model id/],
    [
      { providers: { a: { dialect: 'openai', prefill: ['a*b'] } } },
      /^providers.a.prefill\[0\]: "a\*b" .*\* may stand at its end/,
    ],
    [{ providers: { a: { dialect: 'openai', prefill: [''] } } }, /^providers.a.prefill\[0\]: "" /],
    [null, /an object/],
  ])('refuses %j', (options, message) => {
    expect(() => httpProviders(options as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringMatching(message) }),
    )
    expect(() => httpProviders(options as never)).not.toThrow(/secret/)
  })

  it('closes its connections', async () => {
    await using provider = await startFaultProvider()
    const request = { model: 'm', messages: [{ role: 'user', content: 'hi' }] }
    let used: ReturnType<typeof httpProviders>
    {
      await using registry = httpProviders()
      used = registry
      expect(await Array.fromAsync(await registry.openai.stream(request, contextFor(provider.url)))).toHaveLength(1)
    }
    await expect(used.openai.stream(request, contextFor(provider.url))).rejects.toMatchObject({
      code: 'CANCELED',
    })
  })
})

function contextFor(baseUrl: string): AttemptContext {
  const profile = new Profile({ id: 'openai:a', baseUrl })
  const target = { provider: 'openai', model: 'm', profile: profile.id }
  return {
    target,
    profile,
    apiKey: 'sk-test',
    signal: new AbortController().signal,
    onAbort: () => {},
    attempt: 1,
    timeouts: { connectMs: 5_000 },
  }
}
