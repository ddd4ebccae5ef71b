import { describe, expect, it } from 'vitest'
import type { FailoverEvent } from '../events.ts'
import { FailoverManager } from '../failover-manager.ts'
import type { Strategy, StrategyCandidate, StrategyRequest } from './strategy.ts'

const PROFILES = [
  { id: 'openai:a', apiKey: 'sk-secret-a-0123456789', weight: 2, metadata: { cost: 3 } },
  { id: 'openai:b', apiKey: 'sk-secret-b-0123456789', quotaGroup: 'org', metadata: { cost: 1 } },
  { id: 'openai:c', apiKey: 'sk-secret-c-0123456789', priority: 1, metadata: { cost: 0 } },
]

describe('a strategy of your own', () => {
  it('chooses among the open targets of the highest priority', async () => {
    const { manager, used } = managerWith((open) => open.toSorted((a, b) => costOf(a) - costOf(b))[0] ?? open[0])
    await manager.run('openai/m', used)
    expect(used.profiles).toEqual(['openai:b'])
    manager.disable('openai:b', 'test')
    manager.disable('openai:a', 'test')
    await manager.run('openai/m', used)
    expect(used.profiles).toEqual(['openai:b', 'openai:c'])
  })

  it('sees what is known of each target, and no key', async () => {
    const seen: StrategyCandidate[][] = []
    const { manager } = managerWith((open) => {
      seen.push([...open])
      return open[1] ?? open[0]
    })
    await manager.run('openai/m', async () => {
      await manager.run('openai/m', () => 1)
    })
    expect(seen[1]).toEqual([
      {
        provider: 'openai',
        model: 'm',
        profile: 'openai:a',
        priority: 0,
        weight: 2,
        quotaGroup: undefined,
        metadata: { cost: 3 },
        inFlight: 0,
        latencyMs: undefined,
        lastUsedAt: undefined,
      },
      expect.objectContaining({ profile: 'openai:b', quotaGroup: 'org', inFlight: 1, lastUsedAt: expect.any(Number) }),
    ])
    expect(JSON.stringify(seen)).not.toContain('secret')
  })

  it('is told for what it chooses', async () => {
    const asked: (StrategyRequest & { readonly chance: number })[] = []
    const { manager } = managerWith((open, request) => {
      const { model, sessionKey, now, random } = request
      asked.push({ model, sessionKey, now, random, chance: random() })
      return open[0]
    })
    await manager.run('openai/m', () => 1, { sessionKey: 'mine' })
    await manager.run('openai/m', () => 1)
    expect(asked.map(({ model, sessionKey, chance }) => [model, sessionKey, chance])).toEqual([
      ['m', 'mine', 0.25],
      ['m', undefined, 0.25],
    ])
    expect(Math.abs((asked[0]?.now ?? 0) - Date.now())).toBeLessThan(60_000)
  })

  it('decides for sessions, too, and looks are its choices as well', async () => {
    const { manager, used } = managerWith((open) => open[1] ?? open[0])
    for (const sessionKey of ['1', '2', '3', '4', '5', '6']) await manager.run('openai/m', used, { sessionKey })
    expect(new Set(used.profiles)).toEqual(new Set(['openai:b']))
    expect(manager.getNextProfile({ provider: 'openai', model: 'm' })?.id).toBe('openai:b')
    using lease = manager.acquire({ provider: 'openai', model: 'm' })
    expect(lease?.profile.id).toBe('openai:b')
  })

  it('is not asked where there is nothing to choose', async () => {
    let asked = 0
    const { manager, used } = managerWith((open) => {
      asked += 1
      return open[0]
    })
    manager.disable('openai:b', 'test')
    await manager.run('openai/m', used)
    expect([asked, used.profiles]).toEqual([0, ['openai:a']])
  })

  it.each<[string, Strategy['choose'], RegExp]>([
    [
      'throws',
      () => {
        throw new Error('out of luck')
      },
      /out of luck/,
    ],
    ['answers with nothing', () => undefined as never, /not one of the open targets/],
    ['answers with a copy', (open) => ({ ...open[1] }) as StrategyCandidate, /not one of the open targets/],
    ['answers later', (() => Promise.reject(new Error('later'))) as never, /at once/],
  ])('costs no request where it %s: the first is taken, and that is told once', async (_, choose, message) => {
    const { manager, used, events } = managerWith(choose)
    for (let requests = 0; requests < 3; requests += 1) await manager.run('openai/m', used)
    expect(used.profiles).toEqual(['openai:a', 'openai:a', 'openai:a'])
    expect(events.filter(({ type }) => type === 'strategy_failed')).toEqual([
      { type: 'strategy_failed', at: expect.any(Number), strategy: 'mine', message: expect.stringMatching(message) },
    ])
  })
})

function managerWith(choose: Strategy['choose']) {
  const manager = new FailoverManager({ profiles: PROFILES, strategy: { name: 'mine', choose }, random: () => 0.25 })
  const events: FailoverEvent[] = []
  manager.on('*', (event) => events.push(event))
  const profiles: string[] = []
  const used = Object.assign(
    ({ profile }: { readonly profile: { readonly id: string } }) => profiles.push(profile.id),
    {
      profiles,
    },
  )
  return { manager, used, events }
}

function costOf({ metadata }: StrategyCandidate): number {
  return Number(metadata.cost)
}
