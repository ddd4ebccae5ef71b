/** What a review of the whole engine found; each stays mended. */
import { describe, expect, it } from 'vitest'
import { FailoverError, type FailoverEvent, FailoverManager, type FailoverOptions, presets } from '../src/index.ts'
import { VirtualClock } from '../src/testing/virtual-clock.ts'
import { answer, silence } from './support/scripted-provider.ts'

const PAIR = [
  { id: 'p:a', apiKey: 'sk-a-0000000000' },
  { id: 'p:b', apiKey: 'sk-b-0000000000' },
]

function world(options: FailoverOptions = {}) {
  const clock = new VirtualClock()
  const manager = new FailoverManager({ clock, random: () => 0.5, profiles: PAIR, ...options })
  const events: FailoverEvent[] = []
  manager.on('*', (event) => events.push(event))
  return { clock, manager, events }
}

async function failure(promise: Promise<unknown>): Promise<FailoverError> {
  const error: unknown = await promise.catch((thrown: unknown) => thrown)
  if (error instanceof FailoverError) return error
  throw new Error(`expected a FailoverError, got ${String(error)}`)
}

const notFound = () => Object.assign(new Error('no'), { status: 404, body: { error: { code: 'model_not_found' } } })

describe('a changed key', () => {
  it('clears what was owed by its group, and status() says so of that alone', () => {
    const { manager } = world({ profiles: [{ id: 'p:a', apiKey: 'sk-a-0000000000', quotaGroup: 'org' }] })
    manager.markFailure('p:a', answer(402, 'no credit left'))
    expect(manager.status().outages).toMatchObject([{ scope: 'group', kind: 'billing', clearedBy: 'key_change' }])
    manager.updateProfile('p:a', { apiKey: 'sk-b-0000000000' })
    expect(manager.status().outages).toEqual([])
    manager.markFailure('p:a', Object.assign(new Error('blocked'), { status: 403, body: '<html>blocked</html>' }))
    for (const { scope, clearedBy } of manager.status().outages)
      if (scope === 'provider') expect(clearedBy).not.toBe('key_change')
  })

  it('is not condemned for what an incident held against the old one', async () => {
    const { manager } = world({ profiles: [...PAIR, { id: 'p:c', apiKey: 'sk-c-0000000000' }] })
    for (const id of ['p:a', 'p:b']) manager.markFailure(id, answer(401, 'invalid api key'))
    manager.updateProfile('p:a', { apiKey: 'sk-new-000000000' })
    await manager.run('p/m@p:c', () => 'served')
    const [a, b] = manager.status().profiles
    expect(a?.status).toBe('available')
    expect(b?.reason).toBe('auth')
  })

  it('of a source that gives another one by now brings its profile back by itself', async () => {
    let key = 'sk-old-0000000000'
    const { manager, clock } = world({ profiles: [{ id: 'p:a', apiKey: () => key }] })
    const ask = () =>
      manager.run('p/m', ({ apiKey }) => {
        if (apiKey === 'sk-old-0000000000') throw answer(402, 'no credit left')
        return 'ok'
      })
    await failure(ask())
    key = 'sk-new-0000000000'
    await clock.advance(31_000)
    await failure(ask())
    await clock.advance(10)
    expect(await ask()).toBe('ok')
  })
})

describe('keys that are fetched', () => {
  it('are told when they come and when they do not', async () => {
    let isBroken = false
    const apiKey = () => {
      if (isBroken) throw new Error('vault is sealed')
      return { value: 'sk-a-0000000000', expiresAt: clock.now() + 60_000 }
    }
    const { manager, clock, events } = world({ profiles: [{ id: 'p:a', apiKey }] })
    await manager.run('p/m', () => 'ok')
    isBroken = true
    await clock.advance(120_000)
    await failure(manager.run('p/m', () => 'ok', { deadlineMs: 100 }))
    const kinds = events.flatMap(({ type }) => (type.startsWith('credential_') ? [type] : []))
    expect(kinds.slice(0, 2)).toEqual(['credential_fetched', 'credential_failed'])
  })
})

describe('limits', () => {
  it('that a request does not fit into say when it will, as a rate limit', async () => {
    const { manager } = world({
      profiles: [{ id: 'p:a', limits: { tokensPerMinute: 1_000 } }],
      wait: { maxMs: 0 },
    })
    await manager.run('p/m', () => 'ok', { estimatedTokens: 900 })
    const error = await failure(manager.run('p/m', () => 'ok', { estimatedTokens: 900 }))
    expect(error.reason).toBe('rate_limit')
    expect(error.retryAfterMs).toBeGreaterThan(50_000)
  })

  it('get back what was reserved where the caller left before anybody was asked', async () => {
    const { manager, clock } = world({
      profiles: [
        {
          id: 'p:a',
          apiKey: () => clock.sleep(1_000).then(() => 'sk-a-0000000000'),
          limits: { tokensPerMinute: 1_000 },
        },
      ],
      wait: { maxMs: 0 },
    })
    const controller = new AbortController()
    const left = failure(manager.run('p/m', () => 'ok', { estimatedTokens: 900, signal: controller.signal }))
    await clock.advance(10)
    controller.abort()
    await left
    await clock.advance(2_000)
    expect(await manager.run('p/m', () => 'ok', { estimatedTokens: 900 })).toBe('ok')
  })

  it('order targets by headers although they are not learnt, and by those of refusals, too', async () => {
    const { manager } = world({ learnLimits: false })
    const buckets = [{ name: 'requests', limit: 60, remaining: 0, windowMs: 60_000 }]
    await manager.run('p/m', (context) => context.noteQuota?.(buckets))
    expect(manager.getNextProfile({ provider: 'p', model: 'm' })?.id).toBe('p:b')
  })
})

describe('a target that is just back', () => {
  it('refuses nobody who has no alternative and cannot wait, and calls it no rate limit', async () => {
    const { manager, clock } = world({ profiles: [{ id: 'p:a' }], wait: { maxMs: 0 } })
    manager.markFailure('p:a', answer(503), { model: 'm' })
    await clock.advance(1_200)
    const work = async () => {
      await clock.sleep(100)
      return 'ok'
    }
    const trial = manager.run('p/m', work)
    await clock.advance(100)
    await trial
    const crowd = Array.from({ length: 20 }, () => manager.run('p/m', work))
    await clock.advance(2_000)
    expect(await Promise.all(crowd)).toHaveLength(20)
  })
})

describe('time for the others', () => {
  it('is kept for keys of the same model in another region', async () => {
    const { manager, clock } = world({
      profiles: [
        { id: 'p:eu', baseUrl: 'https://eu.example/v1' },
        { id: 'p:us', baseUrl: 'https://us.example/v1' },
      ],
    })
    const answered = manager.run(
      'p/m',
      ({ profile, signal }) => (profile.id === 'p:eu' ? silence(signal) : 'from the other'),
      { deadlineMs: 5_000 },
    )
    await clock.advance(5_000)
    expect(await answered).toBe('from the other')
  })
})

describe('the presets', () => {
  it.each(['rsclaw', 'praisonai'] as const)('%s knows no sessions', async (name) => {
    const { manager } = world({ ...presets[name], profiles: [...PAIR, { id: 'p:c' }, { id: 'p:d' }] })
    const served = new Set<string>()
    for (let index = 0; index < 12; index += 1)
      served.add(await manager.run('p/m', ({ profile }) => profile.id, { sessionKey: `session ${index}` }))
    expect([...served]).toEqual(['p:a'])
  })

  it('praisonai makes its four tries whatever others do', async () => {
    const { manager, clock } = world({ ...presets.praisonai })
    const failing = Array.from({ length: 8 }, () =>
      failure(
        manager.run('p/m', () => {
          throw answer(500)
        }),
      ),
    )
    await clock.advance(120_000)
    for (const error of await Promise.all(failing)) expect(error.attempts).toHaveLength(4)
  })

  it('rsclaw tries every profile once, however many there are', async () => {
    const profiles = Array.from({ length: 12 }, (_, index) => ({ id: `p:${index}` }))
    const { manager } = world({ ...presets.rsclaw, profiles })
    const work = ({ profile }: { profile: { id: string } }) => {
      if (profile.id !== 'p:11') throw answer(429)
      return profile.id
    }
    expect(await manager.run('p/m', work)).toBe('p:11')
  })
})

describe('what nobody needs any more', () => {
  it('is forgotten with the last profile that reached it', async () => {
    const { manager } = world({ profiles: [{ id: 'p:a', quotaGroup: 'org' }] })
    manager.markFailure('p:a', answer(503), { model: 'm' })
    manager.markFailure('p:a', answer(402, 'no credit left'))
    expect(manager.status().outages.length).toBeGreaterThan(1)
    manager.removeProfile('p:a')
    expect(manager.status().outages).toEqual([])
  })

  it('does not grow with the models that callers invent', async () => {
    const { manager } = world({ profiles: [{ id: 'p:a' }], wait: { maxMs: 0 } })
    for (let index = 0; index < 12_000; index += 1) manager.markFailure('p:a', notFound(), { model: `m${index}` })
    expect(manager.status().outages.length).toBeLessThanOrEqual(5_000)
    expect(manager.isAvailable).toBe(true)
  }, 120_000)
})

describe('status()', () => {
  it('tells of a provider that is switched off, and of a trial since when', () => {
    const { manager, clock } = world()
    manager.registry.disable('p', 'not this week')
    expect(manager.status()).toMatchObject({ availableProfiles: 0, profiles: [{ status: 'disabled' }, {}] })
    expect(manager.getNextProfile()).toBeUndefined()
    expect(manager.isAvailable).toBe(false)
    manager.registry.register('p', { name: 'p', stream: () => Promise.reject(new Error('unused')) })
    manager.markFailure('p:a', answer(429), { model: 'm' })
    clock.jump(6_000)
    using _trial = manager.acquire({ provider: 'p', model: 'm' })
    const [model] = manager.status().profiles[0]?.models ?? []
    expect(model).toMatchObject({ status: 'rate_limited', since: expect.any(Number), until: expect.any(Number) })
  })
})

describe('a detour', () => {
  it('is no way of its own where nobody on the way can serve the request', async () => {
    const { manager } = world({
      profiles: [{ id: 'p:a' }, { id: 'q:a' }],
      routes: { smart: { primary: 'p/m', contextWindowFallbacks: ['q/m'] } },
      registry: {
        p: { name: 'p', stream: () => Promise.reject(new Error('unused')) },
        q: { name: 'q', stream: () => Promise.reject(new Error('unused')) },
      },
    })
    const work = {
      isStreaming: false,
      start: () => Promise.resolve('never'),
      unfit: (provider: string) => (provider === 'p' ? 'speaks another dialect' : undefined),
    }
    const error = await failure(manager.open('smart', work))
    expect(error).toMatchObject({ code: 'NO_TARGET', message: expect.stringContaining('speaks another dialect') })
  })
})

describe('lowest_latency', () => {
  it('does not go on asking one that fails fast and never answers', async () => {
    const { manager, clock } = world({ strategy: 'lowest_latency' })
    const counts = { a: 0, b: 0 }
    for (let index = 0; index < 200; index += 1) {
      const asked = manager.run('p/m', async ({ profile }) => {
        counts[profile.id === 'p:a' ? 'a' : 'b'] += 1
        if (profile.id === 'p:a')
          throw Object.assign(new Error('bad'), { status: 400, body: { error: { code: 'invalid_request' } } })
        await clock.sleep(500)
        return 'ok'
      })
      asked.catch(() => {})
      await clock.advance(600)
      await asked.catch(() => {})
    }
    expect(counts.a).toBeLessThan(20)
  })
})

describe('a profile that stood in for its provider before it was configured', () => {
  it('is gone when it is removed, also for those who reset everything', async () => {
    const { manager } = world({
      profiles: [],
      registry: { q: { name: 'q', stream: () => Promise.reject(new Error('unused')) } },
    })
    await manager.run('q/m', () => 'ok')
    manager.addProfile({ id: 'q:default' })
    manager.disable('q:default', 'off')
    manager.removeProfile('q:default')
    manager.resetAll()
    expect(manager.status().profiles).toEqual([])
  })
})
