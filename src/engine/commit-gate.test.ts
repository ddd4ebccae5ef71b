import { describe, expect, it } from 'vitest'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { CommitGate, HELD_COMMIT_MS } from './commit-gate.ts'
import type { CommitRule } from './provider.ts'

function gateWith(rule?: Partial<CommitRule>) {
  const clock = new VirtualClock()
  const told: string[] = []
  const gate = new CommitGate({
    clock,
    rule: rule && { holdBackMs: 0, minCharactersPerSecond: 0, throughputMs: 2_000, ...rule },
    onOpen: () => told.push('open'),
    onTooSlow: ({ limit }) => told.push(`too slow: ${limit.phase} ${limit.ms}`),
  })
  return { clock, gate, told }
}

describe('the gate before the commit', () => {
  it('opens with the first content where nothing is asked for, and needs no timer', () => {
    const { clock, gate } = gateWith()
    expect(gate.note(1, false)).toBe(true)
    expect(clock.pendingTimers).toBe(0)
  })

  it('opens only after the time for which content is held back', async () => {
    const { clock, gate, told } = gateWith({ holdBackMs: 500 })
    expect(gate.note(100, false)).toBe(false)
    await clock.advance(499)
    expect(gate.note(100, false)).toBe(false)
    await clock.advance(1)
    expect(told).toEqual(['open'])
    expect(gate.isOpen).toBe(true)
    expect(clock.pendingTimers).toBe(0)
  })

  it('opens as soon as what must come in its time has come', async () => {
    const { clock, gate, told } = gateWith({ minCharactersPerSecond: 50 })
    expect(gate.note(60, false)).toBe(false)
    await clock.advance(300)
    expect(gate.note(40, false)).toBe(true)
    expect(told).toEqual([])
    expect(clock.pendingTimers).toBe(0)
  })

  it('finds a stream too slow that brings less in that time, and names the limit', async () => {
    const { clock, gate, told } = gateWith({ minCharactersPerSecond: 50 })
    for (let second = 0; second < 2; second += 1) {
      gate.note(6, false)
      await clock.advance(1_000)
    }
    expect(told).toEqual(['too slow: throughput 2000'])
    expect(gate.isOpen).toBe(false)
    expect(clock.pendingTimers).toBe(0)
  })

  it('waits for a tool call that is held, but not for ever', async () => {
    const { clock, gate, told } = gateWith()
    expect(gate.note(10, true)).toBe(false)
    await clock.advance(HELD_COMMIT_MS - 1)
    expect(told).toEqual([])
    await clock.advance(1)
    expect(told).toEqual(['open'])
  })

  it('opens when what was held comes out', async () => {
    const { clock, gate } = gateWith()
    expect(gate.note(10, true)).toBe(false)
    await clock.advance(1_000)
    expect(gate.note(0, false)).toBe(true)
    expect(clock.pendingTimers).toBe(0)
  })

  it('opens no more once it has been stopped', async () => {
    const { clock, gate, told } = gateWith({ holdBackMs: 500 })
    gate.note(1, false)
    gate.stop()
    await clock.advance(10_000)
    expect(told).toEqual([])
    expect(clock.pendingTimers).toBe(0)
  })
})
