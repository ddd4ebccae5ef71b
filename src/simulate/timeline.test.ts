import { describe, expect, it } from 'vitest'
import type { Outage, OutWindow } from './outages.ts'
import { columnsOf, counts, coverage, marksOf, mergeSpells } from './timeline.ts'

const COLUMNS = columnsOf(100, 10)

function outage(...windows: readonly Partial<OutWindow>[]): Outage {
  const usual: OutWindow = { kind: 'breaker', reason: 'server_error', end: 'inferred', fromMs: 0, untilMs: 0 }
  return { scope: 'model', key: 'k', windows: windows.map((window) => ({ ...usual, ...window })) }
}

describe('the columns of a timeline', () => {
  it('say how much of them is covered, whatever overlaps', () => {
    const spells = [
      { fromMs: 5, untilMs: 25 },
      { fromMs: 12, untilMs: 18 },
      { fromMs: 95, untilMs: 500 },
    ]
    expect(coverage(spells, COLUMNS)).toEqual([0.5, 1, 0.5, 0, 0, 0, 0, 0, 0, 0.5])
  })

  it('count what falls into them, the last moment included', () => {
    expect(counts([0, 9.9, 10, 99, 100, 250], COLUMNS)).toEqual([2, 1, 0, 0, 0, 0, 0, 0, 0, 3])
  })

  it('join spells that touch, or are less than a gap apart', () => {
    const spells = [
      { fromMs: 20, untilMs: 30 },
      { fromMs: 0, untilMs: 10 },
      { fromMs: 10, untilMs: 12 },
    ]
    expect(mergeSpells(spells)).toEqual([
      { fromMs: 0, untilMs: 12 },
      { fromMs: 20, untilMs: 30 },
    ])
    expect(mergeSpells(spells, 8)).toEqual([{ fromMs: 0, untilMs: 30 }])
  })
})

describe('the marks of something that was out', () => {
  it('tell a column that was out from one that was so for a part, and from one in which only a trial went through', () => {
    const marks = marksOf(outage({ fromMs: 5, untilMs: 32, provenMs: 55 }), COLUMNS)
    expect(marks).toEqual(['out', 'out', 'out', 'partly', 'half_open', 'half_open', 'in', 'in', 'in', 'in'])
  })

  it('let everything in as soon as an end that the provider stated has come', () => {
    const marks = marksOf(outage({ fromMs: 0, untilMs: 20, end: 'stated' }), COLUMNS)
    expect(marks.slice(0, 3)).toEqual(['out', 'out', 'in'])
  })

  it('wait for a trial until the next window, or to the end where nobody tries', () => {
    const marks = marksOf(outage({ fromMs: 0, untilMs: 10 }, { fromMs: 30, untilMs: 50 }), COLUMNS)
    expect(marks.slice(0, 7)).toEqual(['out', 'half_open', 'half_open', 'out', 'out', 'half_open', 'half_open'])
    expect(marks.at(-1)).toBe('half_open')
  })
})
