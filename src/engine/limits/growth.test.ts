import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { grown } from './growth.ts'

const MINUTE = 60_000
const perMinute = (count: number): number => count / MINUTE
const SIXTY = { from: perMinute(57), ceiling: perMinute(60), certainty: 1 }

describe('growth after a refusal', () => {
  it('goes back to the ceiling in four minutes, quickly first, and slowly around it', () => {
    const at = (minutes: number): number => grown(SIXTY, minutes * MINUTE) * MINUTE
    expect(at(0)).toBeCloseTo(57)
    expect(at(1)).toBeGreaterThan(58.5)
    expect(at(4)).toBeCloseTo(60)
    expect(at(5.5)).toBeLessThan(60.5)
    expect(at(8)).toBeGreaterThan(62)
  })

  it('doubles each minute when nothing has been refused for eight', () => {
    expect(grown(SIXTY, 12 * MINUTE)).toBeGreaterThan(16 * grown(SIXTY, 7 * MINUTE))
  })

  it('gets to the ceiling sooner where that is uncertain, and soon beyond it', () => {
    const uncertain = { ...SIXTY, certainty: 0.1 }
    expect(grown(uncertain, 24_000) * MINUTE).toBeCloseTo(60)
    expect(grown(uncertain, 3 * MINUTE)).toBeGreaterThan(perMinute(70))
  })

  it('tries a low limit less often', () => {
    const three = { from: perMinute(2.9), ceiling: perMinute(3), certainty: 1 }
    expect(grown(three, 8 * MINUTE) * MINUTE).toBeLessThan(3)
  })

  it('never goes down or out of bounds', () => {
    const rates = fc.record({ ceiling: fc.integer({ min: 1, max: 100_000 }), ratio: fc.double({ min: 0.1, max: 1 }) })
    fc.assert(
      fc.property(
        rates,
        fc.double({ min: 0.01, max: 1 }),
        fc.nat(1_500_000),
        fc.nat(60_000),
        (rate, certainty, ms, more) => {
          if (Number.isNaN(rate.ratio) || Number.isNaN(certainty)) return
          const growth = { from: perMinute(rate.ceiling * rate.ratio), ceiling: perMinute(rate.ceiling), certainty }
          const now = grown(growth, ms)
          expect(now).toBeGreaterThanOrEqual(growth.from * 0.999_999)
          expect(grown(growth, ms + more)).toBeGreaterThanOrEqual(now * 0.999_999)
          expect(Number.isFinite(now)).toBe(true)
        },
      ),
    )
  })
})
