import { describe, expect, it } from 'vitest'
import { classifyFailure, readQuota } from './index.ts'

const NOW = Date.parse('2026-10-21T07:28:00Z')

const span = (windowMs: number) => ({ window: windowMs, windowMs })

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

  it('reads the IETF’s one field of many buckets, and the policy beside it', () => {
    const headers = {
      ratelimit: '"default";r=0;t=50, "daily; \\"all\\", really" ; r=5 ; t=3600',
      'ratelimit-policy': '"default";q=100;w=60;qu="requests", "daily; \\"all\\", really";q=1000;w=86400',
    }
    expect(readQuota(headers, undefined, NOW)).toEqual([
      { name: 'daily; "all", really', limit: 1_000, remaining: 5, resetAt: NOW + 3_600_000, ...span(86_400_000) },
      { name: 'default', limit: 100, remaining: 0, resetAt: NOW + 50_000, ...span(60_000) },
    ])
    expect(classifyFailure({ status: 429, headers }).retryAfterMs).toBe(50_000)
    const lines = ['RateLimit', '"a";r=0;t=50', 'RateLimit', '"b";r=0;t=70']
    expect(classifyFailure({ status: 429, headers: lines }).retryAfterMs).toBe(70_000)
  })

  it('reads the IETF’s older field, which has no names', () => {
    const headers = { ratelimit: 'limit=100, remaining=0, reset=50', 'ratelimit-policy': '100;w=60' }
    expect(readQuota(headers, undefined, NOW)).toEqual([
      { name: 'requests', limit: 100, remaining: 0, resetAt: NOW + 50_000, ...span(60_000) },
    ])
    // Of several windows without names nobody knows which one the rest is about.
    expect(readQuota({ 'ratelimit-remaining': '3', 'ratelimit-policy': '10;w=1, 100;w=60' })).toEqual([
      { name: 'requests', remaining: 3 },
    ])
  })

  it.each(['', ',', ';', '"', '"a', '"a";', '"a";r', '"a";r=', '"a";r=x;t=-5', '"a";q=1', '=,=', '"\\', ';r=0;t=5'])(
    'makes no sense of ratelimit: %s',
    (ratelimit) => {
      const quota = readQuota({ ratelimit }, undefined, NOW)
      expect(quota.every(({ remaining, resetAt }) => remaining === undefined && resetAt === undefined)).toBe(true)
    },
  )

  it('reads a long field in no time, and only its beginning', () => {
    for (const unit of ['"a";r=0;t=5,', '"', ';', ',', '\\', 'a=', ' '])
      expect(readQuota({ ratelimit: unit.repeat(200_000) }).length).toBeLessThanOrEqual(16)
  })

  it('takes the one end that a subscription names before those of its windows', () => {
    const headers: Record<string, string> = {
      date: 'Wed, 21 Oct 2026 07:28:00 GMT',
      'anthropic-ratelimit-unified-status': 'rejected',
      'anthropic-ratelimit-unified-reset': `${NOW / 1_000 + 600}`,
    }
    expect(readQuota(headers, 'anthropic')).toEqual([
      { name: 'unified', limit: 1, remaining: 0, resetAt: NOW + 600_000 },
    ])
    expect(classifyFailure({ provider: 'anthropic', status: 429, headers }).retryAfterMs).toBe(600_000)
    headers['anthropic-ratelimit-unified-5h-status'] = 'rejected'
    headers['anthropic-ratelimit-unified-5h-reset'] = headers['anthropic-ratelimit-unified-reset'] as string
    // Not being allowed to run over is no window that would have to end.
    headers['anthropic-ratelimit-unified-overage-status'] = 'rejected'
    headers['anthropic-ratelimit-unified-overage-reset'] = `${NOW / 1_000 + 900_000}`
    expect(classifyFailure({ provider: 'anthropic', status: 429, headers }).retryAfterMs).toBe(600_000)
  })

  it.each(['allowed', 'allowed_warning'])('a subscription that is %s ends nothing', (status) => {
    const headers = {
      'anthropic-ratelimit-unified-status': status,
      'anthropic-ratelimit-unified-reset': `${NOW / 1_000 + 600}`,
    }
    expect(readQuota(headers, 'anthropic', NOW)).toEqual([])
    expect(classifyFailure({ provider: 'anthropic', status: 429, headers, nowMs: NOW }).retryAfterMs).toBeUndefined()
  })

  it.each(['1e20', '8.64e22', '-5', 'NaN', '999999999999999d', '99999999d', '1000-01-01', Number.NaN, 1e20, 8.64e22])(
    'passes over the insane reset %s',
    (reset) => {
      const [bucket] = readQuota({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset }, undefined, NOW)
      expect(bucket).toEqual({ name: 'requests', remaining: 0 })
    },
  )

  it.each(['soon', Number.NaN, null, Number.POSITIVE_INFINITY, 1e20, -1e15, {}, 7n])(
    'survives a present of %s',
    (now) => {
      const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '30' }
      expect(readQuota(headers, undefined, now as never)).toEqual([{ name: 'requests', remaining: 0 }])
      expect(readQuota(headers, now as never)).toEqual([{ name: 'requests', remaining: 0 }])
    },
  )

  it('a present that is none leaves that of the answer', () => {
    const headers = { date: 'Wed, 21 Oct 2026 07:28:00 GMT', 'x-ratelimit-reset': '30' }
    expect(readQuota(headers, undefined, 'now' as never)).toEqual([{ name: 'requests', resetAt: NOW + 30_000 }])
  })

  it('is not led astray by characters that nobody sees', () => {
    const headers = { 'x-ratelimit-remaining\u200b': '\u200b0', 'x-ratelimit-reset': '3\u20600\ufeffs\u200d' }
    expect(readQuota(headers, undefined, NOW)).toEqual([{ name: 'requests', remaining: 0, resetAt: NOW + 30_000 }])
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

it('who counts on under zero has none left', () => {
  const headers = { 'x-ratelimit-remaining-tokens': '-120', 'x-ratelimit-reset-tokens': '12s' }
  expect(readQuota(headers)).toMatchObject([{ name: 'tokens', remaining: 0 }])
})
