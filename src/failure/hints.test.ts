import { describe, expect, it } from 'vitest'
import { classifyFailure } from './index.ts'

const DATE = 'Wed, 21 Oct 2026 07:28:00 GMT'
const AT = Date.parse(DATE)

const waitOf = (headers: Record<string, string>, body?: unknown, nowMs?: number) =>
  classifyFailure({ status: 429, headers, body, nowMs }).retryAfterMs

describe('when to come back', () => {
  it('retry-after-ms goes before retry-after, that before the body, that before the empty bucket, that before words', () => {
    const headers: Record<string, string> = {
      'retry-after-ms': '1500.2',
      'retry-after': '2',
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-tokens': '4s',
    }
    const body: Record<string, unknown> = { message: 'try again in 5s', retry_after: 3 }
    expect(waitOf(headers, body)).toBe(1_501)
    delete headers['retry-after-ms']
    expect(waitOf(headers, body)).toBe(2_000)
    delete headers['retry-after']
    expect(waitOf(headers, body)).toBe(3_000)
    delete body.retry_after
    expect(waitOf(headers, body)).toBe(4_000)
    headers['x-ratelimit-remaining-tokens'] = '1'
    expect(waitOf(headers, body)).toBe(5_000)
  })

  it('an HTTP date is measured by the clock of the answer, not by ours', () => {
    const headers = { date: DATE, 'retry-after': 'Wed, 21 Oct 2026 07:28:30 GMT' }
    const failure = classifyFailure({ status: 429, headers, nowMs: AT + 3_600_000 })
    expect(failure).toMatchObject({ retryAfterMs: 30_000, resetAt: AT + 3_630_000 })
    expect(classifyFailure({ status: 429, headers }).resetAt).toBe(AT + 30_000)
  })

  it('without any present a wait has no end, and a date no wait', () => {
    expect(classifyFailure({ status: 429, headers: { 'retry-after': '30' } }).resetAt).toBeUndefined()
    const dated = classifyFailure({ status: 429, headers: { 'retry-after': DATE } })
    expect(dated.retryAfterMs).toBeUndefined()
    expect(dated.resetAt).toBe(AT)
  })

  it.each(['0', '-5', 'NaN', 'soon', '', '1e9', 'Wed, 21 Oct 2020 07:28:00 GMT', '٣'])(
    'retry-after: %j is passed over',
    (value) => {
      expect(waitOf({ date: DATE, 'retry-after': value }, 'try again in 2s')).toBe(2_000)
    },
  )

  it('a wait above 31 days is cut to that', () => {
    expect(waitOf({ 'retry-after': '99999999' })).toBe(31 * 86_400_000)
  })

  it('of several empty buckets the later end counts, and full ones never do', () => {
    const headers = {
      date: DATE,
      'anthropic-ratelimit-requests-remaining': '0',
      'anthropic-ratelimit-requests-reset': '2026-10-21T07:28:10Z',
      'anthropic-ratelimit-input-tokens-remaining': '0',
      'anthropic-ratelimit-input-tokens-reset': '2026-10-21T07:28:40Z',
      'anthropic-ratelimit-output-tokens-remaining': '8000',
      'anthropic-ratelimit-output-tokens-reset': '2026-10-21T09:00:00Z',
    }
    expect(waitOf(headers)).toBe(40_000)
    expect(classifyFailure({ status: 500, headers }).retryAfterMs).toBeUndefined()
  })

  it.each([
    ['try again in 7.66s', 7_660],
    ['Please try again in 644ms.', 644],
    ['try again in 1m26.4s.', 86_400],
    ['try again in 1h2m3s', 3_723_000],
    ['Please wait 541 hours 28 minutes before', 1_949_280_000],
    ['Please retry after 20 seconds.', 20_000],
    ['Please wait for 2 minutes', 120_000],
    ['please try again after 1 seconds', 1_000],
    ['Please retry in 36.429760048s.', 36_430],
    ['wait until 2026-10-21T07:28:05Z', 5_000],
    ['You will regain access on 2026-10-22 at 00:00 UTC.', 59_520_000],
  ])('%j', (message, expected) => {
    expect(waitOf({ date: DATE }, { error: { message } })).toBe(expected)
  })

  it.each([
    'try again later',
    'wait 3 sessions',
    'try again at 5:39 PM',
    'retry after 12345678901234567890 s',
    'wait -3 seconds',
  ])('%j states no wait', (message) => {
    expect(waitOf({ date: DATE }, { error: { message } })).toBeUndefined()
  })

  it.each([
    [{ error: { details: [{ retryDelay: '34.4s' }] } }, 34_400],
    [{ error: { message: 'Please retry in 36.43s.', details: [{ retryDelay: '36s' }] } }, 36_430],
    [{ error: { resets_in_seconds: 13_872, resets_at: 1_777_936_568 } }, 13_872_000],
    [{ error: { resets_at: AT / 1_000 + 60 } }, 60_000],
    [{ error: 'loading', estimated_time: 20.5 }, 20_500],
    [{ retry_after: '2026-10-21T07:28:09Z' }, 9_000],
  ])('the field of a body %j', (body, expected) => {
    expect(waitOf({ date: DATE }, body)).toBe(expected)
  })

  it.each<[window: string, ms: number, input: Parameters<typeof classifyFailure>[0]]>([
    [
      'a minute',
      60_000,
      { status: 429, body: 'Rate limit reached on tokens per min (TPM): Limit 5, Used 5, Requested 1' },
    ],
    ['a day', 86_400_000, { status: 429, body: 'Rate limit reached on requests per day (RPD): Limit 200, Used 200' }],
    [
      'a day',
      86_400_000,
      { status: 429, body: { error: { code: 'RateLimitReached', message: 'Rate limit of 50 per 86400s exceeded' } } },
    ],
    ['an hour', 3_600_000, { status: 429, body: 'You reached free usage limit (reset hourly)' }],
    [
      'a day, by Google’s quotaId',
      86_400_000,
      {
        status: 429,
        body: {
          error: {
            status: 'RESOURCE_EXHAUSTED',
            message: 'Quota exceeded',
            details: [
              {
                '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
                violations: [{ quotaId: 'GenerateRequestsPerDayPerProjectPerModel-FreeTier' }],
              },
            ],
          },
        },
      },
    ],
  ])('a limit over %s is told apart', (_window, ms, input) => {
    expect(classifyFailure(input)).toMatchObject({ reason: 'rate_limit', limitWindowMs: ms })
  })

  it('what a client library says of its own pauses counts only beside a limit', () => {
    expect(classifyFailure({ status: 429, body: 'Rate limited. Retrying in 3 seconds' }).retryAfterMs).toBe(3_000)
    expect(classifyFailure({ status: 500, body: 'Internal error. Retrying in 3 seconds' }).retryAfterMs).toBeUndefined()
    expect(
      classifyFailure({ error: new Error('Connection error. Retrying in 3 seconds') }).retryAfterMs,
    ).toBeUndefined()
    const langchain = 'Retrying completion_with_retry in 4.0 seconds as it raised RateLimitError: Rate limit reached'
    expect(classifyFailure({ body: langchain })).toMatchObject({ reason: 'rate_limit' })
    expect(classifyFailure({ body: langchain }).retryAfterMs).toBeUndefined()
  })

  it('headers that stand in the body are read like those of the answer, which go first', () => {
    const body = {
      error: {
        message: 'limited',
        metadata: { headers: { 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': `${AT + 9_000}` } },
      },
    }
    expect(classifyFailure({ status: 429, headers: { date: DATE }, body }).retryAfterMs).toBe(9_000)
    const sdk = {
      name: 'AI_APICallError',
      statusCode: 429,
      responseHeaders: { 'retry-after': '5' },
      responseBody: '{"error":{"message":"limited"}}',
    }
    expect(classifyFailure({ body: sdk }).retryAfterMs).toBe(5_000)
    expect(classifyFailure({ status: 429, headers: { 'retry-after': '2' }, body: sdk }).retryAfterMs).toBe(2_000)
  })
})
