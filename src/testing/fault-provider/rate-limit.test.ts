import { describe, expect, it } from 'vitest'
import { RateLimit, type RateLimitOptions } from './rate-limit.ts'
import type { FaultRequest } from './request.ts'

const START = Date.UTC(2026, 0, 1)

const from = (key: string, model = 'm'): FaultRequest => ({
  method: 'POST',
  path: '/',
  query: '',
  headers: {},
  key,
  dialect: 'openai',
  model,
  stream: false,
  body: {},
  bodyBytes: 0,
  endpoint: 'chat',
})

/** How many of so many requests, one every `everyMs`, are let through. */
function admitted(limit: RateLimit, count: number, everyMs: number, startMs = START): number {
  let allowed = 0
  for (let i = 0; i < count; i++) if (limit.take(from('k'), startMs + i * everyMs).isAllowed) allowed += 1
  return allowed
}

const limitOf = (options: Partial<RateLimitOptions>) => new RateLimit({ requestsPerMinute: 60, ...options }, START)

describe('token bucket', () => {
  it('lets a burst through, then one a second', () => {
    const limit = limitOf({ burst: 5 })
    expect(admitted(limit, 10, 0)).toBe(5)
    expect(admitted(limit, 40, 250, START + 1000)).toBe(10)
  })

  it('lets in exactly those who come at its pace', () => {
    const limit = limitOf({ burst: 1 })
    expect(admitted(limit, 600, 1000)).toBe(600)
  })

  it('says when the next one may come, and means it', () => {
    const limit = limitOf({ burst: 1 })
    limit.take(from('k'), START)
    const refused = limit.take(from('k'), START + 300)
    expect(refused).toMatchObject({ isAllowed: false, retryAfterMs: 700, state: { limit: 1, remaining: 0 } })
    expect(limit.take(from('k'), START + 999).isAllowed).toBe(false)
    expect(limit.take(from('k'), START + 1000).isAllowed).toBe(true)
  })
})

describe('fixed window', () => {
  it('lets in as many as it allows, and all of them again with the next minute', () => {
    const limit = limitOf({ algorithm: 'fixed_window' })
    expect(admitted(limit, 100, 10, START + 30_000)).toBe(60)
    expect(limit.take(from('k'), START + 59_999)).toMatchObject({ isAllowed: false, retryAfterMs: 1 })
    expect(admitted(limit, 100, 10, START + 60_000)).toBe(60)
  })
})

describe('count', () => {
  it.each([
    ['key', [true, false, true, true]],
    ['model', [true, true, false, true]],
    ['key+model', [true, true, true, true]],
    ['all', [true, false, false, false]],
  ] as const)('is shared by %s', (by, expected) => {
    const limit = limitOf({ burst: 1, by })
    const requests = [from('a', 'x'), from('a', 'y'), from('b', 'x'), from('c', 'z')]
    expect(requests.map((request) => limit.take(request, START).isAllowed)).toEqual(expected)
  })

  it('applies only to the keys and models named', () => {
    const limit = limitOf({ key: ['a', 'b'], model: 'x' })
    expect(
      [from('a', 'x'), from('b', 'x'), from('c', 'x'), from('a', 'y')].map((each) => limit.appliesTo(each)),
    ).toEqual([true, true, false, false])
  })

  it('starts anew with reset', () => {
    const limit = limitOf({ burst: 1 })
    limit.take(from('k'), START)
    limit.reset(START)
    expect(limit.take(from('k'), START).isAllowed).toBe(true)
  })
})

it.each([
  ['seconds', { 'retry-after': '1' }],
  ['ms', { 'retry-after-ms': '700' }],
  ['date', { 'retry-after': 'Thu, 01 Jan 2026 00:00:01 GMT' }],
  ['none', {}],
] as const)('says when to come back as %s', (retryAfter, headers) => {
  const limit = limitOf({ burst: 1, retryAfter })
  limit.take(from('k'), START)
  expect(limit.retryHeaders(limit.take(from('k'), START + 300))).toEqual(headers)
})
