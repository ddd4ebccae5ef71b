import { describe, expect, it } from 'vitest'
import { ProviderLimit } from './provider-limit.ts'
import type { LimitEffect } from './scenario.ts'

const LIMIT: LimitEffect = {
  requestsPerMinute: 60,
  window: 'bucket',
  retryAfter: 'header',
  quotaHeaders: false,
  shared: false,
}

/** How many of requests that come every `everyMs` are let in. */
function letIn(
  limit: ProviderLimit,
  everyMs: number,
  fromMs: number,
  untilMs: number,
  account = 'a',
  tokens = 100,
): number {
  let count = 0
  for (let at = fromMs; at < untilMs; at += everyMs) {
    if (limit.waitMs(account, tokens, at) > 0) continue
    limit.take(account, tokens)
    count += 1
  }
  return count
}

describe("a provider's limit", () => {
  it('lets a full bucket in at once, and then as much as flows in', () => {
    const limit = new ProviderLimit(LIMIT)
    expect(letIn(limit, 10, 0, 1_000)).toBe(60)
    expect(letIn(limit, 10, 1_000, 61_000)).toBe(60)
  })

  it('has a smaller bucket where it says so', () => {
    const limit = new ProviderLimit({ ...LIMIT, burst: 5 })
    expect(letIn(limit, 10, 0, 1_000)).toBe(5)
    expect(letIn(limit, 10, 1_000, 61_000)).toBe(60)
  })

  it('counts anew in each minute where its window is fixed', () => {
    const limit = new ProviderLimit({ ...LIMIT, window: 'fixed' })
    expect(letIn(limit, 10, 50_000, 60_000)).toBe(60)
    expect(limit.waitMs('a', 100, 59_000)).toBe(1_000)
    expect(letIn(limit, 10, 60_000, 120_000)).toBe(60)
  })

  it('says to the millisecond when it lets the next one in', () => {
    const limit = new ProviderLimit(LIMIT)
    letIn(limit, 1, 0, 60)
    const waitMs = limit.waitMs('a', 100, 60)
    expect(waitMs).toBeGreaterThan(900)
    expect(limit.waitMs('a', 100, 60 + waitMs - 1)).toBe(1)
    expect(limit.waitMs('a', 100, 60 + waitMs)).toBe(0)
  })

  it('counts each account for itself, unless all share it', () => {
    const own = new ProviderLimit(LIMIT)
    expect(letIn(own, 10, 0, 1_000, 'a') + letIn(own, 10, 0, 1_000, 'b')).toBe(120)
    const shared = new ProviderLimit({ ...LIMIT, shared: true })
    expect(letIn(shared, 10, 0, 1_000, 'a') + letIn(shared, 10, 0, 1_000, 'b')).toBe(60)
  })

  it('counts tokens', () => {
    const { requestsPerMinute: _, ...rest } = LIMIT
    const limit = new ProviderLimit({ ...rest, tokensPerMinute: 1_000 })
    expect(letIn(limit, 1, 0, 50, 'a', 300)).toBe(3)
    // More than it ever holds: it is let in when it is full, and pays afterwards.
    const large = new ProviderLimit({ ...rest, tokensPerMinute: 1_000 })
    expect(letIn(large, 1_000, 0, 600_000, 'a', 2_000)).toBe(5)
  })

  it('says in a refusal when to come back, if at all', () => {
    expect(new ProviderLimit(LIMIT).refusalHeaders(1_200)).toEqual({ 'retry-after': '2' })
    expect(new ProviderLimit({ ...LIMIT, retryAfter: 'none' }).refusalHeaders(1_200)).toEqual({})
  })

  it('says in an answer what is left, where it does', () => {
    const limit = new ProviderLimit({ ...LIMIT, quotaHeaders: true })
    letIn(limit, 1, 0, 10)
    expect(limit.quota('a', 1_000_000, 10)).toEqual([
      { name: 'requests', limit: 60, remaining: 50, resetAt: expect.any(Number), window: 60_000, windowMs: 60_000 },
    ])
    expect(new ProviderLimit(LIMIT).quota('a', 0, 10)).toEqual([])
  })
})
