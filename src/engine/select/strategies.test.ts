import { describe, expect, it } from 'vitest'
import { Dice } from '../../../test/simulation/random.ts'
import { Choosing } from '../../../test/support/choosing.ts'
import { VirtualClock } from '../../testing/index.ts'
import type { ProfileOptions } from '../profile.ts'
import type { Target } from '../target.ts'
import type { StrategyName } from './strategy.ts'

const HOUR = 3_600_000

describe('priority', () => {
  it('takes the first in the explicit order, then by priority, then by declaration', () => {
    const { world, out } = setUp({
      profiles: [
        { id: 'openai:a', priority: 1 },
        { id: 'openai:b' },
        { id: 'openai:c' },
        { id: 'openai:d', priority: 9 },
      ],
      order: { openai: ['openai:d'] },
    })
    const taken = ['d', 'b', 'c', 'a'].map((name) => {
      const profile = world.profile('openai/m')
      out(name)
      return [name, profile]
    })
    expect(taken).toEqual(['d', 'b', 'c', 'a'].map((name) => [name, `openai:${name}`]))
  })

  it('takes equals in turn where it is told to rotate, those that were not used yet first', () => {
    const { use } = setUp({ profiles: named('a', 'b', 'c'), rotateOnSuccess: true })
    expect(use(7).join('')).toBe('abcabca')
  })

  it('rotates among those of the highest priority only, and never past an explicit order', () => {
    const { use, out } = setUp({
      profiles: [...named('a', 'b', 'c'), { id: 'openai:d', priority: 1 }],
      order: { openai: ['openai:c'] },
      rotateOnSuccess: true,
    })
    expect(use(3).join('')).toBe('ccc')
    out('c')
    expect(use(4).join('')).toBe('abab')
  })
})

describe('round_robin', () => {
  it('takes one after the other, each model by itself', () => {
    const { use } = setUp({ profiles: named('a', 'b', 'c'), strategy: 'round_robin' })
    expect(use(4, 'openai/m').join('')).toBe('abca')
    expect(use(2, 'openai/n').join('')).toBe('ab')
    expect(use(2, 'openai/m').join('')).toBe('bc')
  })

  it('passes over what is out, which loses its turns and gets no more of them when it is back', async () => {
    const { use, out, clock } = setUp({ profiles: named('a', 'b', 'c'), strategy: 'round_robin' })
    expect(use(1)).toEqual(['a'])
    out('b', 60_000)
    expect(use(5).join('')).toBe('cacac')
    await clock.advance(60_000)
    expect(use(6).join('')).toBe('abcabc')
  })

  it('goes on from where it was when profiles come and go', () => {
    const { world, use } = setUp({ profiles: named('a', 'b', 'c'), strategy: 'round_robin' })
    expect(use(2).join('')).toBe('ab')
    world.add({ id: 'openai:d' })
    expect(use(2).join('')).toBe('cd')
    world.remove('openai:a')
    expect(use(2).join('')).toBe('bc')
    // Whoever stands in the place of the one whose turn it was last is next.
    world.remove('openai:c')
    expect(use(3).join('')).toBe('dbd')
  })

  it('stays with the highest priority as long as one of it is open', () => {
    const { use, out } = setUp({
      profiles: [...named('a', 'b'), { id: 'openai:c', priority: 1 }, { id: 'openai:d', priority: 1 }],
      strategy: 'round_robin',
    })
    out('b')
    expect(use(2).join('')).toBe('aa')
    out('a')
    expect(use(3).join('')).toBe('cdc')
  })

  it('begins a tier in the explicit order, which makes no tiers of its own', () => {
    const { use } = setUp({
      profiles: [{ id: 'openai:late', priority: 1 }, ...named('a', 'b', 'c')],
      order: { openai: ['openai:late', 'openai:c'] },
      strategy: 'round_robin',
    })
    expect(use(4).join('')).toBe('cabc')
  })
})

describe('weighted', () => {
  it('takes each as often as its weight says', () => {
    const { use } = setUp({ profiles: [{ id: 'openai:a', weight: 3 }, { id: 'openai:b' }], strategy: 'weighted' })
    expect(Math.abs(use(4_000).filter((name) => name === 'a').length - 3_000)).toBeLessThan(100)
  })

  it('keeps to the weights among those that are left', () => {
    const { use, out } = setUp({
      profiles: [{ id: 'openai:a', weight: 5 }, { id: 'openai:b', weight: 2 }, { id: 'openai:c' }],
      strategy: 'weighted',
    })
    out('a')
    const used = use(3_000)
    expect(used).not.toContain('a')
    expect(Math.abs(used.filter((name) => name === 'b').length - 2_000)).toBeLessThan(100)
  })

  it('finds the few that are left among very many, by weight', () => {
    const profiles = Array.from({ length: 1_000 }, (_, index) => ({ id: `openai:${index}`, weight: 1 + (index % 3) }))
    const { use, world } = setUp({ profiles, strategy: 'weighted' })
    for (const target of world.table.targets('openai', 'm'))
      if (target.profile !== 'openai:17' && target.profile !== 'openai:900') world.putOut(target, HOUR)
    const used = use(1_000)
    // 17 weighs 3, 900 weighs 1.
    expect(new Set(used)).toEqual(new Set(['17', '900']))
    expect(Math.abs(used.filter((name) => name === '17').length - 750)).toBeLessThan(60)
  })
})

describe('least_busy', () => {
  it('takes the one with the fewest attempts under way, whatever the model', () => {
    const { world, take } = setUp({ profiles: named('a', 'b', 'c'), strategy: 'least_busy' })
    for (const [name, model] of [
      ['a', 'm'],
      ['a', 'n'],
      ['b', 'n'],
      ['b', 'n'],
      ['c', 'm'],
    ] as const)
      world.leases.open(world.table.target(`openai:${name}`, model), false)
    expect(take().profile).toBe('openai:c')
  })

  it('takes equals in turn, so that little traffic does not stay with the first', () => {
    const { use } = setUp({ profiles: named('a', 'b', 'c'), strategy: 'least_busy' })
    expect(use(5).join('')).toBe('abcab')
  })

  it('fills all alike with requests that stay, and takes the place that is free first', () => {
    const { world, take } = setUp({ profiles: named('a', 'b', 'c'), strategy: 'least_busy' })
    const leases = Array.from({ length: 9 }, () => world.leases.open(take(), false))
    const counts = ['a', 'b', 'c'].map((name) => world.table.target(`openai:${name}`, 'm').health.limits.inFlight)
    expect(counts).toEqual([3, 3, 3])
    leases.find(({ profile }) => profile.id === 'openai:b')?.succeed()
    expect(take().profile).toBe('openai:b')
  })

  it('passes over an idle one that is out', () => {
    const { world, out, take } = setUp({ profiles: named('a', 'b', 'c'), strategy: 'least_busy' })
    world.leases.open(world.table.target('openai:b', 'm'), false)
    world.leases.open(world.table.target('openai:b', 'm'), false)
    world.leases.open(world.table.target('openai:c', 'm'), false)
    out('a')
    expect(take().profile).toBe('openai:c')
  })
})

describe('lowest_latency', () => {
  const measure = (world: Choosing, latencies: Readonly<Record<string, number>>, model = 'm'): void => {
    for (const [name, ms] of Object.entries(latencies))
      world.leases.open(world.table.target(`openai:${name}`, model), false).succeed({ latencyMs: ms })
  }

  it('takes the faster of two', () => {
    const { world, use } = setUp({
      profiles: named('a', 'b'),
      strategy: 'lowest_latency',
      latencyMs: { a: 900, b: 300 },
    })
    measure(world, { a: 900, b: 300 })
    expect(new Set(use(50))).toEqual(new Set(['b']))
  })

  it('never takes the slowest of several, and the fastest the most often', () => {
    const latencyMs = { a: 400, b: 2_000, c: 300, d: 500 }
    const { world, use } = setUp({ profiles: named('a', 'b', 'c', 'd'), strategy: 'lowest_latency', latencyMs })
    measure(world, latencyMs)
    const used = use(600)
    const counts = ['a', 'b', 'c', 'd'].map((name) => used.filter((other) => other === name).length)
    expect(counts[1]).toBe(0)
    // Two of four: the fastest is one of them in half of all cases, the next in a third, the third in a sixth.
    for (const [index, share] of [1 / 3, 0, 1 / 2, 1 / 6].entries())
      expect(Math.abs((counts[index] ?? 0) - 600 * share)).toBeLessThan(45)
  })

  it('tells models apart: what is slow with one may be fast with another', () => {
    const { world, take } = setUp({ profiles: named('a', 'b'), strategy: 'lowest_latency' })
    measure(world, { a: 900, b: 300 }, 'm')
    measure(world, { a: 100, b: 5_000 }, 'n')
    expect([take('openai/m').profile, take('openai/n').profile]).toEqual(['openai:b', 'openai:a'])
  })

  it('leaves one alone with its first slow answer, and tries it again after some minutes', async () => {
    const { world, take, clock } = setUp({ profiles: named('a', 'b'), strategy: 'lowest_latency' })
    measure(world, { a: 300, b: 400 })
    measure(world, { a: 3_000 })
    expect(take().profile).toBe('openai:b')
    const minutes = async (): Promise<number> => {
      for (let minute = 1; minute < 60; minute += 1) {
        await clock.advance(60_000)
        if (take().profile === 'openai:a') return minute
        measure(world, { b: 400 })
      }
      return Number.POSITIVE_INFINITY
    }
    const after = await minutes()
    expect(after).toBeGreaterThan(3)
    expect(after).toBeLessThan(30)
  })

  it('tries one that has not been measured first, but not with all requests at once', () => {
    const { world, take } = setUp({ profiles: named('a', 'b'), strategy: 'lowest_latency' })
    measure(world, { a: 300 })
    const first = take()
    expect(first.profile).toBe('openai:b')
    const lease = world.leases.open(first, false)
    expect(take().profile).toBe('openai:a')
    lease.succeed({ latencyMs: 200 })
    expect(take().profile).toBe('openai:b')
  })

  it('takes the only one that is open, however slow and however many are out', () => {
    const profiles = Array.from({ length: 300 }, (_, index) => ({ id: `openai:${index}` }))
    const { world, take } = setUp({ profiles, strategy: 'lowest_latency' })
    for (const target of world.table.targets('openai', 'm'))
      if (target.profile !== 'openai:99') world.putOut(target, HOUR)
    expect(take().profile).toBe('openai:99')
  })
})

interface World {
  readonly profiles: readonly ProfileOptions[]
  readonly strategy?: StrategyName
  readonly order?: Readonly<Record<string, readonly string[]>>
  readonly rotateOnSuccess?: boolean
  /** What attempts take until their first content. */
  readonly latencyMs?: Readonly<Record<string, number>>
}

function setUp({ latencyMs = {}, ...options }: World) {
  const clock = new VirtualClock()
  const world = new Choosing({ ...options, clock, random: new Dice(7).next })
  const take = (model = 'openai/m'): Target => {
    const choice = world.choose(model)
    if (choice.do !== 'try') throw new Error(`nothing was chosen: ${choice.do}`)
    return choice.candidate.target
  }
  return {
    clock,
    world,
    take,
    /** The profiles that requests use which end at once, by their short names. */
    use: (requests: number, model = 'openai/m'): string[] =>
      Array.from({ length: requests }, () => {
        const target = take(model)
        const name = target.profile.slice('openai:'.length)
        world.leases.open(target, false).succeed({ latencyMs: latencyMs[name] ?? 500 })
        return name
      }),
    out: (name: string, forMs = HOUR): void => world.putOut(world.table.target(`openai:${name}`, 'm'), forMs),
  }
}

function named(...names: string[]): ProfileOptions[] {
  return names.map((name) => ({ id: `openai:${name}` }))
}
