import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import {
  answer,
  collect,
  type Script,
  scriptedProvider,
  silence,
  type TextRequest,
} from '../../test/support/scripted-provider.ts'
import { FailoverError, type FailoverEvent, FailoverManager, type FailoverOptions } from '../index.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'

const TWO_KEYS = [
  { id: 'openai:a', apiKey: 'sk-a-0000000000001' },
  { id: 'openai:b', apiKey: 'sk-b-0000000000002' },
]

function setup(scripts: Readonly<Record<string, Script>>, options: FailoverOptions<TextRequest, string> = {}) {
  const clock = new VirtualClock()
  const startedAt = clock.now()
  const attempts: { readonly atMs: number; readonly target: string }[] = []
  const registry = Object.fromEntries(
    Object.entries(scripts).map(([name, script]) => [
      name,
      scriptedProvider(name, (context, request) => {
        attempts.push({ atMs: clock.now() - startedAt, target: `${context.target.model}@${context.profile.id}` })
        return script(context, request)
      }),
    ]),
  )
  const manager = new FailoverManager<TextRequest, string>({
    clock,
    random: () => 0.5,
    profiles: TWO_KEYS,
    registry,
    ...options,
  })
  const events: FailoverEvent[] = []
  manager.on('*', (event) => events.push(event))
  return { clock, manager, attempts, events }
}

async function failure(promise: Promise<unknown>): Promise<FailoverError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof FailoverError)) throw new Error(`expected a FailoverError, got ${String(error)}`)
  return error
}

/** Fails the first n attempts with this error, then answers. */
function failing(times: number, error: () => Error): Script {
  let left = times
  return () => {
    left -= 1
    if (left >= 0) throw error()
    return ['ok']
  }
}

const always = (error: () => Error): Script => failing(Number.POSITIVE_INFINITY, error)

describe('a request', () => {
  it('moves to the next key on a rate limit, invisibly, and comes back when the provider said', async () => {
    const { manager, clock, attempts } = setup({
      openai: failing(1, () => answer(429, 'slow down', { 'retry-after': '2' })),
    })
    expect(await collect(await manager.call({ model: 'gpt-5' }))).toEqual(['ok'])
    await clock.advance(1_999)
    await manager.call({ model: 'gpt-5' })
    await clock.advance(1)
    await manager.call({ model: 'gpt-5' })
    expect(attempts.map(({ target }) => target)).toEqual([
      'gpt-5@openai:a',
      'gpt-5@openai:b',
      'gpt-5@openai:b',
      'gpt-5@openai:a',
    ])
  })

  it('keeps a rate limit to its model', async () => {
    const { manager } = setup({ openai: failing(1, () => answer(429)) })
    await manager.call({ model: 'gpt-5' })
    expect(manager.getNextProfile({ provider: 'openai', model: 'gpt-5' })?.id).toBe('openai:b')
    expect(manager.getNextProfile({ provider: 'openai', model: 'gpt-5-mini' })?.id).toBe('openai:a')
  })

  it('counts a rate limit against the whole quota group', async () => {
    const profiles = TWO_KEYS.map((profile) => ({ ...profile, quotaGroup: 'org-a' }))
    const { manager, attempts } = setup(
      { openai: always(() => answer(429)), anthropic: () => ['hi'] },
      { profiles, fallbacks: ['anthropic/claude-sonnet-4-5'] },
    )
    await manager.call({ model: 'gpt-5' })
    expect(attempts.map(({ target }) => target)).toEqual(['gpt-5@openai:a', 'claude-sonnet-4-5@anthropic:default'])
  })

  it('retries a server error once on the same target after a back-off, then moves to the next model, not the next key', async () => {
    const { manager, clock, attempts } = setup(
      { openai: always(() => answer(503)), anthropic: () => ['hi'] },
      { fallbacks: ['anthropic/claude-sonnet-4-5'] },
    )
    await clock.runUntil(manager.call({ model: 'gpt-5' }))
    expect(attempts).toEqual([
      { atMs: 0, target: 'gpt-5@openai:a' },
      { atMs: 400, target: 'gpt-5@openai:a' },
      { atMs: 400, target: 'claude-sonnet-4-5@anthropic:default' },
    ])
  })

  it('does not try the same target again where the provider forbids it', async () => {
    const { manager, attempts } = setup(
      { openai: always(() => answer(500, 'no', { 'x-should-retry': 'false' })), anthropic: () => ['hi'] },
      { fallbacks: ['anthropic/claude-sonnet-4-5'] },
    )
    await manager.call({ model: 'gpt-5' })
    expect(attempts.filter(({ target }) => target === 'gpt-5@openai:a')).toHaveLength(1)
  })

  it('retries a sole target up to retry.attempts with growing delays, whatever its breaker says', async () => {
    const { manager, clock, attempts } = setup(
      { openai: always(() => answer(500)) },
      { profiles: [{ id: 'openai:a' }] },
    )
    const error = await failure(clock.runUntil(manager.call({ model: 'gpt-5' })))
    expect(error.code).toBe('ALL_TARGETS_FAILED')
    expect(attempts.map(({ atMs }) => atMs)).toEqual([0, 400, 1_200])
  })

  it('burns no further key for an error that lies with the model', async () => {
    const { manager, clock, attempts } = setup(
      { openai: failing(2, () => answer(529, 'overloaded')), anthropic: () => ['hi'] },
      { fallbacks: ['anthropic/claude'] },
    )
    await clock.runUntil(manager.call({ model: 'gpt-5' }))
    expect(attempts.map(({ target }) => target)).toEqual(['gpt-5@openai:a', 'claude@anthropic:default'])
  })

  it('gives a rejection back at once, as the provider sent it, without any cooldown', async () => {
    const { manager, attempts } = setup(
      {
        openai: always(() => answer(400, 'temperature must be at most 2', { 'x-request-id': 'r1' })),
        anthropic: () => ['hi'],
      },
      { fallbacks: ['anthropic/claude'] },
    )
    const error = await failure(manager.call({ model: 'gpt-5' }))
    expect(error).toMatchObject({
      code: 'REQUEST_REJECTED',
      reason: 'invalid_request',
      status: 400,
      isRetryable: false,
      headers: { 'x-request-id': 'r1' },
      body: { error: { message: 'temperature must be at most 2' } },
    })
    expect(attempts).toHaveLength(1)
    expect(manager.status().availableProfiles).toBe(2)
  })

  it("skips a fallback that rejects the request for reasons of its own, and reports the first model's failure in the end", async () => {
    const { manager, clock, attempts } = setup(
      {
        openai: always(() => answer(503)),
        anthropic: always(() => answer(400, 'unknown parameter')),
        deepseek: always(() => answer(401)),
      },
      { fallbacks: ['anthropic/claude', 'deepseek/x'], profiles: [{ id: 'openai:a' }], wait: { maxMs: 0 } },
    )
    const error = await failure(clock.runUntil(manager.call({ model: 'gpt-5' })))
    expect(error.code).toBe('ALL_TARGETS_FAILED')
    expect((error.cause as Error).message).toBe('HTTP 503')
    expect(attempts.filter(({ target }) => target.startsWith('claude'))).toHaveLength(1)
    expect(attempts.filter(({ target }) => target.startsWith('x'))).toHaveLength(1)
  })

  it('tries one other model when the context is too long, and gives the error back when that is too small, too', async () => {
    const tooLong = (): Error => answer(400, "This model's maximum context length is 8192 tokens")
    const two = setup({ openai: always(tooLong), anthropic: () => ['hi'] }, { fallbacks: ['anthropic/claude'] })
    await two.manager.call({ model: 'gpt-5' })
    expect(two.attempts.map(({ target }) => target)).toEqual(['gpt-5@openai:a', 'claude@anthropic:default'])
    const none = setup(
      { openai: always(tooLong), anthropic: always(tooLong), deepseek: () => ['hi'] },
      { fallbacks: ['anthropic/claude', 'deepseek/x'] },
    )
    expect(await failure(none.manager.call({ model: 'gpt-5' }))).toMatchObject({
      code: 'REQUEST_REJECTED',
      reason: 'context_length',
    })
    expect(none.attempts).toHaveLength(2)
  })

  it('gives a refusal by a filter back at once, whoever pronounced it', async () => {
    const { manager, clock, attempts } = setup(
      {
        openai: always(() => answer(503)),
        anthropic: always(() => answer(400, 'Output blocked by content filtering policy')),
        deepseek: () => ['hi'],
      },
      { fallbacks: ['anthropic/claude', 'deepseek/x'] },
    )
    const error = await failure(clock.runUntil(manager.call({ model: 'gpt-5' })))
    expect(error).toMatchObject({ code: 'REQUEST_REJECTED', reason: 'content_policy', status: 400 })
    expect(attempts.at(-1)?.target).toBe('claude@anthropic:default')
  })

  it('tells why a fallback rejected it where the model that was asked for is out', async () => {
    const { manager } = setup(
      { openai: () => ['ok'], anthropic: always(() => answer(400, 'unknown parameter')) },
      { fallbacks: ['anthropic/claude'], profiles: [{ id: 'openai:a' }], wait: { maxMs: 0 } },
    )
    manager.markFailure('openai:a', answer(429, 'x', { 'retry-after': '60' }), { model: 'gpt-5' })
    const error = await failure(manager.call({ model: 'gpt-5' }))
    expect(error).toMatchObject({
      code: 'ALL_TARGETS_FAILED',
      retryAfterMs: 60_000,
      cause: { message: 'unknown parameter' },
    })
  })

  it('tries an overloaded model once more, and no oftener, where there is nothing else', async () => {
    const { manager, clock, attempts } = setup(
      { openai: always(() => answer(529, 'Overloaded')) },
      { profiles: [{ id: 'openai:a' }] },
    )
    await failure(clock.runUntil(manager.call({ model: 'gpt-5' })))
    expect(attempts.map(({ atMs }) => atMs)).toEqual([0, 400])
  })

  it('asks a provider that is an object of a class whether it streams', async () => {
    class Own {
      readonly name = 'openai'
      readonly #mode: string = 'whole'
      isStreaming(): boolean {
        return this.#mode === 'stream'
      }
      async stream(_: TextRequest, { signal }: { readonly signal: AbortSignal }): Promise<AsyncIterable<string>> {
        return silence(signal)
      }
    }
    const { manager, clock } = setup(
      {},
      {
        registry: { openai: new Own() },
        timeouts: { firstContentMs: 5_000, responseMs: 9_000 },
        profiles: [{ id: 'openai:a' }],
      },
    )
    const error = await failure(clock.runUntil(manager.call({ model: 'gpt-5' })))
    expect(error.attempts).toMatchObject([{ reason: 'timeout', durationMs: 9_000 }])
  })

  it('ends with a FailoverError, and leaves nothing behind, where a function of a provider throws', async () => {
    const registry = {
      openai: {
        ...scriptedProvider('openai', () => ['ok']),
        isStreaming: () => {
          throw new TypeError('no stream')
        },
      },
    }
    const { manager, clock } = setup({}, { registry })
    expect(await failure(manager.call({ model: 'gpt-5' }))).toMatchObject({
      code: 'PROVIDER_ERROR',
      cause: { message: 'no stream' },
    })
    expect(clock.pendingTimers).toBe(0)
    expect(manager.status().profiles.map(({ inFlight }) => inFlight)).toEqual([0, 0])
  })

  it('answers from a pool in which all keys but the last are dead', async () => {
    const profiles = Array.from({ length: 15 }, (_, index) => ({ id: `openai:${index}` }))
    const { manager, attempts } = setup(
      {
        openai: ({ profile }) =>
          profile.id === 'openai:14' ? ['ok'] : Promise.reject(answer(401, 'Incorrect API key provided')),
      },
      { profiles },
    )
    expect(await collect(await manager.call({ model: 'gpt-5' }))).toEqual(['ok'])
    expect(attempts).toHaveLength(15)
  })

  it('makes no more attempts than its budget', async () => {
    const fallbacks = Array.from({ length: 20 }, (_, index) => `anthropic/m${index}`)
    const { manager, clock, attempts } = setup(
      { openai: always(() => answer(500)), anthropic: always(() => answer(500)) },
      { fallbacks, budget: { maxAttempts: 4 } },
    )
    const error = await failure(clock.runUntil(manager.call({ model: 'gpt-5' })))
    expect(error.attempts).toHaveLength(4)
    expect(attempts).toHaveLength(4)
  })

  it('tries a missing model with one more key, then leaves the model alone', async () => {
    const profiles = [1, 2, 3, 4].map((index) => ({ id: `openai:${index}` }))
    const { manager, attempts } = setup(
      {
        openai: always(() => answer(404, 'The model `gpt-9` does not exist or you do not have access to it')),
        anthropic: () => ['hi'],
      },
      { profiles, fallbacks: ['anthropic/claude'] },
    )
    await manager.call({ model: 'gpt-9' })
    expect(attempts.map(({ target }) => target)).toEqual([
      'gpt-9@openai:1',
      'gpt-9@openai:2',
      'claude@anthropic:default',
    ])
  })

  it('prefers the profile that the reference pins, and does not lose the pin', async () => {
    const { manager, clock, attempts } = setup({ openai: failing(1, () => answer(429, 'x', { 'retry-after': '1' })) })
    await manager.call({ model: 'openai/gpt-5@b' })
    await clock.advance(1_000)
    await manager.call({ model: 'openai/gpt-5@openai:b' })
    expect(attempts.map(({ target }) => target)).toEqual(['gpt-5@openai:b', 'gpt-5@openai:a', 'gpt-5@openai:b'])
  })

  it('prefers a pinned profile to the one that a session would get', async () => {
    const { manager, attempts } = setup({ openai: () => ['ok'] })
    for (const sessionKey of ['s1', 's2', 's3', 's4', 's5', 's6'])
      await manager.call({ model: 'openai/gpt-5@b' }, { sessionKey })
    expect(new Set(attempts.map(({ target }) => target))).toEqual(new Set(['gpt-5@openai:b']))
  })

  it('keeps a session on one of several equal profiles', async () => {
    const profiles = [1, 2, 3, 4, 5].map((index) => ({ id: `openai:${index}` }))
    const { manager, attempts } = setup({ openai: () => ['ok'] }, { profiles })
    for (let turn = 0; turn < 3; turn += 1)
      for (const sessionKey of ['s1', 's2', 's3', 's4', 's5', 's6'])
        await manager.call({ model: 'gpt-5' }, { sessionKey })
    const firstTurn = attempts.slice(0, 6)
    expect(attempts.slice(6, 12)).toEqual(firstTurn)
    expect(attempts.slice(12)).toEqual(firstTurn)
    expect(new Set(firstTurn.map(({ target }) => target)).size).toBeGreaterThan(1)
  })

  it('runs any function, with the key and the target of each attempt', async () => {
    const { manager } = setup({})
    const seen: unknown[] = []
    const result = await manager.run('openai/gpt-5', async ({ target, profile, apiKey, attempt }) => {
      seen.push([String(target), profile.id, apiKey, attempt])
      if (attempt === 1) throw answer(429)
      return 42
    })
    expect(result).toBe(42)
    expect(seen).toEqual([
      ['openai/gpt-5@openai:a', 'openai:a', 'sk-a-0000000000001', 1],
      ['openai/gpt-5@openai:b', 'openai:b', 'sk-b-0000000000002', 2],
    ])
  })

  it('replaces the fallbacks for one call; an empty list is strict', async () => {
    const { manager, clock } = setup(
      { openai: always(() => answer(500)), anthropic: () => ['hi'] },
      { fallbacks: ['anthropic/claude'] },
    )
    expect(await failure(clock.runUntil(manager.call({ model: 'gpt-5' }, { fallbacks: [] })))).toMatchObject({
      code: 'ALL_TARGETS_FAILED',
    })
    const stream = await clock.runUntil(manager.call({ model: 'gpt-5' }, { fallbacks: ['anthropic/other'] }))
    expect(stream.target.model).toBe('other')
  })

  it('sends an aliased model to its provider', async () => {
    const { manager, attempts } = setup({ openai: () => ['ok'], local: () => ['ok'] }, { profiles: [] })
    manager.registry.alias('gpt-5-mini', 'local')
    await manager.call({ model: 'gpt-5-mini' })
    expect(attempts.map(({ target }) => target)).toEqual(['gpt-5-mini@local:default'])
  })

  it('asks a primary that is dead for a minute at most six times, and is back on it within 15 s of its recovery', async () => {
    const primary: number[] = []
    const { manager, clock } = setup(
      {
        openai: () => {
          primary.push(clockOf().now() - startedAt)
          if (clockOf().now() - startedAt < 60_000) throw answer(503)
          return ['ok']
        },
        anthropic: () => ['hi'],
      },
      { fallbacks: ['anthropic/claude'], profiles: [{ id: 'openai:a' }] },
    )
    const startedAt = clock.now()
    function clockOf(): VirtualClock {
      return clock
    }
    const answers: Promise<string>[] = []
    for (let request = 0; request < 20; request += 1) {
      answers.push(manager.call({ model: 'gpt-5' }).then(({ target }) => target.provider))
      await clock.advance(4_000)
    }
    const providers = await Promise.all(answers)
    expect(primary.filter((atMs) => atMs < 60_000).length).toBeLessThanOrEqual(6)
    expect(primary.find((atMs) => atMs >= 60_000)).toBeLessThanOrEqual(75_000)
    expect(providers.slice(-2)).toEqual(['openai', 'openai'])
  })

  it('follows routes, also routes that name routes, without going in circles', async () => {
    const { manager, clock, attempts } = setup(
      { openai: always(() => answer(401)), anthropic: () => ['hi'] },
      {
        routes: {
          smart: { primary: 'openai/gpt-5', fallbacks: ['cheap'] },
          cheap: { primary: 'openai/gpt-5-mini', fallbacks: ['smart', 'anthropic/claude'] },
        },
      },
    )
    const stream = await clock.runUntil(manager.call({ model: 'smart' }))
    expect(stream.target.model).toBe('claude')
    expect(attempts.map(({ target }) => target)).toEqual([
      'gpt-5@openai:a',
      'gpt-5@openai:b',
      'claude@anthropic:default',
    ])
  })

  it('takes over a key that was changed while it waited', async () => {
    const { manager, clock, attempts } = setup(
      {
        openai: ({ apiKey }) => (apiKey === 'new' ? ['ok'] : Promise.reject(answer(429, 'x', { 'retry-after': '3' }))),
      },
      { profiles: [{ id: 'openai:a', apiKey: 'old' }] },
    )
    const stream = manager.call({ model: 'gpt-5' })
    await clock.advance(1_000)
    manager.updateProfile('openai:a', { apiKey: 'new' })
    await clock.advance(2_000)
    await stream
    expect(attempts.map(({ atMs }) => atMs)).toEqual([0, 3_000])
  })

  it('fetches a key once for all who need it, and again before it expires', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    let fetched = 0
    const { manager, clock } = setup(
      { openai: ({ apiKey }) => [`${apiKey}`] },
      {
        profiles: [
          {
            id: 'openai:a',
            apiKey: async () => {
              fetched += 1
              await promise
              return { value: `key-${fetched}`, expiresAt: clockOf().now() + 60_000 }
            },
          },
        ],
      },
    )
    function clockOf(): VirtualClock {
      return clock
    }
    const streams = Promise.all([1, 2, 3].map(() => manager.call({ model: 'gpt-5' })))
    resolve()
    expect(await Promise.all((await streams).map((stream) => collect(stream)))).toEqual([
      ['key-1'],
      ['key-1'],
      ['key-1'],
    ])
    await clock.advance(55_000)
    expect(await collect(await manager.call({ model: 'gpt-5' }))).toEqual(['key-2'])
  })

  it('takes a key that cannot be fetched for an authentication failure of that profile', async () => {
    const { manager, attempts } = setup(
      { openai: () => ['ok'] },
      {
        profiles: [
          { id: 'openai:a', apiKey: () => Promise.reject(new Error('vault is sealed')) },
          { id: 'openai:b', apiKey: 'sk-b' },
        ],
      },
    )
    const stream = await manager.call({ model: 'gpt-5' })
    expect(stream.attempts.map(({ reason }) => reason)).toEqual(['auth', undefined])
    expect(attempts.map(({ target }) => target)).toEqual(['gpt-5@openai:b'])
  })
})

describe('when nothing is open', () => {
  it('waits for the soonest within wait.maxMs and then answers', async () => {
    const { manager, clock, attempts } = setup({ openai: failing(2, () => answer(429, 'x', { 'retry-after': '3' })) })
    await clock.runUntil(manager.call({ model: 'gpt-5' }, { deadlineMs: 10_000 }))
    expect(attempts.map(({ atMs }) => atMs)).toEqual([0, 0, 3_000])
  })

  it('fails at once, saying when to come back, where that is beyond the deadline or the patience', async () => {
    const limited = (): Error => answer(429, 'x', { 'retry-after': '3' })
    for (const [options, deadlineMs] of [
      [{}, 1_000],
      [{ wait: { maxMs: 2_000 } }, 60_000],
      [{ wait: { maxQueued: 0 } }, 60_000],
    ] as const) {
      const { manager, clock } = setup({ openai: always(limited) }, options)
      const startedAt = clock.now()
      const error = await failure(manager.call({ model: 'gpt-5' }, { deadlineMs }))
      expect(error).toMatchObject({
        code: 'ALL_TARGETS_FAILED',
        isRetryable: true,
        retryAfterMs: 3_000,
        nextAvailableAt: startedAt + 3_000,
      })
      expect(clock.now()).toBe(startedAt)
      expect(clock.pendingTimers).toBe(0)
    }
  })

  it('does not wait longer than wait.maxMs in all', async () => {
    const { manager, clock, attempts } = setup(
      { openai: always(() => answer(429, 'x', { 'retry-after': '4' })) },
      { profiles: [{ id: 'openai:a' }], retry: { attempts: 9 } },
    )
    await failure(clock.runUntil(manager.call({ model: 'gpt-5' })))
    expect(attempts.map(({ atMs }) => atMs)).toEqual([0, 4_000, 8_000])
  })

  it('lets no more requests wait than wait.maxQueued', async () => {
    const { manager, clock } = setup(
      { openai: () => ['ok'] },
      { profiles: [{ id: 'openai:a' }], wait: { maxQueued: 2 } },
    )
    manager.markFailure('openai:a', answer(429, 'x', { 'retry-after': '3' }), { model: 'gpt-5' })
    const calls = [1, 2, 3, 4].map(() =>
      manager.call({ model: 'gpt-5' }).then(
        () => 'answered',
        (error: FailoverError) => error.code,
      ),
    )
    await clock.advance(4_000)
    expect((await Promise.all(calls)).toSorted()).toEqual([
      'ALL_TARGETS_FAILED',
      'ALL_TARGETS_FAILED',
      'answered',
      'answered',
    ])
  })

  it('wakes those who wait as soon as a profile is added, enabled or reset', async () => {
    for (const help of ['add', 'enable', 'reset'] as const) {
      const { manager, clock } = setup(
        { openai: failing(1, () => answer(429, 'x', { 'retry-after': '9' })) },
        { profiles: [{ id: 'openai:a' }, { id: 'openai:c', priority: 1 }] },
      )
      manager.disable('openai:c', 'spare')
      const call = manager.call({ model: 'gpt-5' })
      await clock.advance(1_000)
      if (help === 'add') manager.addProfile({ id: 'openai:b' })
      else if (help === 'enable') manager.enable('openai:c')
      else manager.reset('openai:a')
      const stream = await call
      expect(stream.target.profile).toBe({ add: 'openai:b', enable: 'openai:c', reset: 'openai:a' }[help])
    }
  })

  it('never refuses a sole target for its breaker, but lets only one in at a time', async () => {
    const { manager, clock, attempts } = setup(
      { openai: () => new Promise((resolve) => clockOf().setTimer(() => resolve(['ok']), 100)) },
      { profiles: [{ id: 'openai:a' }], cooldown: { breaker: { minMs: 5_000, maxMs: 15_000 } } },
    )
    function clockOf(): VirtualClock {
      return clock
    }
    manager.markFailure('openai:a', answer(503), { model: 'gpt-5' })
    expect(manager.getNextProfile({ provider: 'openai', model: 'gpt-5' })).toBeUndefined()
    const calls = [1, 2, 3].map(() => manager.call({ model: 'gpt-5' }))
    await clock.advance(50)
    expect(attempts).toHaveLength(1)
    await clock.advance(200)
    await Promise.all(calls)
    expect(attempts.map(({ atMs }) => atMs)).toEqual([0, 100, 100])
  })

  it('holds the limits of a sole target, however badly it is needed', async () => {
    const { manager, clock, attempts } = setup(
      { openai: () => ['ok'] },
      {
        profiles: [{ id: 'openai:a', limits: { requestsPerMinute: 1 } }],
        cooldown: { breaker: { minMs: 5_000, maxMs: 15_000 } },
      },
    )
    await collect(await manager.call({ model: 'gpt-5' }))
    manager.markFailure('openai:a', answer(503), { model: 'gpt-5' })
    expect(await failure(manager.call({ model: 'gpt-5' }))).toMatchObject({ code: 'ALL_TARGETS_FAILED' })
    expect(attempts).toHaveLength(1)
    expect(clock.pendingTimers).toBe(0)
  })

  it('panics where breaker windows alone keep everything out for longer than anyone waits', async () => {
    const { manager, clock, attempts } = setup(
      { openai: () => ['ok'], anthropic: () => ['hi'] },
      {
        profiles: [{ id: 'openai:a' }, { id: 'anthropic:a' }],
        fallbacks: ['anthropic/claude'],
        cooldown: { breaker: { minMs: 14_000, maxMs: 15_000 } },
      },
    )
    manager.markFailure('openai:a', answer(503), { model: 'gpt-5' })
    await clock.advance(1_000)
    manager.markFailure('anthropic:a', answer(503), { model: 'claude' })
    const stream = await manager.call({ model: 'gpt-5' })
    expect(stream.target.provider).toBe('openai')
    expect(attempts).toHaveLength(1)
  })

  it('does not panic against a stated end, a rate limit, or a dead key', async () => {
    const { manager } = setup({ openai: () => ['ok'] }, { wait: { maxMs: 0 } })
    manager.markFailure('openai:a', answer(503, 'x', { 'retry-after': '12' }), { model: 'gpt-5' })
    manager.markFailure('openai:b', answer(401), { model: 'gpt-5' })
    expect(await failure(manager.call({ model: 'gpt-5' }))).toMatchObject({ code: 'ALL_TARGETS_FAILED', attempts: [] })
  })

  it('lets exactly one request find out whether a rate limit without a stated end is over', async () => {
    const { manager, clock, attempts } = setup(
      { openai: () => new Promise((resolve) => clockOf().setTimer(() => resolve(['ok']), 1_000)) },
      { profiles: [{ id: 'openai:a' }] },
    )
    function clockOf(): VirtualClock {
      return clock
    }
    manager.markFailure('openai:a', answer(429), { model: 'gpt-5' })
    const calls = [1, 2, 3, 4].map(() => manager.call({ model: 'gpt-5' }))
    await clock.advance(5_900)
    expect(attempts).toHaveLength(1)
    // It is back after 6.25 s, and traffic comes back by ramp: two more, and the last a second later.
    await clock.advance(400)
    expect(attempts).toHaveLength(3)
    await clock.advance(3_000)
    await Promise.all(calls)
    expect(attempts).toHaveLength(4)
  })

  it('gives the trial back when its holder leaves', async () => {
    const { manager, clock, attempts } = setup(
      { openai: ({ signal }) => silence(signal) },
      { profiles: [{ id: 'openai:a' }] },
    )
    manager.markFailure('openai:a', answer(429), { model: 'gpt-5' })
    await clock.advance(6_000)
    const controller = new AbortController()
    const first = failure(manager.call({ model: 'gpt-5' }, { signal: controller.signal }))
    await clock.advance(10)
    const second = failure(manager.call({ model: 'gpt-5' }, { deadlineMs: 1_000 }))
    await clock.advance(10)
    expect(attempts).toHaveLength(1)
    controller.abort()
    expect((await first).code).toBe('CANCELED')
    await clock.advance(10)
    expect(attempts).toHaveLength(2)
    await clock.advance(2_000)
    expect((await second).code).toBe('DEADLINE_EXCEEDED')
  })
})

describe('a request that a model turns down', () => {
  const tooLong = () =>
    Object.assign(new Error('too long'), { status: 400, body: { error: { code: 'context_length_exceeded' } } })
  const refused = () => Object.assign(new Error('no'), { status: 400, body: { error: { code: 'content_filter' } } })
  const models = (attempts: readonly { target: string }[]) => attempts.map(({ target }) => target.split('@')[0])
  const one = [{ id: 'openai:a', apiKey: 'sk-a-0000000000001' }]

  it('goes on only to models whose window is larger', async () => {
    const { manager, attempts } = setup(
      {
        openai: ({ target }) => {
          if (target.model !== 'gpt-4.1') throw tooLong()
          return ['long']
        },
      },
      { profiles: one, fallbacks: ['openai/gpt-4o', 'openai/gpt-4-turbo', 'openai/o1', 'openai/gpt-4.1'] },
    )
    expect(await collect(await manager.call({ model: 'openai/gpt-4o-mini' }))).toEqual(['long'])
    expect(models(attempts)).toEqual(['gpt-4o-mini', 'o1', 'gpt-4.1'])
  })

  it('tries one model whose window is not known, and no more', async () => {
    const { manager, attempts } = setup(
      { openai: always(tooLong) },
      { profiles: one, fallbacks: ['openai/x-1', 'openai/x-2', 'openai/gpt-4o'] },
    )
    const error = await failure(manager.call({ model: 'openai/gpt-4o' }))
    expect(error).toMatchObject({ code: 'REQUEST_REJECTED', reason: 'context_length', status: 400 })
    expect(models(attempts)).toEqual(['gpt-4o', 'x-1'])
  })

  it('believes the option contextWindows before its own table', async () => {
    const { manager, attempts } = setup(
      { openai: always(tooLong) },
      {
        profiles: one,
        fallbacks: ['openai/x-1', 'openai/x-2', 'openai/gpt-5'],
        contextWindows: { 'x-1': 8_000, 'x-2': 500_000, 'gpt-5': 100 },
      },
    )
    await failure(manager.call({ model: 'openai/gpt-4o' }))
    expect(models(attempts)).toEqual(['gpt-4o', 'x-2'])
  })

  it('takes the way the owner has named for it, in place of the fallbacks', async () => {
    const routes = {
      smart: {
        primary: 'openai/m',
        fallbacks: ['openai/f'],
        contextWindowFallbacks: ['openai/long-1', 'openai/long-2'],
        contentPolicyFallbacks: ['openai/free'],
      },
    }
    const long = setup(
      {
        openai: ({ target }) => {
          if (target.model !== 'long-2') throw tooLong()
          return ['long']
        },
      },
      { profiles: one, routes },
    )
    await collect(await long.manager.call({ model: 'smart' }))
    expect(models(long.attempts)).toEqual(['m', 'long-1', 'long-2'])
    const filtered = setup(
      {
        openai: ({ target }) => {
          if (target.model !== 'free') throw refused()
          return ['free']
        },
      },
      { profiles: one, routes },
    )
    await collect(await filtered.manager.call({ model: 'smart' }))
    expect(models(filtered.attempts)).toEqual(['m', 'free'])
    expect(filtered.events[0]).toMatchObject({ type: 'request_started', chain: ['openai/m', 'openai/f'] })
  })

  it('goes back to the caller where the named way ends, and where a call is strict', async () => {
    const routes = { smart: { primary: 'openai/m', fallbacks: ['openai/f'], contentPolicyFallbacks: ['openai/free'] } }
    const { manager, attempts } = setup({ openai: always(refused) }, { profiles: one, routes })
    expect(await failure(manager.call({ model: 'smart' }))).toMatchObject({ code: 'REQUEST_REJECTED', status: 400 })
    expect(models(attempts)).toEqual(['m', 'free'])
    await failure(manager.call({ model: 'smart' }, { fallbacks: [] }))
    expect(models(attempts)).toEqual(['m', 'free', 'm'])
  })

  it('never takes a detour for another reason', async () => {
    const routes = { smart: { primary: 'openai/m', contentPolicyFallbacks: ['openai/free'] } }
    const { manager, attempts } = setup(
      { openai: always(() => answer(500)) },
      { profiles: one, routes, wait: { maxMs: 0 }, retry: { attempts: 1 } },
    )
    expect(await failure(manager.call({ model: 'smart' }))).toMatchObject({ code: 'ALL_TARGETS_FAILED' })
    expect(models(attempts)).toEqual(['m'])
  })
})

describe('what lies with the origin or with us', () => {
  const THREE_KEYS = ['a', 'b', 'c'].map((name) => ({ id: `openai:${name}`, apiKey: `sk-${name}-000000000000` }))

  it('takes refusals of several keys of one origin within ten seconds for an incident, and burns none', async () => {
    const { manager, clock, attempts, events } = setup(
      { openai: failing(3, () => answer(401, 'invalid api key')) },
      { profiles: THREE_KEYS },
    )
    await failure(manager.call({ model: 'gpt-5' }, { deadlineMs: 500 }))
    expect(attempts).toHaveLength(3)
    for (const { reason, until = 0, since = 0 } of manager.status().profiles) {
      expect(reason).toBe('auth')
      expect(until - since).toBeLessThanOrEqual(1_100)
    }
    expect(events.filter(({ type }) => type === 'cooldown_ended')).toMatchObject([{ kind: 'auth', by: 'incident' }])
    await clock.advance(1_100)
    expect(await collect(await manager.call({ model: 'gpt-5' }))).toEqual(['ok'])
  })

  it('finds keys bad after all where the origin serves another one at the same time', async () => {
    const { manager } = setup(
      {
        openai: ({ profile }) => {
          if (profile.id !== 'openai:c') throw answer(401, 'invalid api key')
          return ['ok']
        },
      },
      { profiles: THREE_KEYS },
    )
    expect(await collect(await manager.call({ model: 'gpt-5' }))).toEqual(['ok'])
    const [a, b, c] = manager.status().profiles
    for (const { until = 0, since = 0, clearedBy } of [a ?? {}, b ?? {}]) {
      expect(until - since).toBeGreaterThanOrEqual(60_000)
      expect(clearedBy).toBe('key_change')
    }
    expect(c?.status).toBe('available')
  })

  it('blames nobody where no name of any origin is found', async () => {
    const lost = () => Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' })
    const { manager, events } = setup(
      { openai: always(lost), anthropic: always(lost) },
      { fallbacks: ['anthropic/claude'], retry: { attempts: 1 } },
    )
    for (let index = 0; index < 8; index += 1) await failure(manager.call({ model: 'gpt-5' }, { deadlineMs: 400 }))
    expect(events.filter(({ type }) => type === 'cooldown_started')).toEqual([])
    expect(
      events.filter((event) => event.type === 'attempt_failed' && event.failure.ruleId === 'local.dns').length,
    ).toBe(15)
  })

  it('blames one origin whose name is gone while the other is found', async () => {
    const lost = () => Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' })
    const { manager, events } = setup(
      { openai: always(lost), anthropic: () => ['hi'] },
      { fallbacks: ['anthropic/claude'], retry: { attempts: 1 } },
    )
    for (let index = 0; index < 4; index += 1) await collect(await manager.call({ model: 'gpt-5' }))
    expect(events.filter(({ type }) => type === 'cooldown_started')).toMatchObject([
      { scope: 'provider', kind: 'breaker', reason: 'network' },
    ])
  })
})

describe('limits in time', () => {
  it('gives up a silent target once, for the whole request, and moves on', async () => {
    const { manager, clock, attempts } = setup(
      { openai: ({ signal }) => silence(signal), anthropic: () => ['hi'] },
      { fallbacks: ['anthropic/claude'], timeouts: { firstContentMs: 5_000 } },
    )
    const stream = await clock.runUntil(manager.call({ model: 'gpt-5' }))
    expect(stream.attempts[0]).toMatchObject({ reason: 'timeout', durationMs: 5_000 })
    expect(attempts.map(({ target, atMs }) => [target, atMs])).toEqual([
      ['gpt-5@openai:a', 0],
      ['claude@anthropic:default', 5_000],
    ])
  })

  it('keeps time for the models behind, and blames nobody for a limit that the deadline cut short', async () => {
    const { manager, clock } = setup(
      { openai: ({ signal }) => silence(signal), anthropic: () => ['hi'] },
      { fallbacks: ['anthropic/claude'] },
    )
    const stream = await clock.runUntil(manager.call({ model: 'gpt-5' }, { deadlineMs: 8_000 }))
    expect(stream.attempts[0]).toMatchObject({ reason: 'timeout', durationMs: 6_000 })
    expect(manager.status().profiles[0]).toMatchObject({ failures: 0 })
  })

  it('ends with the deadline, whatever a provider makes of signals', async () => {
    const { manager, clock } = setup({ openai: () => new Promise(() => {}) })
    const error = await failure(clock.runUntil(manager.call({ model: 'gpt-5' }, { deadlineMs: 2_000 })))
    expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED', attempts: [{ outcome: 'canceled', durationMs: 2_000 }] })
    expect(clock.pendingTimers).toBe(0)
  })

  it('ends at once when the caller leaves, without a word against anyone', async () => {
    const { manager, clock } = setup({ openai: ({ signal }) => silence(signal) })
    const controller = new AbortController()
    const call = failure(manager.call({ model: 'gpt-5' }, { signal: controller.signal }))
    await clock.advance(100)
    controller.abort(new Error('changed my mind'))
    const error = await call
    expect(error).toMatchObject({ code: 'CANCELED', cause: { message: 'changed my mind' } })
    expect(manager.status().profiles[0]).toMatchObject({ failures: 0, inFlight: 0, status: 'available' })
    expect(clock.pendingTimers).toBe(0)
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  })

  it('reaches no provider for a caller who leaves when told of the attempt', async () => {
    const { manager, attempts } = setup({ openai: () => ['ok'] })
    const controller = new AbortController()
    manager.on('attempt_started', () => controller.abort())
    expect(await failure(manager.call({ model: 'gpt-5' }, { signal: controller.signal }))).toMatchObject({
      code: 'CANCELED',
    })
    expect(attempts).toEqual([])
  })

  it('does not begin for a caller who has left already', async () => {
    const { manager, attempts } = setup({ openai: () => ['ok'] })
    expect(await failure(manager.call({ model: 'gpt-5' }, { signal: AbortSignal.abort() }))).toMatchObject({
      code: 'CANCELED',
    })
    expect(attempts).toEqual([])
  })
})

describe("a client's own limits", () => {
  it('hold maxConcurrent, and let the next one in when one ends', async () => {
    const { manager, clock, attempts } = setup(
      { openai: () => ['ok'] },
      { profiles: [{ id: 'openai:a', limits: { maxConcurrent: 1 } }] },
    )
    const first = await manager.call({ model: 'gpt-5' })
    const second = manager.call({ model: 'gpt-5' })
    await clock.advance(10)
    expect(attempts).toHaveLength(1)
    await collect(first)
    await collect(await second)
    expect(attempts).toHaveLength(2)
  })

  it('hold requestsPerMinute and use another profile meanwhile', async () => {
    const { manager, attempts } = setup(
      { openai: () => ['ok'] },
      {
        profiles: [
          { id: 'openai:a', limits: { requestsPerMinute: 2 } },
          { id: 'openai:b', priority: 1 },
        ],
      },
    )
    for (let request = 0; request < 3; request += 1) await collect(await manager.call({ model: 'gpt-5' }))
    expect(attempts.map(({ target }) => target)).toEqual(['gpt-5@openai:a', 'gpt-5@openai:a', 'gpt-5@openai:b'])
  })

  it('hold tokensPerMinute, settled from the usage that was reported', async () => {
    const { manager, clock } = setup({}, { profiles: [{ id: 'openai:a', limits: { tokensPerMinute: 1_000 } }] })
    const lease = manager.acquire({ provider: 'openai', model: 'gpt-5' })
    lease?.succeed({ usage: { inputTokens: 900, outputTokens: 200 } })
    expect(manager.acquire({ provider: 'openai', model: 'gpt-5' })).toBeUndefined()
    expect(manager.nextAvailableAt({ provider: 'openai' })).toBeGreaterThan(clock.now() + 55_000)
    await clock.advance(61_000)
    expect(manager.acquire({ provider: 'openai', model: 'gpt-5' })).toBeDefined()
  })
})

describe('a lease', () => {
  it('counts as in flight until its first end; what comes later does nothing', () => {
    const { manager } = setup({})
    const lease = manager.acquire({ provider: 'openai', model: 'gpt-5' })
    if (lease === undefined) throw new Error('expected a lease')
    expect(lease.profile.id).toBe('openai:a')
    expect(manager.status().profiles[0]?.inFlight).toBe(1)
    lease.release()
    lease.fail(answer(401))
    lease.succeed()
    lease[Symbol.dispose]()
    expect(manager.status().profiles[0]).toMatchObject({ inFlight: 0, failures: 0, successes: 0, status: 'available' })
  })

  it('reports a failure as an attempt of the engine would', () => {
    const { manager } = setup({})
    expect(manager.acquire({ provider: 'openai', model: 'gpt-5' })?.fail(answer(429))).toMatchObject({
      reason: 'rate_limit',
    })
    expect(manager.acquire({ provider: 'openai', model: 'gpt-5' })?.profile.id).toBe('openai:b')
  })

  it('holds the trial, so that nobody else gets one', async () => {
    const { manager, clock } = setup({}, { profiles: [{ id: 'openai:a' }] })
    manager.markFailure('openai:a', answer(429), { model: 'gpt-5' })
    await clock.advance(6_000)
    const trial = manager.acquire({ provider: 'openai', model: 'gpt-5' })
    expect(trial?.isTrial).toBe(true)
    expect(manager.acquire({ provider: 'openai', model: 'gpt-5' })).toBeUndefined()
    trial?.succeed()
    expect(manager.acquire({ provider: 'openai', model: 'gpt-5' })?.isTrial).toBe(false)
  })

  it('that is forgotten lapses after the attempt limit', async () => {
    const { manager, clock } = setup(
      {},
      { profiles: [{ id: 'openai:a', limits: { maxConcurrent: 1 } }], timeouts: { attemptMs: 60_000 } },
    )
    manager.acquire({ provider: 'openai', model: 'gpt-5' })
    await clock.advance(59_999)
    expect(manager.acquire({ provider: 'openai', model: 'gpt-5' })).toBeUndefined()
    await clock.advance(1)
    expect(manager.acquire({ provider: 'openai', model: 'gpt-5' })).toBeDefined()
  })
})

describe('a stream', () => {
  it('fails with a typed error when it breaks after its first content, and never ends as if it were complete', async () => {
    const { manager } = setup({
      openai: async function* () {
        yield 'half '
        throw new Error('socket hang up')
      },
    } as unknown as Record<string, Script>)
    const stream = await manager.call({ model: 'gpt-5' })
    const error = await failure(collect(stream))
    expect(error).toMatchObject({ code: 'STREAM_INTERRUPTED', inStream: true, attempts: [{ outcome: 'failed' }] })
    expect(await failure(stream.completed)).toBe(error)
  })

  it('fails when it stalls for longer than the idle limit', async () => {
    const { manager, clock } = setup(
      {
        openai: async function* () {
          yield 'half '
          await new Promise(() => {})
        },
      } as unknown as Record<string, Script>,
      { timeouts: { idleMs: 3_000 } },
    )
    const stream = await manager.call({ model: 'gpt-5' })
    const reading = failure(collect(stream))
    await clock.advance(3_000)
    expect(await reading).toMatchObject({ code: 'STREAM_INTERRUPTED', reason: 'timeout' })
    expect(clock.pendingTimers).toBe(0)
  })

  it('commits with the first content, so that an error before it is an ordinary failure', async () => {
    const registry = {
      openai: {
        ...scriptedProvider('openai', ({ target }) =>
          target.model === 'gpt-5'
            ? (async function* () {
                yield 'ping'
                throw answer(529, 'overloaded')
              })()
            : ['ping', 'text'],
        ),
        isContent: (event: string) => event === 'text',
      },
    }
    const { manager } = setup({}, { registry, fallbacks: ['openai/gpt-5-mini'] })
    const stream = await manager.call({ model: 'gpt-5' })
    expect(stream.target.model).toBe('gpt-5-mini')
  })

  it('that ends without content is a bad response', async () => {
    const { manager, clock } = setup({ openai: () => [], anthropic: () => ['hi'] }, { fallbacks: ['anthropic/claude'] })
    const stream = await clock.runUntil(manager.call({ model: 'gpt-5' }))
    expect(stream.attempts.map(({ reason }) => reason)).toEqual(['bad_response', 'bad_response', undefined])
  })

  it('ends on the wire when its reader leaves, with nobody blamed and nothing left', async () => {
    let isClosed = false
    const { manager, clock } = setup({
      openai: async function* () {
        try {
          for (let index = 0; ; index += 1) yield `${index}`
        } finally {
          isClosed = true
        }
      },
    } as unknown as Record<string, Script>)
    for await (const event of await manager.call({ model: 'gpt-5' })) if (event === '3') break
    expect(isClosed).toBe(true)
    expect(manager.status().profiles[0]).toMatchObject({ inFlight: 0, failures: 0 })
    expect(clock.pendingTimers).toBe(0)
  })

  it('that nobody reads is given up after the attempt limit, with nobody blamed', async () => {
    const { manager, clock } = setup({ openai: () => ['a', 'b'] }, { timeouts: { attemptMs: 60_000 } })
    const stream = await manager.call({ model: 'gpt-5' })
    await clock.advance(60_000)
    expect(manager.status().profiles[0]).toMatchObject({ inFlight: 0, failures: 0 })
    expect(await failure(stream.completed)).toMatchObject({ code: 'TIMEOUT' })
    expect(clock.pendingTimers).toBe(0)
  })

  it('tells when it is complete, by whom and at what cost', async () => {
    const registry = {
      openai: {
        ...scriptedProvider('openai', () => ['a', 'b']),
        usageOf: (event: string) => (event === 'b' ? { inputTokens: 3, outputTokens: 2 } : undefined),
      },
    }
    const { manager } = setup({}, { registry })
    const stream = await manager.call({ model: 'gpt-5' })
    expect(stream.attempts).toMatchObject([{ outcome: 'pending' }])
    expect([String(stream.target), String(stream.attempts[0]?.target)]).toEqual([
      'openai/gpt-5@openai:a',
      'openai/gpt-5@openai:a',
    ])
    await collect(stream)
    expect(await stream.completed).toMatchObject({
      target: { profile: 'openai:a' },
      usage: { inputTokens: 3, outputTokens: 2 },
      attempts: [{ outcome: 'succeeded' }],
    })
    expect(manager.status().profiles[0]).toMatchObject({ inputTokens: 3, outputTokens: 2 })
  })
})

describe('the events of a request', () => {
  it('tell the whole story in order', async () => {
    const { manager, events } = setup({ openai: failing(1, () => answer(429, 'x', { 'retry-after': '2' })) })
    await collect(await manager.call({ model: 'gpt-5' }))
    expect(events.map(({ type }) => type)).toEqual([
      'request_started',
      'attempt_started',
      'attempt_failed',
      'cooldown_started',
      'target_skipped',
      'failover',
      'attempt_started',
      'attempt_committed',
      'attempt_succeeded',
      'request_succeeded',
    ])
  })

  it('stop for a listener that has unsubscribed', async () => {
    const { manager } = setup({ openai: () => ['ok'] })
    const seen: string[] = []
    const stop = manager.on('request_started', ({ model }) => seen.push(model))
    await manager.call({ model: 'gpt-5' })
    stop()
    await manager.call({ model: 'gpt-5' })
    expect(seen).toEqual(['gpt-5'])
  })
})

describe('any number of requests at the same time', () => {
  it('share nothing but health', async () => {
    const { manager, clock } = setup({ openai: (_, { prompt }) => [`${prompt}`] })
    const answers = await clock.runUntil(
      Promise.all(
        Array.from({ length: 500 }, async (_, index) =>
          collect(await manager.call({ model: 'gpt-5', prompt: `p${index}` })),
        ),
      ),
    )
    expect(answers).toEqual(Array.from({ length: 500 }, (_, index) => [`p${index}`]))
    expect(manager.status().profiles.map(({ inFlight }) => inFlight)).toEqual([0, 0])
  })

  it('count parallel failures of one cause once', async () => {
    const { manager, clock, events } = setup(
      { openai: () => new Promise((_, reject) => clockOf().setTimer(() => reject(answer(429)), 10)) },
      { profiles: [{ id: 'openai:a' }], wait: { maxMs: 0 } },
    )
    function clockOf(): VirtualClock {
      return clock
    }
    const calls = Promise.all(Array.from({ length: 8 }, () => failure(manager.call({ model: 'gpt-5' }))))
    await clock.advance(100)
    await calls
    await clock.advance(6_000)
    const next = failure(manager.call({ model: 'gpt-5' }))
    await clock.advance(100)
    await next
    expect(events.filter(({ type }) => type === 'cooldown_started')).toMatchObject([{ rung: 0 }, { rung: 1 }])
  })
})

describe('limits on tokens and of quota groups', () => {
  const budgeted = (limits: object, options: FailoverOptions<TextRequest, string> = {}) =>
    setup(
      { openai: () => ['ok'] },
      { profiles: [{ id: 'openai:a', limits }, { id: 'openai:b' }], wait: { maxMs: 0 }, ...options },
    )
  const profileOf = (attempts: readonly { target: string }[]) => attempts.map(({ target }) => target.split('@')[1])

  it('reserve what a request is expected to use before it is sent', async () => {
    const { manager, attempts } = budgeted({ tokensPerMinute: 1_000 })
    for (const estimatedTokens of [600, 600, 300])
      await collect(await manager.call({ model: 'openai/m' }, { estimatedTokens }))
    // The second would not have fitted, the third does.
    expect(profileOf(attempts)).toEqual(['openai:a', 'openai:b', 'openai:a'])
  })

  it('settle with what was really used', async () => {
    const used = { inputTokens: 10, outputTokens: 10 }
    const { manager, attempts } = budgeted({ tokensPerMinute: 1_000 })
    const entry = manager.registry.get('openai')
    if (entry.state !== 'registered') throw new Error('not registered')
    manager.registry.register('openai', { ...entry.provider, usageOf: () => used })
    for (const estimatedTokens of [900, 900, 900])
      await collect(await manager.call({ model: 'openai/m' }, { estimatedTokens }))
    expect(profileOf(attempts)).toEqual(['openai:a', 'openai:a', 'openai:a'])
  })

  it('let a request through that is larger than the whole limit, where nothing else is counted', async () => {
    const { manager, attempts } = budgeted({ tokensPerMinute: 100 })
    await collect(await manager.call({ model: 'openai/m' }, { estimatedTokens: 5_000 }))
    expect(profileOf(attempts)).toEqual(['openai:a'])
  })

  it('are shared by the profiles of a quota group', async () => {
    const { manager, attempts, clock } = setup(
      { openai: () => ['ok'] },
      {
        profiles: [
          { id: 'openai:a', quotaGroup: 'org' },
          { id: 'openai:b', quotaGroup: 'org' },
          { id: 'openai:c', priority: 1 },
        ],
        quotaGroups: { org: { requestsPerMinute: 2 } },
        rotateOnSuccess: true,
      },
    )
    for (let index = 0; index < 3; index += 1) await collect(await manager.call({ model: 'openai/m' }))
    expect(profileOf(attempts)).toEqual(['openai:a', 'openai:b', 'openai:c'])
    expect(manager.status().profiles.map(({ held }) => held?.limit)).toEqual([
      'requestsPerMinute',
      'requestsPerMinute',
      undefined,
    ])
    await clock.advance(61_000)
    await collect(await manager.call({ model: 'openai/m' }))
    expect(profileOf(attempts).at(-1)).toBe('openai:a')
  })

  it('put a target last that headers say has nothing left, and exclude it only when it refuses', async () => {
    const buckets = [{ name: 'requests', limit: 60, remaining: 0, windowMs: 60_000, window: 60_000 }]
    const { manager, attempts, clock } = setup({
      openai: (context) => {
        if (context.profile.id === 'openai:a') context.noteQuota?.(buckets)
        return ['ok']
      },
    })
    for (let index = 0; index < 2; index += 1) await collect(await manager.call({ model: 'openai/m' }))
    expect(profileOf(attempts)).toEqual(['openai:a', 'openai:b'])
    manager.disable('openai:b', 'off')
    await collect(await manager.call({ model: 'openai/m' }))
    expect(profileOf(attempts).at(-1)).toBe('openai:a')
    manager.enable('openai:b')
    // One sixtieth of its window later one request fits again.
    await clock.advance(1_000)
    await collect(await manager.call({ model: 'openai/m' }))
    expect(profileOf(attempts).at(-1)).toBe('openai:a')
  })
})

describe('a retry whose back-off would pass the deadline', () => {
  it('is not waited for where a fallback is open', async () => {
    const { manager, clock } = setup(
      { openai: always(() => answer(500)), anthropic: () => ['hi'] },
      { fallbacks: ['anthropic/claude'], retry: { minDelayMs: 5_000 } },
    )
    const answered = manager.call({ model: 'openai/m' }, { deadlineMs: 2_000 }).then(collect)
    await clock.advance(0)
    expect(await answered).toEqual(['hi'])
  })
})

describe('a key that takes long to come', () => {
  it('does not use up the time its provider has, and blames nobody else', async () => {
    let clock: VirtualClock | undefined
    const apiKey = async () => {
      await clock?.sleep(8_000)
      return 'sk-fetched-000000000'
    }
    const made = setup(
      { openai: () => made.clock.sleep(4_000).then(() => ['ok']) },
      { profiles: [{ id: 'openai:a', apiKey }], timeouts: { firstContentMs: 5_000 } },
    )
    clock = made.clock
    const answered = made.manager.call({ model: 'openai/m' }).then(collect)
    await clock.advance(12_000)
    expect(await answered).toEqual(['ok'])
    expect(made.manager.status().outages).toEqual([])
    expect(made.manager.status().profiles[0]?.failures).toBe(0)
  })

  it('gives the provider its whole limit once it is there, and no more', async () => {
    let clock: VirtualClock | undefined
    const apiKey = async () => {
      await clock?.sleep(8_000)
      return 'sk-fetched-000000000'
    }
    const made = setup(
      { openai: ({ signal }) => silence(signal) },
      { profiles: [{ id: 'openai:a', apiKey }], timeouts: { firstContentMs: 5_000 }, wait: { maxMs: 0 } },
    )
    clock = made.clock
    const failed = failure(made.manager.call({ model: 'openai/m' }))
    await clock.advance(12_999)
    expect(made.manager.status().profiles[0]?.failures).toBe(0)
    await clock.advance(1)
    expect((await failed).attempts?.[0]).toMatchObject({ reason: 'timeout', durationMs: 13_000 })
  })
})
