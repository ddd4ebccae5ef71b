import { describe, expect, it } from 'vitest'
import { countSpells, type Fault, isActive, spellsOf } from './scenario.ts'

const STEADY: Fault = { fromMs: 10, untilMs: 20, about: {}, down: 503 }
const ON_AND_OFF: Fault = { ...STEADY, untilMs: 35, repeat: { everyMs: 10, forMs: 4 } }

function active(fault: Fault, endMs: number): number[] {
  return Array.from({ length: endMs }, (_, at) => at).filter((at) => isActive(fault, at))
}

describe('a fault', () => {
  it('lasts from its beginning to before its end', () => {
    expect(active(STEADY, 30)).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19])
  })

  it('comes and goes where it says so, and not beyond its end', () => {
    expect(active(ON_AND_OFF, 60)).toEqual([10, 11, 12, 13, 20, 21, 22, 23, 30, 31, 32, 33])
  })

  it.each([
    { fault: STEADY, endMs: 15 },
    { fault: STEADY, endMs: 5 },
    { fault: ON_AND_OFF, endMs: 100 },
    { fault: ON_AND_OFF, endMs: 32 },
    { fault: { ...ON_AND_OFF, untilMs: Number.POSITIVE_INFINITY }, endMs: 55 },
  ])('has the spells in which it is active', ({ fault, endMs }) => {
    const covered = spellsOf(fault, endMs).flatMap(({ fromMs, untilMs }) =>
      Array.from({ length: untilMs - fromMs }, (_, index) => fromMs + index),
    )
    expect(covered).toEqual(active(fault, endMs))
    expect(countSpells(fault, endMs)).toBe(spellsOf(fault, endMs).length)
  })
})
