import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { FailoverManager, type FailoverOptions } from '../src/index.ts'
import { VirtualClock } from '../src/testing/virtual-clock.ts'

type Piece = { text: string }
const http = (status: number, body: unknown = { error: { type: 'api_error', message: 'x' } }) =>
  Object.assign(new Error(`HTTP ${status}`), { status, body })
function world(options: FailoverOptions<{ model: string }, Piece> = {}) {
  const clock = new VirtualClock()
  const manager = new FailoverManager<{ model: string }, Piece>({ clock, random: () => 0.5, ...options })
  const events: { type: string; [key: string]: unknown }[] = []
  manager.on('*', (event) => void events.push(event))
  return { clock, manager, events, inFlight: () => manager.status().profiles.map((p) => p.inFlight) }
}
const answering = (clock: { sleep(ms: number): Promise<void> }, ms = 100) => ({
  name: 'p',
  async stream() {
    await clock.sleep(ms)
    return (async function* () {
      yield { text: 'a' }
      yield { text: 'b' }
    })()
  },
})

describe('what the simulation found stays mended:', () => {
  it('a provider that is disabled between start and commit leaks nothing', async () => {
    const { clock, manager, events, inFlight } = world({ profiles: [{ id: 'p:a' }] })
    manager.registry.register('p', answering(clock))
    const call = manager.call({ model: 'p/m' }).catch((e) => e)
    manager.registry.disable('p', 'off')
    await clock.advance(1_000)
    await call
    await clock.advance(3_600_000)
    expect(inFlight()).toEqual([0])
    expect(events.filter(({ type }) => /request_(succeeded|failed|canceled)/.test(type))).toHaveLength(1)
  })

  it('panic keeps the limits of the profile', async () => {
    const { clock, manager, events } = world({
      profiles: [{ id: 'p:a', limits: { requestsPerMinute: 1 } }],
      retry: { attempts: 1 },
      wait: { maxMs: 0 },
    })
    manager.markFailure('p:a', http(500), { model: 'm' })
    for (let n = 0; n < 3; n += 1) await manager.run('p/m', () => 'ok').catch(() => {})
    await clock.advance(0)
    manager.markFailure('p:a', http(500), { model: 'm' })
    await manager.run('p/m', () => 'ok').catch(() => {})
    expect(events.filter(({ type }) => type === 'attempt_started')).toHaveLength(1)
  })

  it('a back-off does not bring back a profile that was removed (or changed its key, or its provider disabled) meanwhile', async () => {
    const { clock, manager } = world({ profiles: [{ id: 'p:a', apiKey: 'old-key' }], retry: { attempts: 2 } })
    const keys: unknown[] = []
    const run = manager
      .run('p/m', ({ apiKey }) => {
        keys.push(apiKey)
        throw http(500)
      })
      .catch(() => {})
    await clock.advance(0)
    manager.updateProfile('p:a', { apiKey: 'new-key' })
    await clock.advance(60_000)
    await run
    expect(keys).toEqual(['old-key', 'new-key'])
  })

  it('a pinned profile goes first although equals rotate', async () => {
    const { manager } = world({ profiles: [{ id: 'p:a' }, { id: 'p:b' }], rotateOnSuccess: true })
    await manager.run('p/m@b', () => 'ok')
    expect(await manager.run('p/m@b', ({ profile }) => profile.id)).toBe('p:b')
  })

  it('a key cut off by the 500 characters of a message is still masked', async () => {
    const apiKey = 'my-own-key-1234567890-abcdefghij-1234567890'
    const { manager, events } = world({ profiles: [{ id: 'p:a', apiKey }] })
    const body = { error: { type: 'api_error', message: `${'x '.repeat(235)} you sent ${apiKey}` } }
    await manager
      .run('p/m', () => {
        throw http(400, body)
      })
      .catch(() => {})
    expect(JSON.stringify([events, manager.status()])).not.toContain(apiKey.slice(0, 12))
  })

  it('a body that is no plain object shows no key', async () => {
    const apiKey = 'my-own-key-1234567890'
    const { manager } = world({ profiles: [{ id: 'p:a', apiKey }] })
    for (const body of [Object.assign(Object.create(null), { sent: apiKey }), { sent: new Map([['k', apiKey]]) }]) {
      const error = await manager
        .run('p/m', () => {
          throw http(422, body)
        })
        .catch((e) => e)
      expect(inspect(error, { depth: 9 })).not.toContain(apiKey)
    }
  })

  it('a key that has been fetched anew since is still masked', async () => {
    let n = 0
    const { clock, manager } = world({
      profiles: [{ id: 'p:a', apiKey: async () => ({ value: `short-lived-key-${++n}-abcdef`, expiresAt: 0 }) }],
      retry: { attempts: 2 },
    })
    const run = manager
      .run('p/m', ({ apiKey }) => {
        throw http(500, { error: { message: `sent ${apiKey}` } })
      })
      .catch((e) => e)
    await clock.advance(60_000)
    expect(inspect(await run, { depth: 9 })).not.toContain('short-lived-key')
  })

  it('presets survive an error that holds itself or cannot be read', async () => {
    for (const policy of ['rsclaw', 'praisonai'] as const) {
      const { clock, manager, inFlight } = world({ profiles: [{ id: 'p:a' }], policy, retry: { attempts: 1 } })
      const cyclic = new Error('boom')
      Object.assign(cyclic, { body: cyclic })
      void manager
        .run('p/m', () => {
          throw cyclic
        })
        .catch(() => {})
      await clock.advance(120_000)
      expect(inFlight()).toEqual([0])
    }
  })

  it('a caller who leaves when told of a failure makes one end and one story', async () => {
    const { clock, manager, events } = world({ profiles: [{ id: 'p:a' }] })
    manager.registry.register('p', {
      name: 'p',
      async stream() {
        return (async function* () {
          yield { text: 'a' }
          throw http(500)
        })()
      },
    })
    const caller = new AbortController()
    manager.on('attempt_failed', () => caller.abort())
    const stream = await manager.call({ model: 'p/m' }, { signal: caller.signal })
    await (async () => {
      for await (const _ of stream);
    })().catch(() => {})
    await clock.advance(0)
    expect(events.filter(({ type }) => /attempt_(failed|canceled)/.test(type))).toHaveLength(1)
  })

  it('a caller who leaves when told of an attempt or failover sends nothing any more', async () => {
    const { manager } = world({ profiles: [{ id: 'p:a' }] })
    const caller = new AbortController()
    manager.on('attempt_started', () => caller.abort())
    let sent = 0
    await manager
      .run(
        'p/m',
        () => {
          sent += 1
        },
        { signal: caller.signal },
      )
      .catch(() => {})
    expect(sent).toBe(0)
  })

  it('nothing is tried after the deadline although the clock has jumped', async () => {
    const { clock, manager } = world({ profiles: [{ id: 'p:a' }, { id: 'q:a' }], fallbacks: ['q/m'] })
    const at: number[] = []
    const start = clock.now()
    const run = manager
      .run(
        'p/m',
        ({ target, signal }) => {
          at.push(clock.now() - start)
          return target.provider === 'q'
            ? 'late'
            : new Promise((_, no) => signal.addEventListener('abort', () => no(signal.reason)))
        },
        { deadlineMs: 10_000 },
      )
      .catch((e) => e)
    await clock.advance(1)
    clock.jump(60_000)
    await clock.advance(60_000)
    expect(at).toEqual([0])
    expect(await run).toMatchObject({ code: 'DEADLINE_EXCEEDED' })
  })

  it('an answer nobody reads ends with one of the documented errors, which tells its attempts', async () => {
    const { clock, manager } = world({ profiles: [{ id: 'p:a' }], timeouts: { attemptMs: 1_000 } })
    manager.registry.register('p', answering(clock))
    const call = manager.call({ model: 'p/m' })
    await clock.advance(100)
    const done = (await call).completed.catch((e) => e)
    await clock.advance(10_000)
    const error = await done
    expect(error.attempts).toHaveLength(1)
    expect(error.code).toBe('TIMEOUT')
  })

  it('limits of a profile that takes the place of the implicit one count', async () => {
    const { clock, manager } = world({ retry: { attempts: 1 }, wait: { maxMs: 0 } })
    manager.registry.register('p', answering(clock))
    await manager.run('p/m', () => 'ok')
    manager.addProfile({ id: 'p:default', limits: { maxConcurrent: 1 } })
    expect(manager.acquire({ provider: 'p' })).toBeDefined()
    expect(manager.acquire({ provider: 'p' })).toBeUndefined()
  })

  it('an attempt that began in the millisecond of the window, but before it, does not climb the ladder', async () => {
    const { clock, manager, events } = world({ profiles: [{ id: 'p:a' }] })
    const slow = manager
      .run(
        'p/m',
        async () => {
          await clock.sleep(60_000)
          throw http(429)
        },
        { deadlineMs: 61_000 },
      )
      .catch(() => {})
    await manager
      .run(
        'p/m',
        () => {
          throw http(429)
        },
        { deadlineMs: 1 },
      )
      .catch(() => {})
    await clock.advance(120_000)
    await slow
    expect(events.filter(({ type }) => type === 'cooldown_started').map(({ rung }) => rung)).toEqual([0])
  })

  it('a request that waits for a forgotten lease is served once that has lapsed', async () => {
    const { clock, manager } = world({
      profiles: [{ id: 'p:a', limits: { maxConcurrent: 1 } }],
      timeouts: { attemptMs: 1_000 },
    })
    manager.acquire({ provider: 'p', model: 'm' })
    const run = manager.run('p/m', () => 'ok').catch((e) => e.code)
    await clock.advance(11_000)
    expect(await run).toBe('ok') // ALL_TARGETS_FAILED after 10 s, nextAvailableAt = now
  })
})

describe('what an adversary found stays mended:', () => {
  const failingWith = (error: () => unknown) => ({
    name: 'p',
    stream: async (): Promise<AsyncIterable<Piece>> => {
      throw error()
    },
  })

  it('health is one, however many models have been asked for', async () => {
    const { manager } = world({ profiles: [{ id: 'p:a' }, { id: 'p:b', priority: 1 }] })
    const run = (model: string) => manager.run(`p/${model}`, ({ profile }) => profile.id)
    for (let index = 0; index < 30_000; index += 1) await run(`m${index}`)
    manager.markFailure('p:a', http(401))
    expect(manager.getNextProfile({ provider: 'p' })?.id).toBe('p:b')
    expect(await run('m1')).toBe('p:b')
    manager.resetAll()
    expect(manager.status().profiles[0]?.status).toBe('available')
    expect(await run('m1')).toBe('p:a')
  })

  it('names that callers invent do not fill the memory', async () => {
    const { manager } = world()
    for (let index = 0; index < 3_000; index += 1) await manager.run(`provider-${index}/m`, () => 'ok')
    expect(manager.size).toBe(0)
    expect(manager.getNextProfile({ provider: 'provider-1' })).toBeUndefined()
  })

  it('a key that never comes is the failure of that profile, and is asked for again', async () => {
    let asked = 0
    const never = (): Promise<string> => {
      asked += 1
      return new Promise(() => {})
    }
    const { clock, manager } = world({
      profiles: [
        { id: 'p:a', apiKey: never },
        { id: 'p:b', priority: 1 },
      ],
    })
    const run = () => clock.runUntil(manager.run('p/m', ({ profile }) => profile.id))
    expect(await run()).toBe('p:b')
    expect(manager.status().profiles[0]).toMatchObject({ status: 'error', reason: 'auth' })
    await clock.advance(3_600_000)
    expect(await run()).toBe('p:b')
    expect(asked).toBe(2)
  })

  it('a fetched key that was refused is fetched anew', async () => {
    let fetched = 0
    const { clock, manager } = world({ profiles: [{ id: 'p:a', apiKey: async () => `key-${++fetched}-0123456789` }] })
    const run = () =>
      manager.run('p/m', ({ apiKey }) => {
        if (apiKey === 'key-1-0123456789') throw http(401)
        return apiKey
      })
    await run().catch(() => {})
    await clock.advance(120_000)
    expect(await run()).toBe('key-2-0123456789')
  })

  it('a late refusal of an old key says nothing of the new one', async () => {
    const { clock, manager } = world({ profiles: [{ id: 'p:a', apiKey: 'old-key-0123456789' }], wait: { maxMs: 0 } })
    const run = manager
      .run('p/m', async () => {
        await clock.sleep(1_000)
        throw http(401)
      })
      .catch(() => {})
    await clock.advance(500)
    manager.updateProfile('p:a', { apiKey: 'new-key-0123456789' })
    await clock.advance(1_000)
    await run
    expect(manager.getNextProfile()?.id).toBe('p:a')
  })

  it('an outage of a sole target does not double the load on it', async () => {
    const { clock, manager, events } = world({ profiles: [{ id: 'p:a' }] })
    manager.registry.register(
      'p',
      failingWith(() => http(503)),
    )
    for (let request = 0; request < 100; request += 1) {
      await clock.runUntil(manager.call({ model: 'p/m' }).catch(() => {}))
      await clock.advance(50)
    }
    expect(events.filter(({ type }) => type === 'attempt_started').length).toBeLessThan(150)
  })

  it('an outage of a model is not tried with every key', async () => {
    const { clock, manager, events } = world({ profiles: [{ id: 'p:a' }, { id: 'p:b' }, { id: 'p:c' }] })
    manager.registry.register(
      'p',
      failingWith(() => http(503)),
    )
    await clock.runUntil(manager.call({ model: 'p/m' }).catch(() => {}))
    expect(events.filter(({ type }) => type === 'attempt_started').length).toBeLessThanOrEqual(3)
  })

  it('an abort of code of its own is no cancellation: the request goes on', async () => {
    const { manager } = world({ profiles: [{ id: 'p:a' }, { id: 'q:a' }], fallbacks: ['q/m'] })
    const result = await manager.run('p/m', ({ target }) => {
      if (target.provider === 'p') throw new DOMException('mine', 'AbortError')
      return 'ok'
    })
    expect(result).toBe('ok')
  })

  it('listeners that reject, or throw what cannot be shown, disturb nobody', async () => {
    const { manager, events, inFlight } = world({ profiles: [{ id: 'p:a' }] })
    manager.on('attempt_started', async () => {
      throw new Error('later')
    })
    manager.on('*', () => {
      throw Object.create(null)
    })
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    manager.on('attempt_committed', () => {
      throw proxy
    })
    expect(await manager.run('p/m', () => 'ok')).toBe('ok')
    expect(inFlight()).toEqual([0])
    expect(events.some(({ type }) => type === 'listener_failed')).toBe(true)
  })

  it('what is thrown may be unreadable: the request has its outcome all the same', async () => {
    const { manager, clock, inFlight } = world({ profiles: [{ id: 'p:a' }] })
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    manager.registry.register(
      'p',
      failingWith(() => proxy),
    )
    const error = await clock.runUntil(manager.call({ model: 'p/m' }).catch((thrown: unknown) => thrown))
    expect(error).toMatchObject({ code: 'ALL_TARGETS_FAILED' })
    expect(inFlight()).toEqual([0])
    expect(manager.markFailure('p:a', proxy)).toMatchObject({ reason: 'unknown' })
  })

  it('an iterator that throws when nobody reads on loses nothing', async () => {
    const { manager, inFlight } = world({ profiles: [{ id: 'p:a' }] })
    const iterator = {
      next: async () => ({ done: false as const, value: { text: 'a' } }),
      return: () => {
        throw new Error('no')
      },
    }
    manager.registry.register('p', { name: 'p', stream: async () => ({ [Symbol.asyncIterator]: () => iterator }) })
    const stream = await manager.call({ model: 'p/m' })
    for await (const _ of stream) break
    await expect(stream.completed).rejects.toMatchObject({ code: 'CANCELED' })
    expect(inFlight()).toEqual([0])
  })

  it('a stream is read once: a second reader is told so', async () => {
    const { manager, clock } = world({ profiles: [{ id: 'p:a' }] })
    manager.registry.register('p', answering(clock, 0))
    const stream = await clock.runUntil(manager.call({ model: 'p/m' }))
    for await (const _ of stream);
    expect(() => stream[Symbol.asyncIterator]()).toThrow(/can be read once/)
  })

  it('a flood that says nothing is given up', async () => {
    const { manager, clock } = world({ profiles: [{ id: 'p:a' }] })
    const flood = async function* (): AsyncGenerator<Piece> {
      for (;;) yield { text: '' }
    }
    manager.registry.register('p', { name: 'p', stream: async () => flood(), isContent: ({ text }) => text !== '' })
    const error = await clock.runUntil(manager.call({ model: 'p/m' }).catch((thrown: unknown) => thrown))
    expect(error).toMatchObject({ code: 'ALL_TARGETS_FAILED', attempts: [{ reason: 'bad_response' }, {}, {}] })
  })

  it('a clock that is set back lengthens no window', async () => {
    const { manager, clock } = world({ profiles: [{ id: 'p:a' }] })
    manager.markFailure('p:a', 'slow down', { isRateLimit: true, retryAfterMs: 2_000 })
    clock.jump(-3_600_000)
    expect(manager.getNextProfile()).toBeUndefined()
    await clock.advance(2_000)
    expect(manager.getNextProfile()?.id).toBe('p:a')
  })

  it('names of Object.prototype are names like any other', () => {
    const { manager } = world()
    for (const id of ['constructor:a', '__proto__:a', 'toString:a']) manager.addProfile({ id })
    expect(manager.listProfiles().map(({ id }) => id)).toEqual(['constructor:a', '__proto__:a', 'toString:a'])
  })

  it('a failure of a model that nobody has asked for yet shows in the status', () => {
    const { manager } = world({ profiles: [{ id: 'p:a' }] })
    manager.markFailure('p:a', http(429), { model: 'm' })
    expect(manager.status()).toMatchObject({
      availableProfiles: 0,
      profiles: [{ status: 'rate_limited', models: [{ model: 'm', status: 'rate_limited' }] }],
    })
  })

  it('a look for a model finds its own provider', () => {
    const { manager } = world({ profiles: [{ id: 'openai:a' }, { id: 'anthropic:a' }] })
    expect(manager.getNextProfile({ model: 'claude-sonnet-4-5' })?.id).toBe('anthropic:a')
    expect(manager.getNextProfile({ model: 'gemini-3' })).toBeUndefined()
  })

  it('what a provider says of a request that it rejects is not told in events', async () => {
    const { manager, events } = world({ profiles: [{ id: 'p:a' }] })
    await manager
      .run('p/m', () => {
        throw http(400, { error: { type: 'invalid_request_error', message: 'bad value: "my secret diary"' } })
      })
      .catch(() => {})
    expect(JSON.stringify(events)).not.toContain('diary')
  })

  it('an error may hold a generator that never ends, or itself many times over', async () => {
    const { manager } = world({ profiles: [{ id: 'p:a', apiKey: 'some-key-0123456789' }] })
    const endless = (function* () {
      for (;;) yield 1
    })()
    const cyclic: Record<string, unknown> = {}
    for (const name of 'abcdefgh') cyclic[name] = cyclic
    for (const part of [{ ids: endless }, { body: cyclic }]) {
      const run = manager.run('p/m', () => {
        throw Object.assign(http(400), part)
      })
      await expect(run).rejects.toMatchObject({ code: 'REQUEST_REJECTED' })
    }
  })

  it('no time is kept for fallbacks that cannot be used', async () => {
    const { manager, clock } = world({ profiles: [{ id: 'p:a' }, { id: 'q:a' }], fallbacks: ['q/m', 'r/m'] })
    manager.registry.register('p', answering(clock, 800)).disable('r', 'off')
    manager.markFailure('q:a', 'slow down', { isRateLimit: true, retryAfterMs: 3_600_000 })
    const stream = await clock.runUntil(manager.call({ model: 'p/m' }, { deadlineMs: 1_000 }))
    expect(stream.target.profile).toBe('p:a')
  })

  it('a retry that is not granted does not go to the other keys instead', async () => {
    const profiles = [{ id: 'p:a' }, { id: 'p:b' }, { id: 'p:c' }]
    const { manager, clock, events } = world({ profiles, retry: { attempts: 1 }, wait: { maxMs: 0 } })
    manager.registry.register(
      'p',
      failingWith(() => http(500)),
    )
    await clock.runUntil(manager.call({ model: 'p/m' }).catch(() => {}))
    expect(events.filter(({ type }) => type === 'attempt_started')).toHaveLength(1)
  })

  it('a back-off is waited for even where a wait for others would not be allowed', async () => {
    const { manager, clock } = world({
      profiles: [{ id: 'p:a' }, { id: 'q:a' }],
      fallbacks: ['q/m'],
      wait: { maxMs: 0 },
    })
    let asked = 0
    const run = manager.run('p/m', ({ target }) => {
      if (target.provider === 'q') throw Object.assign(http(429), { headers: { 'retry-after': '0.2' } })
      asked += 1
      if (asked === 1) throw http(529)
      return 'ok'
    })
    expect(await clock.runUntil(run)).toBe('ok')
  })

  it('a stream that stalls is told that nobody reads on', async () => {
    const { manager, clock } = world({ profiles: [{ id: 'p:a' }], timeouts: { idleMs: 1_000 } })
    let closed = 0
    let given = 0
    const iterator = {
      next: () =>
        given++ === 0 ? Promise.resolve({ done: false as const, value: { text: 'a' } }) : new Promise<never>(() => {}),
      return: async () => {
        closed += 1
        return { done: true as const, value: undefined }
      },
    }
    manager.registry.register('p', { name: 'p', stream: async () => ({ [Symbol.asyncIterator]: () => iterator }) })
    const stream = await manager.call({ model: 'p/m' })
    const reading = (async () => {
      for await (const _ of stream);
    })().catch((error: unknown) => error)
    await clock.advance(1_000)
    expect(await reading).toMatchObject({ code: 'STREAM_INTERRUPTED', reason: 'timeout' })
    expect(closed).toBe(1)
  })

  it('a provider that moves to another address begins with a clean sheet', () => {
    const { manager } = world({ profiles: [{ id: 'p:a' }] })
    const at = (origin: string) => ({ ...failingWith(() => http(500)), originOf: () => origin })
    manager.registry.register('p', at('https://dead.example'))
    manager.markFailure('p:a', Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }), {
      model: 'm',
    })
    expect(manager.getNextProfile({ provider: 'p', model: 'm' })).toBeUndefined()
    manager.registry.register('p', at('https://live.example'))
    expect(manager.getNextProfile({ provider: 'p', model: 'm' })?.id).toBe('p:a')
  })
})
