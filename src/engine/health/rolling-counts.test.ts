import { describe, expect, it } from 'vitest'
import { RollingCounts } from './rolling-counts.ts'

describe('rolling counts', () => {
  it('trip at the threshold when at least half of what was tried failed', () => {
    const counts = new RollingCounts()
    counts.failure(0)
    expect(counts.isTripped(2, 0)).toBe(false)
    counts.failure(10)
    expect(counts.isTripped(2, 10)).toBe(true)
  })

  it('do not trip while most requests succeed, even with failures in a row', () => {
    const counts = new RollingCounts()
    for (let index = 0; index < 100; index += 1) counts.success(index)
    counts.failure(100)
    counts.failure(101)
    counts.failure(102)
    expect(counts.isTripped(2, 103)).toBe(false)
  })

  it('trip on a row that only an outage makes, however much has succeeded just before', () => {
    const counts = new RollingCounts()
    for (let index = 0; index < 1_000; index += 1) counts.success(index)
    for (let index = 0; index < 4; index += 1) counts.failure(1_000 + index)
    expect(counts.isTripped(2, 1_010)).toBe(false)
    counts.failure(1_010)
    expect(counts.isTripped(2, 1_010)).toBe(true)
  })

  it('trip on failures in a row that are minutes apart', () => {
    const counts = new RollingCounts()
    counts.failure(0)
    counts.failure(120_000)
    expect(counts.isTripped(2, 120_000)).toBe(true)
  })

  it('forget what is older than twenty seconds', () => {
    const counts = new RollingCounts()
    counts.failure(0)
    counts.success(1)
    counts.failure(100_000)
    expect(counts.isTripped(2, 100_000)).toBe(false)
    expect(counts.isIdle(100_000)).toBe(false)
  })
})
