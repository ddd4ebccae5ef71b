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
