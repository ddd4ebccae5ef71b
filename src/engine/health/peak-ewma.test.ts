import { describe, expect, it } from 'vitest'
import { PeakEwma } from './peak-ewma.ts'

describe('PeakEwma', () => {
  it('follows a peak at once', () => {
    const latency = new PeakEwma(500, 0)
    latency.note(4_000, 1)
    expect(latency.value).toBe(4_000)
  })

  it('comes down the more, the longer ago the peak was', () => {
    const soon = new PeakEwma(4_000, 0)
    soon.note(500, 1_000)
    const late = new PeakEwma(4_000, 0)
    late.note(500, 60_000)
    expect(soon.value).toBeGreaterThan(3_800)
    expect(late.value).toBeGreaterThan(500)
    expect(late.value).toBeLessThan(1_000)
  })

  it('forgets by half in five minutes what is not measured any more', () => {
    const latency = new PeakEwma(800, 0)
    expect(latency.valueAt(0)).toBe(800)
    expect(latency.valueAt(300_000)).toBeCloseTo(400)
    // What was measured stays what it was.
    expect(latency.value).toBe(800)
  })

  it('bears a clock that stands still or was set back', () => {
    const latency = new PeakEwma(800, 1_000)
    latency.note(400, 1_000)
    latency.note(400, 0)
    expect(latency.value).toBe(800)
    expect(latency.valueAt(0)).toBe(800)
  })
})
