import { describe, expect, it } from 'vitest'
import { Ramp } from './ramp.ts'

const mark = (lease: number) => ({ lease, startedAt: 0 })

describe('a ramp', () => {
  it('lets two in, then one more with each answer that begins', () => {
    const ramp = new Ramp(10, 0)
    expect(ramp.heldUntil(0)).toBeUndefined()
    ramp.began(mark(11))
    ramp.began(mark(12))
    expect(ramp.heldUntil(0)).toBe(1_000)
    ramp.committed()
    expect(ramp.heldUntil(0)).toBeUndefined()
    ramp.began(mark(13))
    expect(ramp.heldUntil(0)).toBe(1_000)
    ramp.ended(mark(11))
    expect(ramp.heldUntil(0)).toBeUndefined()
  })

  it('doubles each second where answers are slow, and is over when it is no trickle any more', () => {
    const ramp = new Ramp(0, 0)
    for (let lease = 1; lease <= 8; lease += 1) ramp.began(mark(lease))
    expect(ramp.heldUntil(1_999)).toBe(2_000)
    expect(ramp.heldUntil(2_000)).toBe(3_000)
    expect(ramp.heldUntil(3_000)).toBeUndefined()
    expect(ramp.isOver(3_999)).toBe(false)
    expect(ramp.isOver(4_000)).toBe(true)
  })

  it('does not count what was under way before it began', () => {
    const ramp = new Ramp(10, 0)
    for (const lease of [3, 7, 10]) ramp.began(mark(lease))
    expect(ramp.heldUntil(0)).toBeUndefined()
    for (const lease of [3, 7, 10]) ramp.ended(mark(lease))
    ramp.began(mark(11))
    ramp.began(mark(12))
    expect(ramp.heldUntil(0)).toBe(1_000)
  })
})
