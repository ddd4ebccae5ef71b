import { describe, expect, it } from 'vitest'
import { ConfiguredLimits } from './configured-limits.ts'

const START = 1_767_225_600_000

describe('configured limits', () => {
  it('hold nothing back where none is configured, and count what is under way', () => {
    const limits = new ConfiguredLimits({})
    const reservations = Array.from({ length: 1_000 }, () => limits.begin(START, 1_000_000))
    expect(limits.heldBy(START, 1_000_000)).toBeUndefined()
    expect(limits.inFlight).toBe(1_000)
    for (const reservation of reservations) limits.settle(reservation, 1_000_000, START)
    expect(limits.inFlight).toBe(0)
  })

  it('hold requests over the number a minute, and over the number at a time', () => {
    const limits = new ConfiguredLimits({ requestsPerMinute: 2, maxConcurrent: 2 })
    const first = limits.begin(START)
    limits.begin(START)
    expect(limits.heldBy(START)).toEqual({ limit: 'maxConcurrent' })
    limits.settle(first, undefined, START + 1_000)
    expect(limits.heldBy(START + 1_000)).toEqual({ limit: 'requestsPerMinute', until: START + 61_000 })
  })

  it('reserve tokens by an estimate and settle them with the real usage', () => {
    const limits = new ConfiguredLimits({ tokensPerMinute: 1_000 })
    const reservation = limits.begin(START, 900)
    expect(limits.heldBy(START, 100)).toBeUndefined()
    expect(limits.heldBy(START, 101)).toEqual({ limit: 'tokensPerMinute', until: START + 61_000 })
    limits.settle(reservation, 300, START + 5_000)
    expect(limits.heldBy(START + 5_000, 700)).toBeUndefined()
    expect(limits.heldBy(START + 5_000, 701)?.limit).toBe('tokensPerMinute')
    // It counts from when it was reserved.
    expect(limits.heldBy(START + 61_000, 1_000)).toBeUndefined()
  })

  it('keep the estimate where the usage is not known', () => {
    const limits = new ConfiguredLimits({ tokensPerMinute: 1_000 })
    limits.settle(limits.begin(START, 900), undefined, START + 5_000)
    expect(limits.heldBy(START + 5_000, 200)?.limit).toBe('tokensPerMinute')
  })

  it('give back what never reached the provider', () => {
    const limits = new ConfiguredLimits({ requestsPerMinute: 1, tokensPerMinute: 1_000 })
    const reservation = limits.begin(START, 900)
    expect(limits.heldBy(START, 200)?.limit).toBe('requestsPerMinute')
    limits.giveBack(reservation, START + 1_000)
    expect(limits.inFlight).toBe(0)
    expect(limits.heldBy(START + 1_000, 1_000)).toBeUndefined()
  })

  it('let through what is larger than the limit once nothing else counts', () => {
    const limits = new ConfiguredLimits({ tokensPerMinute: 1_000 })
    expect(limits.heldBy(START, 5_000)).toBeUndefined()
    limits.settle(limits.begin(START, 10), undefined, START)
    expect(limits.heldBy(START, 5_000)).toEqual({ limit: 'tokensPerMinute', until: START + 61_000 })
    expect(limits.heldBy(START + 61_000, 5_000)).toBeUndefined()
  })

  it('expect of a request what answers used lately, where nobody says better', () => {
    const limits = new ConfiguredLimits({ tokensPerMinute: 1_000 })
    limits.settle(limits.begin(START), 400, START)
    expect(limits.heldBy(START)).toBeUndefined()
    limits.settle(limits.begin(START), 500, START)
    expect(limits.heldBy(START, 1)).toBeUndefined()
    expect(limits.heldBy(START)?.limit).toBe('tokensPerMinute')
  })

  it('go on counting when they are changed, and take no harm from what began before they were set', () => {
    const limits = new ConfiguredLimits({})
    const before = limits.begin(START, 500)
    limits.configure({ tokensPerMinute: 1_000, requestsPerMinute: 10 })
    limits.settle(before, 800, START + 1_000)
    limits.giveBack(limits.begin(START + 1_000, 900), START + 1_000)
    expect(limits.inFlight).toBe(0)
    limits.begin(START + 1_000, 900)
    limits.configure({ tokensPerMinute: 500, requestsPerMinute: 10 })
    expect(limits.heldBy(START + 2_000, 1)?.limit).toBe('tokensPerMinute')
    limits.configure({})
    expect(limits.heldBy(START + 2_000, 1)).toBeUndefined()
  })
})
