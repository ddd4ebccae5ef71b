import { describe, expect, it } from 'vitest'
import { type Cycle, firstEstimate, isBlind, nextEstimate, withOneLess } from './estimate.ts'

const MINUTE = 60_000

function ceilingOf(cycle: Partial<Cycle>): number {
  return nextEstimate({ ...BETWEEN, ...cycle }).ceiling * MINUTE
}

/** 50 requests let through in a minute of trying 72 a minute. */
const BETWEEN: Cycle = {
  starts: 50,
  spanMs: MINUTE,
  tried: 72 / MINUTE,
  unused: 0,
  wasWindow: false,
  isShallow: false,
  wasDoubling: false,
  mayBurst: false,
  inWindow: undefined,
}

describe('the first estimate', () => {
  it('is what the last minute let through, with a decrease', () => {
    const { from, ceiling } = firstEstimate(100, false)
    expect(ceiling * MINUTE).toBeCloseTo(100)
    expect(from * MINUTE).toBeCloseTo(85)
  })

  it('is at least one a second where the evidence is poor', () => {
    expect(firstEstimate(3, true).from * MINUTE).toBeCloseTo(60)
    expect(firstEstimate(0, true).from * MINUTE).toBeCloseTo(60)
  })
})

describe('the next estimate', () => {
  it('lies between what was let through and what was tried, nearer to the first', () => {
    const narrow = ceilingOf({ starts: 60 })
    expect(narrow).toBeGreaterThan(60)
    expect(narrow).toBeLessThan(66)
  })

  it('leans to what was tried where the bucket holds hardly any', () => {
    expect(ceilingOf({ starts: 60, isShallow: true })).toBeGreaterThan(66)
  })

  it('is what was let through after a window', () => {
    expect(ceilingOf({ wasWindow: true })).toBeCloseTo(50)
  })

  it('is the more certain, the closer the two are', () => {
    const certainty = (starts: number): number => nextEstimate({ ...BETWEEN, starts }).certainty
    expect(certainty(71)).toBe(1)
    expect(certainty(60)).toBeLessThan(0.5)
    expect(certainty(30)).toBeLessThan(certainty(60))
  })

  it('is at least half of what doubling had come to', () => {
    expect(ceilingOf({ starts: 4, spanMs: 4_000, tried: 600 / MINUTE, wasDoubling: true })).toBeCloseTo(300)
  })

  it('is what the window that was told held, after doubling', () => {
    const told = { starts: 40, spanMs: 20_000, tried: 600 / MINUTE, wasDoubling: true, inWindow: 60 }
    expect(ceilingOf(told)).toBeCloseTo(60)
  })

  it('keeps the rate where it was not used: it may have been the burst, then it was the rate', () => {
    const blind = { ...BETWEEN, starts: 10, unused: 30 }
    expect(isBlind(blind)).toBe(true)
    expect(nextEstimate(blind).ceiling).toBe(BETWEEN.tried)
    expect(nextEstimate({ ...blind, mayBurst: true }).from).toBeGreaterThan(nextEstimate(blind).from)
  })

  it('is never more than what was tried', () => {
    for (const starts of [1, 72, 500])
      for (const isShallow of [false, true])
        expect(nextEstimate({ ...BETWEEN, starts, isShallow }).from).toBeLessThan(BETWEEN.tried)
  })
})

it('one request less takes its share off an estimate', () => {
  const { from, ceiling } = withOneLess({ from: 9, ceiling: 10, certainty: 1 }, 10)
  expect(from).toBeCloseTo(8.1)
  expect(ceiling).toBeCloseTo(9)
})
