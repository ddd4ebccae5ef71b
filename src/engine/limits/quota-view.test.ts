import { describe, expect, it } from 'vitest'
import { LearntLimit } from './learnt-limit.ts'
import { QuotaView, spentUntil } from './quota-view.ts'

const NOW = 1_767_225_600_000
const MINUTE = 60_000

describe('until when headers say that a target is spent', () => {
  it('is the earlier of the reset and of what the window drips', () => {
    expect(
      spentUntil([{ name: 'requests', limit: 60, remaining: 0, resetAt: NOW + 30_000, windowMs: MINUTE }], NOW),
    ).toBe(NOW + 1_000)
    expect(
      spentUntil([{ name: 'requests', limit: 2, remaining: 0, resetAt: NOW + 5_000, windowMs: MINUTE }], NOW),
    ).toBe(NOW + 5_000)
    expect(spentUntil([{ name: 'tokens', remaining: 0, resetAt: NOW + 5_000 }], NOW)).toBe(NOW + 5_000)
    expect(spentUntil([{ name: 'requests', limit: 4, remaining: 0, windowMs: MINUTE }], NOW)).toBe(NOW + 15_000)
  })

  it('is the latest of several empty buckets', () => {
    const requests = { name: 'requests', remaining: 0, resetAt: NOW + 2_000 }
    const tokens = { name: 'tokens', remaining: 0, resetAt: NOW + 9_000 }
    expect(spentUntil([requests, tokens, { name: 'images', remaining: 3, resetAt: NOW + MINUTE }], NOW)).toBe(
      NOW + 9_000,
    )
  })

  it('is unknown where something is left, or where nothing says when there will be', () => {
    expect(spentUntil([{ name: 'requests', limit: 60, remaining: 1, resetAt: NOW + 5_000 }], NOW)).toBeUndefined()
    expect(spentUntil([{ name: 'requests', limit: 60, remaining: 0 }], NOW)).toBeUndefined()
    expect(spentUntil([{ name: 'requests', remaining: 0, resetAt: NOW - 1 }], NOW)).toBeUndefined()
    expect(spentUntil([{ name: 'requests', limit: 0, remaining: 0, windowMs: MINUTE }], NOW)).toBeUndefined()
    expect(spentUntil([], NOW)).toBeUndefined()
  })
})

describe('a view of the quota', () => {
  const empty = [{ name: 'requests', remaining: 0, resetAt: NOW + 5_000 }]
  const filled = [{ name: 'requests', remaining: 7, resetAt: NOW + 5_000 }]

  it('knows nothing at first, and says spent until the end', () => {
    const view = new QuotaView()
    expect(view.isSpent(NOW)).toBe(false)
    view.note(empty, NOW - 100, NOW)
    expect(view.isSpent(NOW)).toBe(true)
    expect(view.isSpent(NOW + 5_000)).toBe(false)
  })

  it('is changed by later answers, and not by those that began before', () => {
    const view = new QuotaView()
    view.note(empty, NOW - 100, NOW)
    view.note(filled, NOW - 200, NOW + 10)
    expect(view.isSpent(NOW + 10)).toBe(true)
    view.note(filled, NOW - 50, NOW + 20)
    expect(view.isSpent(NOW + 20)).toBe(false)
    view.note(empty, NOW - 100, NOW + 30)
    expect(view.isSpent(NOW + 30)).toBe(false)
  })

  it('hands the limit of requests on, where its window is known', () => {
    const startsIn = (minuteBuckets: Parameters<QuotaView['note']>[0]): number => {
      const learnt = new LearntLimit()
      for (let index = 0; index < 100; index += 1) learnt.began(NOW - MINUTE + index * 600)
      new QuotaView().note(minuteBuckets, NOW, NOW, learnt)
      learnt.began(NOW)
      learnt.refused(NOW, NOW + 50)
      let now = learnt.nextAt(NOW + 50)
      let starts = 0
      for (; now < NOW + MINUTE; now = learnt.nextAt(now)) {
        learnt.began(now)
        starts += 1
      }
      return starts
    }
    const tokens = { name: 'tokens', limit: 1, windowMs: MINUTE }
    expect(startsIn([tokens, { name: 'requests', limit: 20, remaining: 3, windowMs: MINUTE }])).toBeLessThanOrEqual(21)
    expect(startsIn([tokens, { name: 'requests', limit: 20, remaining: 3 }])).toBeGreaterThan(60)
  })
})
