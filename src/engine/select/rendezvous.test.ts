import { describe, expect, it } from 'vitest'
import { Choosing } from '../../../test/support/choosing.ts'
import { VirtualClock } from '../../testing/index.ts'
import type { ProfileOptions } from '../profile.ts'
import { hashText } from './hashing.ts'
import { rendezvous } from './rendezvous.ts'

const SESSIONS = Array.from({ length: 4_000 }, (_, index) => `session ${index}`)

describe('rendezvous hashing', () => {
  it('gives each profile about as many sessions as any other', () => {
    const counts = countsOf(homesOf(tenProfiles()))
    expect(counts.size).toBe(10)
    for (const count of counts.values()) expect(Math.abs(count - 400)).toBeLessThan(80)
  })

  it('keeps every session where it was when a profile is added, but for those that the new one takes', () => {
    const before = homesOf(tenProfiles())
    const after = homesOf([...tenProfiles(), { id: 'openai:new' }])
    const moved = SESSIONS.filter((_, index) => before[index] !== after[index])
    expect(new Set(after.filter((home, index) => home !== before[index]))).toEqual(new Set(['openai:new']))
    expect(Math.abs(moved.length - 4_000 / 11)).toBeLessThan(80)
  })

  it('moves only the sessions of a profile that is gone, to all the others', () => {
    const before = homesOf(tenProfiles())
    const after = homesOf(tenProfiles().filter(({ id }) => id !== 'openai:3'))
    for (const [index, home] of before.entries()) if (home !== 'openai:3') expect(after[index]).toBe(home)
    const heirs = countsOf(after.filter((_, index) => before[index] === 'openai:3'))
    expect(heirs.size).toBe(9)
  })

  it('does not depend on the order of declaration', () => {
    expect(homesOf(tenProfiles().reverse())).toEqual(homesOf(tenProfiles()))
  })

  it('gives sessions by weight where profiles are weighed', () => {
    const profiles = [{ id: 'openai:a', weight: 3 }, { id: 'openai:b' }, { id: 'openai:c', weight: 0.5 }]
    const counts = countsOf(homesOf(profiles, { weighs: true }))
    const shares = ['a', 'b', 'c'].map((name) => (counts.get(`openai:${name}`) ?? 0) / 4_000)
    for (const [index, weight] of [3, 1, 0.5].entries())
      expect(Math.abs((shares[index] ?? 0) - weight / 4.5)).toBeLessThan(0.03)
    const equal = countsOf(homesOf(profiles))
    expect(Math.abs((equal.get('openai:a') ?? 0) - 4_000 / 3)).toBeLessThan(120)
  })

  it('moves sessions only towards a profile whose weight has grown', () => {
    const before = homesOf(tenProfiles(), { weighs: true })
    const heavier = tenProfiles().map((profile) => (profile.id === 'openai:3' ? { ...profile, weight: 2 } : profile))
    const after = homesOf(heavier, { weighs: true })
    for (const [index, home] of after.entries()) if (home !== 'openai:3') expect(home).toBe(before[index])
    expect(countsOf(after).get('openai:3')).toBeGreaterThan(countsOf(before).get('openai:3') ?? 0)
  })

  it('takes a profile that weighs next to nothing where it is the only one', () => {
    expect(homesOf([{ id: 'openai:a', weight: Number.MIN_VALUE }], { weighs: true })[0]).toBe('openai:a')
  })

  describe('over quota groups', () => {
    const profiles: readonly ProfileOptions[] = [
      ...[0, 1, 2, 3].map((index) => ({ id: `openai:a${index}`, quotaGroup: 'org-a' })),
      ...[0, 1].map((index) => ({ id: `openai:b${index}`, quotaGroup: 'org-b' })),
      { id: 'openai:alone' },
    ]
    const groupOf = (id: string): string => profiles.find((profile) => profile.id === id)?.quotaGroup ?? id

    it('gives each group as many sessions as any other, and shares them inside', () => {
      const homes = homesOf(profiles)
      for (const count of countsOf(homes.map(groupOf)).values()) expect(Math.abs(count - 4_000 / 3)).toBeLessThan(130)
      const inside = countsOf(homes.filter((home) => groupOf(home) === 'org-a'))
      expect(inside.size).toBe(4)
      for (const count of inside.values()) expect(Math.abs(count - 1_000 / 3)).toBeLessThan(80)
    })

    it('keeps the sessions of a profile that is out in its group, where its provider has their prompts cached', () => {
      const before = homesOf(profiles)
      const after = homesOf(profiles, { out: ['openai:a1'] })
      for (const [index, home] of before.entries()) {
        expect(groupOf(after[index] ?? '')).toBe(groupOf(home))
        if (home !== 'openai:a1') expect(after[index]).toBe(home)
      }
    })

    it('spreads the sessions of a group that is out over the others', () => {
      const before = homesOf(profiles)
      const after = homesOf(profiles, { out: ['openai:b0', 'openai:b1'] })
      for (const [index, home] of before.entries()) if (groupOf(home) !== 'org-b') expect(after[index]).toBe(home)
      const heirs = countsOf(after.filter((_, index) => groupOf(before[index] ?? '') === 'org-b').map(groupOf))
      expect([...heirs.keys()].sort()).toEqual(['openai:alone', 'org-a'])
      for (const count of heirs.values()) expect(count).toBeGreaterThan(500)
    })

    it('weighs a group as its members together', () => {
      const counts = countsOf(homesOf(profiles, { weighs: true }).map(groupOf))
      expect(Math.abs((counts.get('org-a') ?? 0) / 4_000 - 4 / 7)).toBeLessThan(0.03)
      expect(Math.abs((counts.get('openai:alone') ?? 0) / 4_000 - 1 / 7)).toBeLessThan(0.03)
    })

    it('tells the home of a session also where it is in a group that is out', () => {
      expect(homesOf(profiles, { out: ['openai:b0', 'openai:b1', 'openai:a2'], asked: 'home' })).toEqual(
        homesOf(profiles),
      )
    })
  })
})

interface Circumstances {
  readonly weighs?: boolean
  readonly out?: readonly string[]
  readonly asked?: 'chosen' | 'home'
}

/** Where each of the sessions is served. */
function homesOf(
  profiles: readonly ProfileOptions[],
  { weighs = false, out = [], asked = 'chosen' }: Circumstances = {},
): string[] {
  const clock = new VirtualClock()
  const { engine, table } = new Choosing({ profiles, clock, random: () => 0 })
  const pool = table.pool('openai', 'm')
  return SESSIONS.map((session) => {
    const gate = engine.selection.gate(pool, clock.now(), ({ profile }) => !out.includes(profile))
    const first = gate.first()
    const index = rendezvous(pool.tierOf(first), first, gate, hashText(session), weighs)[asked]
    return pool.targets[index]?.profile ?? 'none'
  })
}

function tenProfiles(): ProfileOptions[] {
  return Array.from({ length: 10 }, (_, index) => ({ id: `openai:${index}` }))
}

function countsOf(items: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1)
  return counts
}
