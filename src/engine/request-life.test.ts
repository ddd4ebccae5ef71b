import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { RequestId } from './request-id.ts'
import { type Holder, RequestLife } from './request-life.ts'

/** Counts the timers that are armed. */
class CountingClock extends VirtualClock {
  armed = 0

  override setTimer(callback: () => void, ms: number): () => void {
    this.armed += 1
    return super.setTimer(callback, ms)
  }
}

function lifeOf(deadlineMs: number, signal?: AbortSignal) {
  const clock = new CountingClock()
  const startedAt = clock.now()
  const dependencies = {
    clock,
    hub: { hears: () => false, emit: () => {} },
    classify: () => {
      throw new Error('nothing fails here')
    },
  }
  const id = new RequestId('r', 1)
  const life = new RequestLife(dependencies, { id, model: 'm', chain: [], startedAt, deadlineMs, signal })
  const told: string[] = []
  const holder = { dueMs: Number.POSITIVE_INFINITY }
  const asHolder: Holder = {
    dueAt: () => startedAt + holder.dueMs,
    onDue: () => {
      told.push(`due at ${clock.now() - startedAt}`)
      holder.dueMs = Number.POSITIVE_INFINITY
    },
    onCanceled: () => void told.push(`canceled at ${clock.now() - startedAt}`),
  }
  life.passTo(asHolder)
  const code = () => (life.cancellation.reason as { code?: string } | undefined)?.code
  return { clock, code, holder, life, startedAt, told, watch: (soonAt?: number) => life.watch(clock.now(), soonAt) }
}

describe('the one timer of a request', () => {
  it('rings for the nearer one of limit and deadline, and then for the other', async () => {
    const { clock, code, holder, told, watch } = lifeOf(100)
    holder.dueMs = 40
    watch()
    await clock.advance(100)
    expect(told).toEqual(['due at 40', 'canceled at 100'])
    expect(code()).toBe('DEADLINE_EXCEEDED')
    expect(clock.armed).toBe(2)
    expect(clock.pendingTimers).toBe(0)
  })

  it('takes a limit that runs out with the deadline for the deadline', async () => {
    const { clock, holder, told, watch } = lifeOf(100)
    holder.dueMs = 100
    watch()
    await clock.advance(100)
    expect(told).toEqual(['canceled at 100'])
  })

  it('is left alone by a limit that moves away, and looks again when it rings', async () => {
    const { clock, holder, told, watch } = lifeOf(1_000)
    holder.dueMs = 40
    watch()
    for (const dueMs of [50, 60, 70]) {
      holder.dueMs = dueMs
      watch()
    }
    expect(clock.armed).toBe(1)
    await clock.advance(69)
    expect(told).toEqual([])
    await clock.advance(1)
    expect(told).toEqual(['due at 70'])
  })

  it('is armed anew for a limit that comes nearer', async () => {
    const { clock, holder, told, watch } = lifeOf(1_000)
    holder.dueMs = 400
    watch()
    holder.dueMs = 30
    watch()
    expect(clock.pendingTimers).toBe(1)
    await clock.advance(30)
    expect(told).toEqual(['due at 30'])
  })

  it('need not be armed anew for a limit that was announced', async () => {
    const { clock, holder, startedAt, told, watch } = lifeOf(1_000)
    holder.dueMs = 400
    watch(startedAt + 30)
    await clock.advance(10)
    holder.dueMs = 40
    watch()
    expect(clock.armed).toBe(1)
    await clock.advance(30)
    expect(told).toEqual(['due at 40'])
  })

  it('rings for the deadline although nobody has the request in hand', async () => {
    const { clock, code, holder, life, told, watch } = lifeOf(100)
    holder.dueMs = 40
    watch()
    life.passTo(undefined)
    await clock.advance(100)
    expect(told).toEqual([])
    expect(code()).toBe('DEADLINE_EXCEEDED')
  })
})

describe('a request that ends', () => {
  it('leaves neither a timer nor a listener behind', () => {
    const { signal } = new AbortController()
    const { clock, life, watch } = lifeOf(100, signal)
    watch()
    expect([clock.pendingTimers, getEventListeners(signal, 'abort').length]).toEqual([1, 1])
    life.end(Object.assign(new Error() as never, { code: 'CANCELED' }), [])
    expect([clock.pendingTimers, getEventListeners(signal, 'abort').length]).toEqual([0, 0])
  })

  it('is canceled once: the deadline of one that its caller has left says nothing', async () => {
    const caller = new AbortController()
    const { clock, code, told, watch } = lifeOf(100, caller.signal)
    watch()
    await clock.advance(20)
    caller.abort()
    await clock.advance(100)
    expect(told).toEqual(['canceled at 20'])
    expect(code()).toBe('CANCELED')
  })
})
