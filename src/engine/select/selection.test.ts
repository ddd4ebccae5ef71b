import { describe, expect, it } from 'vitest'
import { Dice } from '../../../test/simulation/random.ts'
import { Choosing } from '../../../test/support/choosing.ts'
import { VirtualClock } from '../../testing/index.ts'
import type { ProfileOptions } from '../profile.ts'
import type { SessionGuess } from '../provider.ts'
import { STRATEGY_NAMES, type StrategyName } from './strategy.ts'

const MINUTE = 60_000

describe('a session', () => {
  it.each(STRATEGY_NAMES)('keeps to one profile under %s', (strategy) => {
    const { served } = setUp({ profiles: named(8), strategy })
    for (const session of sessions(20)) expect(new Set(Array.from({ length: 5 }, () => served(session))).size).toBe(1)
    expect(new Set(sessions(60).map(served)).size).toBeGreaterThan(4)
  })

  it('keeps to it after a restart', () => {
    const homes = sessions(50).map(setUp({ profiles: named(8) }).served)
    expect(sessions(50).map(setUp({ profiles: named(8) }).served)).toEqual(homes)
  })

  it('moves only when its own profile goes, and moves nobody else', () => {
    const { world, served } = setUp({ profiles: named(10), strategy: 'round_robin' })
    const before = sessions(500).map(served)
    world.remove('openai:4')
    const after = sessions(500).map(served)
    for (const [index, home] of before.entries()) {
      if (home === 'openai:4') expect(after[index]).not.toBe(home)
      else expect(after[index]).toBe(home)
    }
  })

  it('is kept inside the highest tier that has an open target', () => {
    const profiles = named(6).map((profile, index) => ({ ...profile, priority: index < 3 ? 0 : 1 }))
    const { served, out } = setUp({ profiles })
    const top = ['openai:0', 'openai:1', 'openai:2']
    for (const session of sessions(30)) expect(top).toContain(served(session))
    out('openai:0', 'openai:1')
    for (const session of sessions(30)) expect(served(session)).toBe('openai:2')
    out('openai:2')
    expect(new Set(sessions(60).map(served))).toEqual(new Set(['openai:3', 'openai:4', 'openai:5']))
  })

  it('does not move a profile from its place in the explicit order', () => {
    const { served } = setUp({ profiles: named(4), order: { openai: ['openai:2', 'openai:0'] } })
    for (const session of sessions(20)) expect(served(session)).toBe('openai:2')
  })

  it('may belong to different profiles in different models, and is shared out by weight where profiles are weighed', () => {
    const { served } = setUp({ profiles: [{ id: 'openai:a', weight: 3 }, { id: 'openai:b' }], strategy: 'weighted' })
    const share = sessions(2_000).filter((session) => served(session) === 'openai:a').length / 2_000
    expect(Math.abs(share - 0.75)).toBeLessThan(0.03)
  })
})

describe('a session that had to move', () => {
  it('stays five minutes where it went, although its home is back, and then goes home', async () => {
    const { clock, served, out } = setUp({ profiles: named(5) })
    const [session = ''] = sessions(1)
    const home = served(session) ?? ''
    out(home, { forMs: 5_000 })
    const away = served(session)
    expect(away).not.toBe(home)
    await clock.advance(MINUTE)
    expect(served(session)).toBe(away)
    await clock.advance(4 * MINUTE - 1)
    expect(served(session)).toBe(away)
    await clock.advance(1)
    expect(served(session)).toBe(home)
  })

  it('stays where it is beyond that as long as its home is out, and goes on when the other fails, too', async () => {
    const { clock, served, out } = setUp({ profiles: named(5) })
    const [session = ''] = sessions(1)
    const home = served(session) ?? ''
    out(home, { forMs: 20 * MINUTE })
    const away = served(session) ?? ''
    await clock.advance(6 * MINUTE)
    expect(served(session)).toBe(away)
    out(away, { forMs: MINUTE })
    const third = served(session)
    expect([home, away]).not.toContain(third)
    await clock.advance(2 * MINUTE)
    expect(served(session)).toBe(third)
  })

  it('goes home at once where nothing else is open', async () => {
    const { clock, served, out } = setUp({ profiles: named(2) })
    const [session = ''] = sessions(1)
    const home = served(session) ?? ''
    out(home, { forMs: 5_000 })
    const away = served(session) ?? ''
    await clock.advance(10_000)
    out(away, { forMs: 5_000 })
    expect(served(session)).toBe(home)
    // And is at home then: it does not go back to where it was.
    await clock.advance(MINUTE)
    expect(served(session)).toBe(home)
  })

  it('stays there also when profiles come and go around it', async () => {
    const { clock, world, served, out } = setUp({ profiles: named(5) })
    const [session = ''] = sessions(1)
    const home = served(session) ?? ''
    out(home, { forMs: 5_000 })
    const away = served(session) ?? ''
    await clock.advance(10_000)
    world.remove(named(5).find(({ id }) => id !== home && id !== away)?.id ?? '')
    expect(served(session)).toBe(away)
    world.remove(away)
    expect(served(session)).toBe(home)
  })

  it('takes nobody along', async () => {
    const { clock, served, out } = setUp({ profiles: named(5) })
    const before = new Map(sessions(50).map((session) => [session, served(session)]))
    out('openai:2', { forMs: 5_000 })
    const [moved = '', stayed = ''] = [true, false].map(
      (isOut) => sessions(50).find((session) => (before.get(session) === 'openai:2') === isOut) ?? '',
    )
    served(moved)
    await clock.advance(10_000)
    expect(served(stayed)).toBe(before.get(stayed))
    // One that made no request meanwhile has not moved.
    const quiet = sessions(50).find((session) => session !== moved && before.get(session) === 'openai:2') ?? ''
    expect(served(quiet)).toBe('openai:2')
  })

  it('returns at once to a higher tier, which the owner wants to be used first', async () => {
    const { clock, served, out } = setUp({
      profiles: [{ id: 'openai:a' }, { id: 'openai:b' }, { id: 'openai:c', priority: 1 }],
    })
    const [session = ''] = sessions(1)
    out('openai:a', 'openai:b', { forMs: 5_000 })
    expect(served(session)).toBe('openai:c')
    await clock.advance(5_000)
    expect(served(session)).not.toBe('openai:c')
  })

  it('was not moved by a look, nor by a request that only left its home alone after a failure of its own', async () => {
    const { clock, world, served } = setUp({ profiles: named(5) })
    const [session = ''] = sessions(1)
    const home = served(session)
    const chooser = world.chooser('openai/m', { sessionKey: session })
    const first = chooser.choose()
    if (first.do !== 'try') throw new Error('nothing was chosen')
    chooser.course.exclude(first.candidate.target)
    const second = chooser.choose()
    expect(second.do === 'try' && second.candidate.target.profile).not.toBe(home)
    await clock.advance(1)
    expect(served(session)).toBe(home)
  })
})

describe('a guessed session', () => {
  const guess = (isNamed: boolean) => ({ guessSession: (): SessionGuess => ({ key: 'session 1', isNamed }) })

  it('counts like one that was set where the client named it', () => {
    for (const strategy of STRATEGY_NAMES) {
      const { world, served } = setUp({ profiles: named(8), strategy })
      expect(world.profile('openai/m', guess(true))).toBe(served('session 1'))
    }
  })

  it('gives way to the order of declaration where it was only made from the beginning of a conversation', () => {
    const { world, served } = setUp({ profiles: named(8) })
    expect(served('session 1')).not.toBe('openai:0')
    expect(world.profile('openai/m', guess(false))).toBe('openai:0')
    for (const strategy of STRATEGY_NAMES.filter((name) => name !== 'priority')) {
      const other = setUp({ profiles: named(8), strategy })
      expect(other.world.profile('openai/m', guess(false))).toBe(other.served('session 1'))
    }
  })

  it('gives way to what the caller has set', () => {
    const { world, served } = setUp({ profiles: named(8) })
    expect(world.profile('openai/m', { ...guess(true), sessionKey: 'session 2' })).toBe(served('session 2'))
    expect(served('session 1')).not.toBe(served('session 2'))
  })

  it('is read once, and only where there is something to choose from', () => {
    const reads = (profiles: readonly ProfileOptions[]): number => {
      let count = 0
      const { world } = setUp({ profiles })
      const guessSession = (): undefined => {
        count += 1
      }
      const chooser = world.chooser('openai/m', { guessSession })
      for (let choices = 0; choices < 3; choices += 1) chooser.choose()
      return count
    }
    expect(reads(named(2))).toBe(1)
    expect(reads([{ id: 'openai:a' }, { id: 'openai:b', priority: 1 }])).toBe(0)
  })
})

describe('a target whose quota is spent', () => {
  const spent = new Set<string>()
  const isSpent = ({ profile }: { readonly profile: string }): boolean => spent.has(profile)

  it('comes last within its model, after those of lower priority', () => {
    spent.clear()
    const profiles = [{ id: 'openai:a' }, { id: 'openai:b' }, { id: 'openai:c', priority: 1 }]
    const { world } = setUp({ profiles, isSpent })
    spent.add('openai:a')
    expect(world.profile('openai/m')).toBe('openai:b')
    spent.add('openai:b')
    expect(world.profile('openai/m')).toBe('openai:c')
    spent.add('openai:c')
    expect(world.profile('openai/m')).toBe('openai:a')
  })

  it('serves before another model does', () => {
    spent.clear()
    const profiles = [{ id: 'openai:a' }, { id: 'anthropic:a' }]
    const { world } = setUp({ profiles, isSpent, fallbacks: ['anthropic/n'] })
    spent.add('openai:a')
    expect(world.profile('openai/m')).toBe('openai:a')
  })

  it.each(STRATEGY_NAMES)('is left alone by %s while another is open', (strategy) => {
    spent.clear()
    const { world, out } = setUp({ profiles: named(4), strategy, isSpent })
    spent.add('openai:1').add('openai:2')
    const used = Array.from({ length: 30 }, () => world.profile('openai/m'))
    for (const profile of used) expect(['openai:0', 'openai:3']).toContain(profile)
    out('openai:0', 'openai:3')
    expect(['openai:1', 'openai:2']).toContain(world.profile('openai/m'))
  })

  it('moves its sessions, which stay where they went', async () => {
    spent.clear()
    const { clock, served } = setUp({ profiles: named(5), isSpent })
    const home = served('session 1') ?? ''
    spent.add(home)
    const away = served('session 1')
    expect(away).not.toBe(home)
    spent.clear()
    await clock.advance(1_000)
    expect(served('session 1')).toBe(away)
    await clock.advance(5 * MINUTE)
    expect(served('session 1')).toBe(home)
  })

  it('is tried first all the same where it is pinned', () => {
    spent.clear()
    const { world } = setUp({ profiles: named(3), isSpent })
    spent.add('openai:2')
    expect(world.profile('openai/m@2')).toBe('openai:2')
  })
})

interface World {
  readonly profiles: readonly ProfileOptions[]
  readonly strategy?: StrategyName
  readonly order?: Readonly<Record<string, readonly string[]>>
  readonly fallbacks?: readonly string[]
  readonly isSpent?: (target: { readonly profile: string }) => boolean
}

function setUp(options: World) {
  const clock = new VirtualClock()
  const world = new Choosing({ ...options, clock, random: new Dice(11).next })
  return {
    clock,
    world,
    /** Who serves a request of this session. */
    served: (sessionKey: string): string | undefined => world.profile('openai/m', { sessionKey }),
    out: (...profiles: readonly (string | { readonly forMs: number })[]): void => {
      const { forMs } = profiles.find((item) => typeof item === 'object') ?? { forMs: 60 * MINUTE }
      for (const id of profiles) if (typeof id === 'string') world.putOut(world.table.target(id, 'm'), forMs)
    },
  }
}

function named(count: number): ProfileOptions[] {
  return Array.from({ length: count }, (_, index) => ({ id: `openai:${index}` }))
}

function sessions(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `session ${index + 1}`)
}
