import { describe, expect, it } from 'vitest'
import { VirtualClock } from '../testing/index.ts'
import { FailoverManager } from './failover-manager.ts'
import { STRATEGY_NAMES } from './select/strategy.ts'

const PROFILES = [{ id: 'openai:a' }, { id: 'openai:b' }, { id: 'openai:c' }, { id: 'anthropic:a' }]

describe('getNextProfile', () => {
  it.each(STRATEGY_NAMES)('changes nothing by looking under %s', async (strategy) => {
    const used: string[] = []
    const options = { profiles: PROFILES, strategy, random: () => 0.4, clock: new VirtualClock() }
    const looking = new FailoverManager(options)
    const other = new FailoverManager(options)
    for (let requests = 0; requests < 5; requests += 1) {
      for (let looks = 0; looks < 3; looks += 1) looking.getNextProfile({ provider: 'openai', model: 'm' })
      const next = looking.getNextProfile({ provider: 'openai', model: 'm' })?.id
      await looking.run('openai/m', ({ profile }) => used.push(profile.id))
      expect(used.at(-1)).toBe(next)
      await other.run('openai/m', ({ profile }) => used.push(profile.id))
      expect(used.at(-1)).toBe(next)
    }
  })

  it('names the profile that a session keeps to, without moving it', async () => {
    const clock = new VirtualClock()
    const manager = new FailoverManager({ profiles: PROFILES, clock })
    const query = { provider: 'openai', model: 'm', sessionKey: 'mine' }
    const home = manager.getNextProfile(query)?.id ?? ''
    expect(await manager.run('openai/m', ({ profile }) => profile.id, { sessionKey: 'mine' })).toBe(home)
    manager.markFailure(home, { status: 402 }, { retryAfterMs: 1_000 })
    expect(manager.getNextProfile(query)?.id).not.toBe(home)
    await clock.advance(1_000)
    expect(manager.getNextProfile(query)?.id).toBe(home)
  })

  it('looks at the profiles of all providers where none is named, in the order of priority', () => {
    const manager = new FailoverManager({
      profiles: [{ id: 'openai:a', priority: 1 }, { id: 'anthropic:a' }, { id: 'openai:b', priority: 2 }],
    })
    expect(manager.getNextProfile()?.id).toBe('anthropic:a')
    expect(manager.getNextProfile({ exclude: ['anthropic:a'] })?.id).toBe('openai:a')
    expect(manager.getNextProfile({ exclude: ['anthropic:a', 'openai:a', 'openai:b'] })).toBeUndefined()
  })

  it('follows profiles that come, go and change', () => {
    const manager = new FailoverManager({ profiles: [{ id: 'openai:a' }] })
    expect(manager.getNextProfile()?.id).toBe('openai:a')
    manager.addProfile({ id: 'openai:b', priority: -1 })
    expect(manager.getNextProfile()?.id).toBe('openai:b')
    manager.updateProfile('openai:b', { priority: 1 })
    expect(manager.getNextProfile()?.id).toBe('openai:a')
    manager.removeProfile('openai:a')
    expect(manager.getNextProfile()?.id).toBe('openai:b')
    expect(manager.getNextProfile({ provider: 'nobody' })).toBeUndefined()
    expect(manager.getNextProfile({ provider: 'nobody', model: 'm' })).toBeUndefined()
  })

  it('looks at each profile on its default model', () => {
    const manager = new FailoverManager({
      profiles: [
        { id: 'openai:a', model: 'm' },
        { id: 'openai:b', model: 'n' },
      ],
    })
    manager.markFailure('openai:a', { status: 404, body: { error: { code: 'model_not_found' } } }, { model: 'm' })
    expect(manager.getNextProfile({ provider: 'openai' })?.id).toBe('openai:b')
    expect(manager.getNextProfile()?.id).toBe('openai:b')
    expect(manager.getNextProfile({ provider: 'openai', model: 'n' })?.id).toBe('openai:a')
  })
})

describe('acquire', () => {
  it('takes its turn', () => {
    const manager = new FailoverManager({ profiles: PROFILES, strategy: 'round_robin' })
    const taken = Array.from({ length: 4 }, () => {
      using lease = manager.acquire({ provider: 'openai', model: 'm' })
      return lease?.profile.id
    })
    expect(taken).toEqual(['openai:a', 'openai:b', 'openai:c', 'openai:a'])
  })

  it('goes round all profiles of a rank, whatever their provider, where none is named', () => {
    const manager = new FailoverManager({ profiles: PROFILES, strategy: 'round_robin' })
    const taken = Array.from({ length: 5 }, () => {
      using lease = manager.acquire()
      return lease?.profile.id
    })
    expect(taken).toEqual([...PROFILES.map(({ id }) => id), 'openai:a'])
  })

  it('moves a session for good, as a request does', async () => {
    const clock = new VirtualClock()
    const manager = new FailoverManager({ profiles: PROFILES, clock })
    const query = { provider: 'openai', model: 'm', sessionKey: 'mine' }
    const home = manager.getNextProfile(query)?.id ?? ''
    manager.markFailure(home, { status: 402 }, { retryAfterMs: 1_000 })
    const away = manager.acquire(query)?.profile.id
    await clock.advance(2_000)
    expect(manager.getNextProfile(query)?.id).toBe(away)
    expect(away).not.toBe(home)
  })
})
