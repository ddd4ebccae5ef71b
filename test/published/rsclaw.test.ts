import { describe, expect, it } from 'vitest'
import { FailoverError, FailoverManager, type FailoverOptions, ProviderRegistry, presets } from '../../src/index.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { answer, collect, type Script, scriptedProvider, type TextRequest } from '../support/scripted-provider.ts'

/** rsclaw, `src/provider/failover.rs`: auth.order[provider] → profile cooldown → cross-provider fallback. */
describe("rsclaw's failover", () => {
  const order = { openai: ['openai:primary', 'openai:backup'] }
  const profiles = [
    { id: 'openai:backup', apiKey: 'sk-backup-000000002' },
    { id: 'openai:primary', apiKey: 'sk-primary-00000001' },
  ]

  function setup(script: Script, options: FailoverOptions<TextRequest, string> = {}) {
    const clock = new VirtualClock()
    const openai = scriptedProvider('openai', script)
    const manager = new FailoverManager<TextRequest, string>({
      ...presets.rsclaw,
      clock,
      random: () => 0.5,
      profiles,
      order,
      registry: { openai },
      ...options,
    })
    return { clock, openai, manager }
  }

  const failing =
    (errors: Readonly<Record<string, () => Error>>): Script =>
    ({ profile }) => {
      const error = errors[profile.id]
      if (error !== undefined) throw error()
      return ['hello']
    }

  it('tries profiles in the order of auth.order, whatever the order of declaration', async () => {
    const { manager, openai } = setup(() => ['hello'])
    await manager.call({ model: 'openai/gpt-4o' })
    expect(openai.seen).toEqual(['openai:primary gpt-4o'])
  })

  it('uses the single implicit default profile for a provider without an order', async () => {
    const local = scriptedProvider('local', () => ['hi'])
    const { manager } = setup(() => [], { profiles: [], order: {}, registry: { local } })
    await manager.call({ model: 'local/llama3:8b' })
    expect(local.seen).toEqual(['local:default llama3:8b'])
    expect(local.keys).toEqual([undefined])
  })

  it("really uses each profile's own API key", async () => {
    const { manager, openai } = setup(failing({ 'openai:primary': () => answer(429) }))
    await manager.call({ model: 'openai/gpt-4o' })
    expect(openai.keys).toEqual(['sk-primary-00000001', 'sk-backup-000000002'])
  })

  it('skips profiles that are cooling down', async () => {
    const { manager, openai } = setup(failing({ 'openai:primary': () => answer(429) }))
    await manager.call({ model: 'openai/gpt-4o' })
    await manager.call({ model: 'openai/gpt-4o' })
    expect(openai.seen).toEqual(['openai:primary gpt-4o', 'openai:backup gpt-4o', 'openai:backup gpt-4o'])
  })

  it('cools the whole profile down, whatever the model', async () => {
    const { manager } = setup(failing({ 'openai:primary': () => answer(429) }))
    await manager.call({ model: 'openai/gpt-4o' })
    expect(manager.getNextProfile({ provider: 'openai', model: 'another' })?.id).toBe('openai:backup')
  })

  it('clamps the cooldown to 5 s at least, then doubles 400 ms with each failure in a row up to the cap of 30 s', async () => {
    const { manager, clock } = setup(() => {
      throw answer(429)
    })
    const lengths: number[] = []
    manager.on('cooldown_started', ({ at, until, key }) => {
      if (key === 'openai:primary') lengths.push(until - at)
    })
    for (let request = 0; request < 9; request += 1) {
      await manager.call({ model: 'openai/gpt-4o' }).catch(() => {})
      await clock.advance(300_000)
    }
    expect(lengths).toEqual([5_000, 5_000, 5_000, 5_000, 6_400, 12_800, 25_600, 30_000, 30_000])
  })

  it('clamps the cooldown to 300 s at most', async () => {
    const { manager, clock } = setup(failing({ 'openai:primary': () => answer(429) }), {
      retry: { minDelayMs: 1_000_000, maxDelayMs: 2_000_000, jitter: 0 },
    })
    await manager.call({ model: 'openai/gpt-4o' })
    await clock.advance(299_999)
    expect(manager.getNextProfile({ provider: 'openai' })?.id).toBe('openai:backup')
    await clock.advance(1)
    expect(manager.getNextProfile({ provider: 'openai' })?.id).toBe('openai:primary')
  })

  it('varies the back-off by a jitter of one tenth', () => {
    for (const [random, expected] of [
      [0, 360],
      [0.5, 400],
      [0.999_999, 440],
    ] as const) {
      const manager = new FailoverManager({ ...presets.rsclaw, random: () => random })
      expect(manager.getRetryDelayMs(0)).toBeCloseTo(expected, 2)
    }
  })

  it('resets the count of failures in a row on success', async () => {
    let isDown = true
    const { manager, clock } = setup(() => {
      if (isDown) throw answer(429)
      return ['hello']
    })
    await manager.call({ model: 'openai/gpt-4o' }).catch(() => {})
    expect(manager.status().profiles.map(({ consecutiveFailures }) => consecutiveFailures)).toEqual([1, 1])
    isDown = false
    await clock.advance(5_000)
    await collect(await manager.call({ model: 'openai/gpt-4o' }))
    expect(manager.status().profiles[0]?.consecutiveFailures).toBe(0)
  })

  it('counts authentication errors like rate limits: the next profile is tried', async () => {
    const { manager, openai } = setup(failing({ 'openai:primary': () => answer(401, 'Unauthorized') }))
    await manager.call({ model: 'openai/gpt-4o' })
    expect(openai.seen).toEqual(['openai:primary gpt-4o', 'openai:backup gpt-4o'])
  })

  it('propagates any other error at once, without a cooldown', async () => {
    const { manager, openai } = setup(() => {
      throw answer(500, 'boom')
    })
    const error = await manager.call({ model: 'openai/gpt-4o' }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'REQUEST_REJECTED', status: 500, message: 'boom' })
    expect(openai.seen).toEqual(['openai:primary gpt-4o'])
    expect(manager.status().availableProfiles).toBe(2)
  })

  it('propagates it even where a fallback might help', async () => {
    const { manager, openai } = setup(
      () => {
        throw answer(400, 'the context is too long', {})
      },
      { fallbacks: ['openai/gpt-5'] },
    )
    await expect(manager.call({ model: 'openai/gpt-4o' })).rejects.toMatchObject({ code: 'REQUEST_REJECTED' })
    expect(openai.seen).toEqual(['openai:primary gpt-4o'])
  })

  it('tries the fallback models in order, each resolved to its provider', async () => {
    const { manager } = setup(() => [], {
      fallbacks: ['anthropic/claude-sonnet-4-5', 'deepseek-chat'],
      registry: {
        openai: scriptedProvider('openai', () => {
          throw answer(429)
        }),
        anthropic: scriptedProvider('anthropic', () => {
          throw answer(429)
        }),
        deepseek: scriptedProvider('deepseek', () => ['from deepseek']),
      },
    })
    const stream = await manager.call({ model: 'openai/gpt-4o' })
    expect(stream.target).toMatchObject({ provider: 'deepseek', model: 'deepseek-chat', profile: 'deepseek:default' })
    expect(stream.attempts.map(({ target }) => target.provider)).toEqual(['openai', 'openai', 'anthropic', 'deepseek'])
  })

  it('hands the provider the bare model id', async () => {
    const models: string[] = []
    const { manager } = setup((_, request) => {
      models.push(request.model)
      return ['hi']
    })
    await manager.call({ model: 'openai/gpt-4o' })
    expect(models).toEqual(['gpt-4o'])
  })

  it('skips a provider that is not registered, and says so', async () => {
    const { manager } = setup(() => ['hello'], { fallbacks: ['openai/gpt-4o'] })
    const skipped: unknown[] = []
    manager.on('target_skipped', ({ target, cause }) => skipped.push([target.provider, cause]))
    await manager.call({ model: 'ghost/model' })
    expect(skipped).toEqual([['ghost', { kind: 'provider_not_registered' }]])
  })

  it('skips a provider that is disabled, with the reason it was given', async () => {
    const registry = new ProviderRegistry<TextRequest, string>()
      .register(
        'openai',
        scriptedProvider('openai', () => ['hello']),
      )
      .disable('anthropic', 'ANTHROPIC_API_KEY is not set')
    const { manager } = setup(() => [], { registry, fallbacks: ['openai/gpt-4o'] })
    const skipped: unknown[] = []
    manager.on('target_skipped', ({ cause }) => skipped.push(cause))
    const stream = await manager.call({ model: 'anthropic/claude-sonnet-4-5' })
    expect(stream.target.provider).toBe('openai')
    expect(skipped).toEqual([{ kind: 'provider_disabled', reason: 'ANTHROPIC_API_KEY is not set' }])
    await expect(manager.call({ model: 'anthropic/claude-sonnet-4-5' }, { fallbacks: [] })).rejects.toMatchObject({
      code: 'NO_TARGET',
      message: expect.stringContaining('ANTHROPIC_API_KEY is not set'),
    })
  })

  it('ends with one clear error when everything is exhausted', async () => {
    const { manager } = setup(() => {
      throw answer(429)
    })
    const error = await manager.call({ model: 'openai/gpt-4o' }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(FailoverError)
    expect(error).toMatchObject({ code: 'ALL_TARGETS_FAILED', isRetryable: true, retryAfterMs: 5_000 })
    expect((error as FailoverError).attempts?.map(({ target, reason }) => [target.profile, reason])).toEqual([
      ['openai:primary', 'rate_limit'],
      ['openai:backup', 'rate_limit'],
    ])
    // Nothing waits there: while all are cooling the answer comes at once and without an attempt.
    await expect(manager.call({ model: 'openai/gpt-4o' })).rejects.toMatchObject({
      code: 'ALL_TARGETS_FAILED',
      attempts: [],
    })
  })

  it('gives a stream as the result', async () => {
    const { manager } = setup(() => ['one ', 'two ', 'three'])
    expect(await collect(await manager.call({ model: 'openai/gpt-4o' }))).toEqual(['one ', 'two ', 'three'])
  })
})

/** rsclaw, `src/provider/registry.rs`. */
describe("rsclaw's registry", () => {
  it.each([
    ['anthropic/claude-sonnet-4-5', 'anthropic', 'claude-sonnet-4-5'],
    ['groq/llama-3-70b', 'groq', 'llama-3-70b'],
    ['claude-3-5-sonnet-20241022', 'anthropic', 'claude-3-5-sonnet-20241022'],
    ['gemini-2.0-flash', 'gemini', 'gemini-2.0-flash'],
    ['gpt-4o', 'openai', 'gpt-4o'],
    ['o1-preview', 'openai', 'o1-preview'],
    ['o3-mini', 'openai', 'o3-mini'],
    ['deepseek-chat', 'deepseek', 'deepseek-chat'],
    ['qwen-turbo', 'qwen', 'qwen-turbo'],
    ['glm-4', 'zhipu', 'glm-4'],
    ['moonshot-v1-8k', 'kimi', 'moonshot-v1-8k'],
    ['grok-2', 'xai', 'grok-2'],
    ['some-unknown-model', 'openai', 'some-unknown-model'],
  ])('resolves %s to %s', (reference, provider, model) => {
    expect(new ProviderRegistry().resolve(reference)).toEqual({ provider, model })
  })

  it('sends an aliased model to its provider, with its own prefix removed and any other kept', () => {
    const registry = new ProviderRegistry()
      .alias('minimax/minimax-m2.1', 'gaterouter')
      .alias('gaterouter/x', 'gaterouter')
    expect(registry.resolve('minimax/minimax-m2.1')).toEqual({ provider: 'gaterouter', model: 'minimax/minimax-m2.1' })
    expect(registry.resolve('gaterouter/x')).toEqual({ provider: 'gaterouter', model: 'x' })
  })

  it('lists the providers that can be used', () => {
    const registry = new ProviderRegistry<TextRequest, string>()
      .register(
        'a',
        scriptedProvider('a', () => []),
      )
      .register(
        'b',
        scriptedProvider('b', () => []),
      )
      .disable('b', 'no key')
    expect(registry.names()).toEqual(['a'])
    expect(registry.get('b')).toEqual({ state: 'disabled', reason: 'no key' })
  })
})
