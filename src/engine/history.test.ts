import { describe, expect, it } from 'vitest'
import { answer, collect, scriptedProvider, type TextRequest } from '../../test/support/scripted-provider.ts'
import { type FailoverEvent, FailoverManager, type FailoverOptions } from '../index.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { AttemptEntry } from './attempt-entry.ts'
import { History } from './history.ts'
import { RequestId } from './request-id.ts'

type Options = FailoverOptions<TextRequest, string>

interface World {
  readonly clock: VirtualClock
  readonly manager: FailoverManager<TextRequest, string>
  /** What the provider answers next, in order; then always well. */
  readonly script: (() => unknown)[]
}

function worldOf(options: Options = {}): World {
  const clock = new VirtualClock()
  const script: (() => unknown)[] = []
  const stream = scriptedProvider('p', async () => {
    const next = script.shift()
    await clock.sleep(10)
    return (next === undefined ? ['ok'] : await next()) as string[]
  })
  const registry = { p: { ...stream, usageOf: (event: string) => (event === 'ok' ? { outputTokens: 1 } : undefined) } }
  const profiles = [{ id: 'p:a', apiKey: 'sk-canary-a-00000001' }, { id: 'p:b' }]
  const manager = new FailoverManager({ clock, random: () => 0.5, profiles, registry, ...options })
  return { clock, manager, script }
}

const fail = (status: number) => (): never => {
  throw answer(status)
}

/** Ways a request may go, each with what it ends with. */
const WAYS: readonly {
  readonly name: string
  readonly options?: Options
  readonly outcome: 'succeeded' | 'failed' | 'canceled'
  readonly types: readonly string[]
  readonly go: (world: World) => Promise<unknown>
}[] = [
  {
    name: 'straight',
    outcome: 'succeeded',
    types: ['request_started', 'attempt_started', 'attempt_committed', 'attempt_succeeded', 'request_succeeded'],
    go: async ({ clock, manager }) => {
      const call = manager.call({ model: 'p/m' })
      await clock.advance(10)
      await clock.advance(5)
      return collect(await call)
    },
  },
  {
    name: 'straight through run()',
    outcome: 'succeeded',
    types: ['request_started', 'attempt_started', 'attempt_committed', 'attempt_succeeded', 'request_succeeded'],
    go: ({ manager }) => manager.run('p/m', () => 1),
  },
  {
    name: 'around a refused key',
    outcome: 'succeeded',
    types: [
      'request_started',
      'attempt_started',
      'attempt_failed',
      'cooldown_started',
      'failover',
      'attempt_started',
      'attempt_committed',
      'attempt_succeeded',
      'request_succeeded',
    ],
    go: async ({ clock, manager, script }) => {
      script.push(fail(401))
      const call = manager.call({ model: 'p/m' })
      await clock.advance(10)
      await clock.advance(10)
      return collect(await call)
    },
  },
  {
    name: 'around a key at its limit, which is passed over then',
    outcome: 'succeeded',
    types: [
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
    ],
    go: async ({ clock, manager, script }) => {
      script.push(fail(429))
      const call = manager.call({ model: 'p/m' })
      await clock.advance(10)
      await clock.advance(10)
      return collect(await call)
    },
  },
  {
    name: 'past a key that is out',
    outcome: 'succeeded',
    types: [
      'request_started',
      'target_skipped',
      'attempt_started',
      'attempt_committed',
      'attempt_succeeded',
      'request_succeeded',
    ],
    go: ({ manager }) => {
      manager.disable('p:a', 'off')
      return manager.run('p/m', () => 1)
    },
  },
  {
    name: 'back to the same target after a pause',
    options: { profiles: [{ id: 'p:a' }] },
    outcome: 'succeeded',
    types: [
      'request_started',
      'attempt_started',
      'attempt_failed',
      'request_waiting',
      'attempt_started',
      'attempt_committed',
      'attempt_succeeded',
      'request_succeeded',
    ],
    go: async ({ clock, manager, script }) => {
      script.push(fail(500))
      const call = manager.call({ model: 'p/m' })
      await clock.advance(5_000)
      return collect(await call)
    },
  },
  {
    name: 'to nobody',
    options: { profiles: [] },
    outcome: 'failed',
    types: ['request_started', 'target_skipped', 'request_failed'],
    go: ({ manager }) => manager.call({ model: 'q/m' }),
  },
  {
    name: 'into a broken stream',
    options: { timeouts: { idleMs: 1_000 } },
    outcome: 'failed',
    types: [
      'request_started',
      'attempt_started',
      'attempt_committed',
      'attempt_failed',
      'recovery_failed',
      'request_failed',
    ],
    go: async ({ clock, manager, script }) => {
      script.push(async function* () {
        yield 'half'
        await clock.sleep(60_000)
      } as unknown as () => unknown)
      const call = manager.call({ model: 'p/m' })
      await clock.advance(10)
      const reading = collect(await call).catch(() => {})
      await clock.advance(2_000)
      return reading
    },
  },
  {
    name: 'until its caller leaves',
    outcome: 'canceled',
    types: ['request_started', 'attempt_started', 'attempt_canceled', 'request_canceled'],
    go: async ({ clock, manager }) => {
      const caller = new AbortController()
      const call = manager.call({ model: 'p/m' }, { signal: caller.signal })
      await clock.advance(4)
      caller.abort()
      return call
    },
  },
  {
    name: 'until its deadline',
    outcome: 'failed',
    types: ['request_started', 'attempt_started', 'attempt_canceled', 'request_failed'],
    go: async ({ clock, manager }) => {
      const call = manager.call({ model: 'p/m' }, { deadlineMs: 5 }).catch(() => {})
      await clock.advance(10)
      return call
    },
  },
]

describe('the story of a request that goes', () => {
  it.each(WAYS)('$name tells what listeners were told, whether anyone listens or not', async (way) => {
    const silent = worldOf(way.options)
    await way.go(silent).catch(() => {})
    const heard = worldOf(way.options)
    const told: FailoverEvent[] = []
    heard.manager.on('*', (event) => void told.push(event))
    await way.go(heard).catch(() => {})

    const [story, ...others] = silent.manager.recentRequests()
    expect(others).toEqual([])
    expect(story?.events.map(({ type }) => type)).toEqual(way.types)
    expect(story?.events).toEqual(told.filter((event) => 'requestId' in event))
    expect(story).toEqual(heard.manager.recentRequests()[0])
    expect(story?.outcome).toBe(way.outcome)
    expect(JSON.stringify(story)).not.toContain('sk-canary')
  })
})

describe('a story', () => {
  it('names who answered, what it cost, and how long it took', async () => {
    const { clock, manager, script } = worldOf()
    script.push(fail(401))
    const startedAt = clock.now()
    const call = manager.call({ model: 'p/m' }, { requestId: 'mine' })
    await clock.advance(20)
    await collect(await call)
    expect(manager.recentRequests()).toMatchObject([
      {
        requestId: 'mine',
        model: 'p/m',
        startedAt,
        durationMs: 20,
        outcome: 'succeeded',
        target: { profile: 'p:b' },
        attempts: [
          { outcome: 'failed', reason: 'auth' },
          { outcome: 'succeeded', durationMs: 10 },
        ],
        usage: { outputTokens: 1 },
      },
    ])
  })

  it('has the code of the error the request ended with, and no target where none had begun to answer', async () => {
    const { clock, manager, script } = worldOf()
    script.push(fail(400))
    const call = manager.call({ model: 'p/m' }).catch(() => {})
    await clock.advance(10)
    await call
    const [story] = manager.recentRequests()
    expect(story).toMatchObject({ outcome: 'failed', code: 'REQUEST_REJECTED' })
    expect(story).not.toHaveProperty('target')
  })
})

describe('the history', () => {
  it('keeps the latest requests, the newest first, and no more than it should', async () => {
    const { manager } = worldOf({ history: { maxRequests: 3 } })
    for (const requestId of ['1', '2', '3', '4', '5']) {
      expect(manager.recentRequests().map((story) => story.requestId)).not.toContain(requestId)
      await manager.run('p/m', () => 1, { requestId })
    }
    expect(manager.recentRequests().map(({ requestId }) => requestId)).toEqual(['5', '4', '3'])
  })

  it('keeps none where none is asked for', async () => {
    const { manager } = worldOf({ history: { maxRequests: 0 } })
    await manager.run('p/m', () => 1)
    expect(manager.recentRequests()).toEqual([])
  })

  it('knows nothing of a request that is under way', async () => {
    const { clock, manager } = worldOf()
    const call = manager.call({ model: 'p/m' })
    await clock.advance(10)
    const stream = await call
    expect(manager.recentRequests()).toEqual([])
    await collect(stream)
    expect(manager.recentRequests()).toHaveLength(1)
  })

  it('tells the stories of requests that fail at the same time apart', async () => {
    const { clock, manager, script } = worldOf()
    for (let n = 0; n < 4; n += 1) script.push(fail(500))
    const calls = ['one', 'two'].map((requestId) => manager.call({ model: 'p/m' }, { requestId }).catch(() => {}))
    await clock.advance(60_000)
    await Promise.all(calls)
    for (const { requestId, events } of manager.recentRequests()) {
      expect(events.length).toBeGreaterThan(5)
      expect(new Set(events.map((event) => ('requestId' in event ? event.requestId : '')))).toEqual(
        new Set([requestId]),
      )
    }
  })

  const finished = (text: string, outcome: 'succeeded' | 'failed' = 'succeeded') => {
    const entry = new AttemptEntry({ provider: 'p', model: 'm', profile: 'p:a' }, 0, 'regular')
    entry.outcome = outcome
    const id = new RequestId('', 0, text)
    const code = outcome === 'failed' ? ('ALL_TARGETS_FAILED' as const) : undefined
    const attempts = [entry]
    return { id, model: 'm', chain: [], startedAt: 0, deadlineAt: 9, endedAt: 5, code, attempts, usage: undefined }
  }
  const waiting = (requestId: string, at: number) =>
    ({ type: 'request_waiting', at, requestId, until: at + 1, cause: 'backoff' }) as const

  it('keeps 200 events of one request, its end, and the number of the others', () => {
    const history = new History(1)
    for (let at = 0; at < 250; at += 1) {
      // Whoever asks first need not build the event; whoever does not may hand it over all the same.
      if (at % 2 === 1 || history.wants('request_waiting', 'r')) history.record(waiting('r', at))
    }
    history.record({
      type: 'request_failed',
      at: 250,
      requestId: 'r',
      attempts: 1,
      durationMs: 5,
      code: 'ALL_TARGETS_FAILED',
    })
    history.push(finished('r', 'failed'))
    const [story] = history.recent()
    expect(story?.events.filter(({ type }) => type === 'request_waiting')).toHaveLength(200)
    expect(story?.events.at(-1)?.type).toBe('request_failed')
    expect(story?.eventsLeftOut).toBe(50)
  })

  it('forgets what came after the end of its request', () => {
    const history = new History(1)
    history.push(finished('r'))
    for (let n = 0; n < 20_000; n += 1) history.record(waiting(`gone-${n}`, n))
    history.push(finished('gone-0'))
    expect(history.recent()[0]?.events.map(({ type }) => type)).not.toContain('request_waiting')
  })
})
