import { beforeEach, describe, expect, it } from 'vitest'
import { type AttemptContext, Profile } from '../engine/index.ts'
import type { QuotaBucket } from '../failure/index.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { QuotaNotes } from './quota-notes.ts'

const OPENAI = {
  'content-type': 'application/json',
  'x-ratelimit-limit-requests': '60',
  'x-ratelimit-limit-tokens': '100000',
  'x-ratelimit-remaining-requests': '59',
  'x-ratelimit-remaining-tokens': '90000',
  'x-ratelimit-reset-requests': '1s',
  'x-ratelimit-reset-tokens': '6m0s',
}
const ANTHROPIC = {
  'anthropic-ratelimit-requests-limit': '50',
  'anthropic-ratelimit-requests-remaining': '49',
  'anthropic-ratelimit-requests-reset': '2026-01-01T00:01:00Z',
  'anthropic-ratelimit-input-tokens-limit': '40000',
  'anthropic-ratelimit-input-tokens-remaining': '39000',
}
const SUBSCRIPTION = {
  'anthropic-ratelimit-unified-status': 'allowed',
  'anthropic-ratelimit-unified-5h-status': 'allowed',
  'anthropic-ratelimit-unified-5h-utilization': '0.42',
  'anthropic-ratelimit-unified-5h-reset': '1767243600',
}

let notes: QuotaNotes
let told: (readonly QuotaBucket[])[]
const profile = new Profile({ id: 'openai:a' })

/** What an answer with these headers makes the notes tell, by bucket. */
function take(headers: Readonly<Record<string, string | string[]>>, options: Partial<AttemptContext> = {}): number {
  const before = told.length
  notes.take(headers, {
    target: { provider: 'openai', model: 'm', profile: 'openai:a' },
    profile,
    apiKey: undefined,
    signal: new AbortController().signal,
    onAbort: () => {},
    noteQuota: (buckets) => told.push(buckets),
    attempt: 1,
    timeouts: { connectMs: 1 },
    ...options,
  })
  return told.length - before
}

beforeEach(() => {
  notes = new QuotaNotes(new VirtualClock())
  told = []
})

describe('of a provider’s limits', () => {
  it('the first answer is told in full, and those that say the same are not', () => {
    expect(take(OPENAI)).toBe(1)
    expect(told[0]).toMatchObject([
      { name: 'requests', limit: 60, remaining: 59 },
      { name: 'tokens', limit: 100_000, remaining: 90_000, resetAt: Date.UTC(2026, 0, 1) + 360_000 },
    ])
    expect(take(OPENAI)).toBe(0)
    expect(take({ ...OPENAI, 'x-ratelimit-remaining-requests': '1', 'x-ratelimit-remaining-tokens': '10001' })).toBe(0)
  })

  it('another limit is news', () => {
    take(OPENAI)
    expect(take({ ...OPENAI, 'x-ratelimit-limit-requests': '500' })).toBe(1)
    expect(take({ ...OPENAI, 'x-ratelimit-limit-requests': '500' })).toBe(0)
  })

  it.each([
    ['no request left', OPENAI, { 'x-ratelimit-remaining-requests': '0' }],
    ['less than none', OPENAI, { 'x-ratelimit-remaining-requests': '-1' }],
    ['a tenth of the tokens', OPENAI, { 'x-ratelimit-remaining-tokens': '10000' }],
    ['no request left', ANTHROPIC, { 'anthropic-ratelimit-requests-remaining': '0' }],
    ['few tokens', ANTHROPIC, { 'anthropic-ratelimit-input-tokens-remaining': '4000' }],
    ['a subscription that is nearly used up', SUBSCRIPTION, { 'anthropic-ratelimit-unified-5h-utilization': '0.95' }],
    [
      'a plan that is nearly used up',
      { 'x-codex-primary-used-percent': '40' },
      { 'x-codex-primary-used-percent': '97' },
    ],
    ['none left, in one field', { ratelimit: '"a";r=5;t=30' }, { ratelimit: '"a";r=0;t=30' }],
  ])('little that is left is news each time, and so is that there is more again: %s', (_, headers, low) => {
    take(headers)
    expect(take(headers)).toBe(0)
    expect(take({ ...headers, ...low })).toBe(1)
    expect(take({ ...headers, ...low })).toBe(1)
    expect(take(headers)).toBe(1)
    expect(take(headers)).toBe(0)
  })

  it('one profile and one model says nothing of another', () => {
    take(OPENAI)
    const target = { provider: 'openai', model: 'other', profile: 'openai:a' }
    expect(take(OPENAI, { target })).toBe(1)
    expect(take(OPENAI, { profile: new Profile({ id: 'openai:b' }) })).toBe(1)
    expect(take(OPENAI, { target })).toBe(0)
  })

  it('headers that come up later are found after some answers', () => {
    take({ 'content-type': 'application/json' })
    expect(told).toEqual([])
    let answers = 0
    while (take(OPENAI) === 0) answers += 1
    expect(answers).toBeLessThanOrEqual(100)
    expect(take(OPENAI)).toBe(0)
  })

  it('nothing is told where nothing is said, or nobody listens', () => {
    for (let answer = 0; answer < 300; answer += 1) expect(take({ date: 'x', 'x-request-id': `${answer}` })).toBe(0)
    notes.take(OPENAI, { ...contextOfNobody() })
    expect(told).toEqual([])
  })

  it('models that callers make up are not remembered for ever', () => {
    for (let model = 0; model < 1_000; model += 1) {
      expect(take(OPENAI, { target: { provider: 'openai', model: `m${model}`, profile: 'openai:a' } })).toBe(1)
    }
  })

  it('a header that is there twice does no harm', () => {
    expect(take({ ...OPENAI, 'x-ratelimit-remaining-requests': ['0', '1'] })).toBe(1)
  })
})

function contextOfNobody(): AttemptContext {
  return {
    target: { provider: 'openai', model: 'm', profile: 'openai:a' },
    profile,
    apiKey: undefined,
    signal: new AbortController().signal,
    onAbort: () => {},
    attempt: 1,
    timeouts: { connectMs: 1 },
  }
}
