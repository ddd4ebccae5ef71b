import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SlidingWindow } from './sliding-window.ts'

describe('a sliding window', () => {
  it('lets through what the limit allows and says when the next may come', () => {
    const window = new SlidingWindow(2)
    expect(window.availableAt(0)).toBe(0)
    window.add(1, 0)
    window.add(1, 30_500)
    expect(window.availableAt(31_000)).toBe(61_000)
    expect(window.availableAt(61_000)).toBe(61_000)
    window.add(1, 61_000)
    expect(window.availableAt(61_500)).toBe(91_000)
  })

  it('keeps the limit in every minute, and uses at least 95 % of it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 20, max: 600 }),
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 50, maxLength: 400 }),
        (limit, gaps) => {
          const window = new SlidingWindow(limit)
          const times: number[] = []
          let now = 1_767_225_600_000
          for (const gap of gaps) {
            now = Math.max(now + gap, window.availableAt(now))
            window.add(1, now)
            times.push(now)
            const inLastMinute = times.filter((time) => time > now - 60_000).length
            expect(inLastMinute).toBeLessThanOrEqual(limit)
          }
        },
      ),
      { numRuns: 50 },
    )
    const window = new SlidingWindow(60)
    let now = 0
    let used = 0
    while (now < 600_000) {
      now = Math.max(now, window.availableAt(now))
      window.add(1, now)
      used += 1
    }
    expect(used).toBeGreaterThanOrEqual(570)
  })

  it('waits for room again after one large amount', () => {
    const window = new SlidingWindow(100)
    window.add(5_000, 1_000)
    expect(window.availableAt(2_000)).toBe(62_000)
    expect(window.availableAt(62_000)).toBe(62_000)
  })
})
