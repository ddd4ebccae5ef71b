import { describe, expect, it } from 'vitest'
import { classifyFailure, readQuota } from './index.ts'

const NOW = Date.parse('2026-10-21T07:28:00Z')

describe('readQuota', () => {
  it('reads OpenAI’s headers, whose resets are durations', () => {
    const headers = {
      'x-ratelimit-limit-requests': '500',
      'x-ratelimit-remaining-requests': '499',
      'x-ratelimit-reset-requests': '120ms',
      'x-ratelimit-limit-tokens': '30000',
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-tokens': '6m0s',
    }
    expect(readQuota(headers, 'openai', NOW)).toEqual([
      { name: 'requests', limit: 500, remaining: 499, resetAt: NOW + 120 },
      { name: 'tokens', limit: 30_000, remaining: 0, resetAt: NOW + 360_000 },
    ])
    expect(readQuota(headers)[1]).toEqual({ name: 'tokens', limit: 30_000, remaining: 0 })
    expect(readQuota({ ...headers, date: 'Wed, 21 Oct 2026 07:28:00 GMT' })[1]?.resetAt).toBe(NOW + 360_000)
  })

  it('reads Anthropic’s headers, whose resets are dates and whose windows are minutes', () => {
    const headers = new Headers({
      'anthropic-ratelimit-input-tokens-limit': '40000',
      'anthropic-ratelimit-input-tokens-remaining': '39000',
      'anthropic-ratelimit-input-tokens-reset': '2026-10-21T07:29:00Z',
    })
    expect(readQuota(headers, 'anthropic')).toEqual([
      {
        name: 'input-tokens',
        limit: 40_000,
        remaining: 39_000,
        resetAt: NOW + 60_000,
        window: 60_000,
        windowMs: 60_000,
      },
    ])
  })

  it('reads the windows of a ChatGPT plan, of which only a full one refuses', () => {
    const headers = {
      'x-codex-primary-used-percent': '100',
      'x-codex-primary-reset-after-seconds': '1800',
      'x-codex-primary-window-minutes': '300',
      'x-codex-secondary-used-percent': '40',
      'x-codex-secondary-reset-after-seconds': '400000',
      'x-codex-secondary-window-minutes': '10080',
    }
    expect(readQuota(headers, 'openai-codex', NOW)).toEqual([
      {
        name: 'codex-primary',
        limit: 1,
        remaining: 0,
        resetAt: NOW + 1_800_000,
        window: 18_000_000,
        windowMs: 18_000_000,
      },
      {
        name: 'codex-secondary',
        limit: 1,
        remaining: 0.6,
        resetAt: NOW + 400_000_000,
        window: 604_800_000,
        windowMs: 604_800_000,
      },
    ])
    expect(classifyFailure({ status: 429, headers }).retryAfterMs).toBe(1_800_000)
  })

  it('reads the IETF’s spelling and Azure’s other one', () => {
    expect(
      readQuota({ 'ratelimit-limit': '10', 'ratelimit-remaining': '0', 'ratelimit-reset': '7' }, undefined, NOW),
    ).toEqual([{ name: 'requests', limit: 10, remaining: 0, resetAt: NOW + 7_000 }])
    expect(readQuota({ 'x-rate-limit-reset-tokens': '55' }, 'azure', NOW)).toEqual([
      { name: 'tokens', resetAt: NOW + 55_000 },
    ])
    expect(classifyFailure({ status: 429, headers: { 'x-rate-limit-reset-tokens': '55' } }).retryAfterMs).toBe(55_000)
  })

  it('reads the windows of a subscription as shares', () => {
    const headers = {
      'anthropic-ratelimit-unified-status': 'rejected',
      'anthropic-ratelimit-unified-5h-status': 'rejected',
      'anthropic-ratelimit-unified-5h-utilization': '0.99',
      'anthropic-ratelimit-unified-5h-reset': `${NOW / 1_000 + 60}`,
      'anthropic-ratelimit-unified-7d-utilization': '0.25',
    }
    expect(readQuota(headers, 'anthropic')).toEqual([
      { name: 'unified-5h', limit: 1, remaining: 0, resetAt: NOW + 60_000, window: 18_000_000, windowMs: 18_000_000 },
      { name: 'unified-7d', limit: 1, remaining: 0.75, window: 604_800_000, windowMs: 604_800_000 },
    ])
  })

  it.each([
    ['30', NOW + 30_000],
    [`${NOW / 1_000 + 5}`, NOW + 5_000],
    [`${NOW + 7_000}`, NOW + 7_000],
    ['2026-10-21T07:28:09Z', NOW + 9_000],
    ['soon', undefined],
  ])('a bare x-ratelimit-reset of %s', (reset, resetAt) => {
    const headers = { 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': reset }
    expect(readQuota(headers, undefined, NOW)[0]).toEqual({
      name: 'requests',
      remaining: 0,
      ...(resetAt !== undefined && { resetAt }),
    })
  })

  it('is empty where headers say nothing or no sense', () => {
    for (const headers of [undefined, {}, { 'x-ratelimit-foo': '1' }, [], 'x', 7])
      expect(readQuota(headers)).toEqual([])
    expect(readQuota({ 'x-ratelimit-remaining-tokens': 'many' })).toEqual([{ name: 'tokens' }])
  })
})
