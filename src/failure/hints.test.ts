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
    ['请在 30 秒后重试', 30_000],
    ['请在5分钟后重试', 300_000],
    ['Please retry in: 15s', 15_000],
    ['Limit resets 2026-10-21T07:28:05Z', 5_000],
    ['3 requests per minute. Please try again in 20s. Free tier resets 2026-11-01.', 20_000],
    ['Please wait 3,600 seconds', 3_600_000],
    ['Please wait 1,234.5 s', 1_234_500],
    ['Please wait 1,800, then try again', 1_800_000],
    ['try again in 1-2 minutes', 120_000],
    ['try again in 1 to 2 minutes.', 120_000],
    ['try again in 30 – 60 seconds', 60_000],
    ['try again in 500-1000ms', 1_000],
    ['try again in 30s-1m', 60_000],
    ['wait between 30 seconds and 2 minutes', 120_000],
    ['wait between 1 and 2 minutes', 120_000],
    ['Please wait 30-60', 60_000],
    ['try again in 20s - 3 requests are left', 20_000],
    ['try again in 5 seconds, 10 minutes at worst', 5_000],
    ['try again in 2 weeks', 1_209_600_000],
    ['try again in 1w', 604_800_000],
    ['try again in 1w2d3h4m5s', 788_645_000],
    ['try again in 7 weeks', 31 * 86_400_000],
    ['try again in ~5s', 5_000],
    ['try again\u200b in \u200b7\ufeff s', 7_000],
  ])('%j', (message, expected) => {
    expect(waitOf({ date: DATE }, { error: { message } })).toBe(expected)
  })

  it.each([
    'try again later',
    'wait 3 sessions',
    'try again at 5:39 PM',
    'retry after 12345678901234567890 s',
    'wait -3 seconds',
    'wait 5 to 10 sessions',
    '请于2026年1月1日',
    '请在24小时内联系客服',
    '请在3次以内重试',
    'wait 10:30',
    'wait 1,5 seconds',
    'wait 10,0000 seconds',
    'retry after 12/25/2026',
    'retry after 2020-10-21',
    'I know data until 2027-06-01',
    'Trained on events until 2026-12-01; see the rate limit page',
    'This model stays available until 2026-12-01',
    'Your plan is unlimited until 2026-12-01',
    'We may limit what you see to data until 2026-12-01',
  ])('%j states no wait', (message) => {
    expect(waitOf({ date: DATE }, { error: { message } })).toBeUndefined()
  })

  it.each([
    'wait until 2026-10-21T07:29:00Z',
    'This key is limited until 2026-10-21T07:29:00Z',
    'blocked until 2026-10-21T07:29:00Z',
    'The model is unavailable until 2026-10-21T07:29:00Z',
    'The model will not be available until 2026-10-21T07:29:00Z',
    'Your account was suspended for abuse until 2026-10-21T07:29:00Z',
    'paused until 2026-10-21T07:29:00Z',
    'Do not retry until 2026-10-21T07:29:00Z',
    'You cannot send further requests until 2026-10-21T07:29:00Z',
    'I know data until 2027-06-01. You can’t use this key until 2026-10-21T07:29:00Z',
    'retry-after: Wed, 21 Oct 2026 07:29:00 GMT',
  ])('%j names the end', (message) => {
    expect(waitOf({ date: DATE }, { error: { message } })).toBe(60_000)
  })

  it.each([
    ['Too many requests. Retry-After: 30', 30_000],
    ['Too many requests (retry-after: 30s)', 30_000],
    ['Too many requests, Retry-After=30, x-request-id=7', 30_000],
    ['Too many requests, see the Retry-After header. retry-after: 1m30s', 90_000],
    ['429 "Your team is limited for a while, retry-after: 30"', 30_000],
    ['Too many requests; retry-after-ms: 1500', 1_500],
    ['Too many requests; retry_after_ms: 1500', 1_500],
    ['Too many requests; retry_after_ms=1,500', 1_500],
    ['Too many requests; retry_after_ms: 2s', 2_000],
    ['Too many requests; retry_after: 12', 12_000],
    ['Too many requests; retry_after_seconds: 12.5', 12_500],
    ['Too many requests; retryAfterMs: 1500', 1_500],
    ['Too many requests; retryAfter: 12', 12_000],
    [`Too many requests; retry_after: ${AT / 1_000 + 60}`, 60_000],
    ['Too many requests. "retry_after_ms": "1500"', 1_500],
    ['Too many requests. "retry_after": 12', 12_000],
    ['Too many requests. Retry-After="30"', 30_000],
    ['Too many requests, "retryDelay": "34.4s"', 34_400],
  ])('the field in the words %j', (message, expected) => {
    expect(classifyFailure({ status: 429, headers: { date: DATE }, body: message })).toMatchObject({
      retryAfterMs: expected,
    })
  })

  it.each([
    'Too many requests for "a, retry-after: 30"',
    `Too many requests for '{"retry_after": 30}'`,
    'Too many requests. Retry-After: soon',
    'Too many requests. Retry-After: 0',
    'Too many requests. Retry after a while: 30 of 40 used',
  ])('%j holds no field', (message) => {
    expect(waitOf({ date: DATE }, message)).toBeUndefined()
  })

  it.each([
    ['30, 60', 60_000],
    ['60,30', 60_000],
    ['0, 30', 30_000],
    ['soon, 30', 30_000],
    ['Wed, 21 Oct 2026 07:28:10 GMT, 5', 10_000],
    ['5, Wed, 21 Oct 2026 07:28:10 GMT', 10_000],
    ['\u200b30\ufeff', 30_000],
    ['3\u20600', 30_000],
    // As node:http hands on UTF-8: a character for each byte.
    ['\u00e2\u0080\u008b30\u00ef\u00bb\u00bf', 30_000],
  ])('retry-after: %j', (value, expected) => {
    expect(waitOf({ date: DATE, 'retry-after': value })).toBe(expected)
  })

  it('of two dates the later counts, also where nobody tells the present', () => {
    const headers = { 'retry-after': `${DATE}, Wed, 21 Oct 2026 07:29:00 GMT` }
    expect(classifyFailure({ status: 429, headers }).resetAt).toBe(AT + 60_000)
  })

  it('of two retry-after headers that no proxy has joined the larger counts, too', () => {
    const headers = ['retry-after', '30', 'retry-after', '60']
    expect(classifyFailure({ status: 429, headers }).retryAfterMs).toBe(60_000)
    expect(classifyFailure({ status: 429, headers: { 'retry-after': ['30', '60'] } }).retryAfterMs).toBe(60_000)
  })

  it.each([
    [{ error: { details: [{ retryDelay: '34.4s' }] } }, 34_400],
    [{ error: { message: 'Please retry in 36.43s.', details: [{ retryDelay: '36s' }] } }, 36_430],
    [{ error: { resets_in_seconds: 13_872, resets_at: 1_777_936_568 } }, 13_872_000],
    [{ error: { resets_at: AT / 1_000 + 60 } }, 60_000],
    [{ error: 'loading', estimated_time: 20.5 }, 20_500],
    [{ retry_after: '2026-10-21T07:28:09Z' }, 9_000],
    [{ retry_after_ms: 1_500 }, 1_500],
    [{ retry_after_ms: '1500' }, 1_500],
    [{ retry_after_ms: '1.5s' }, 1_500],
    [{ retry_after: '1,800' }, 1_800_000],
    [{ retry_after: '\u200b12' }, 12_000],
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

  it.each([
    'Request too large: Limit 6000, Requested 12328',
    'Request too large: Limit 6K, Requested 12.3K',
    'Request too large: limit: 1.5m tokens, requested 2,000,000 tokens',
    'Request too large: limit 900K, requested 1M',
    'Too many requests: limit 3, requested 4',
  ])('%j never fits, however long it waits', (message) => {
    expect(classifyFailure({ status: 429, body: { error: { message } } }).scope).toBe('request')
  })

  it.each([
    'Too many tokens: Limit 6K, Requested 5,000',
    'Too many tokens: Limit 1M, Requested 900K',
    'Too many tokens: limit: 6000 requests. You requested 7b',
    'Too many tokens: limit 6b, requested 7000',
    'Too many tokens: limit 60 requests, requested 4000 tokens',
    'Too many tokens: limit 5ms, requested 9000',
    'Too many tokens: limit 3, used 3, requested 1',
    'Too many tokens: limit 1e9, requested 4000',
  ])('%j fits once the limit is free again', (message) => {
    expect(classifyFailure({ status: 429, body: { error: { message } } }).scope).not.toBe('request')
  })

  it.each([
    { error: { message: 'limited', resets_at: 1e20 } },
    { error: { message: 'limited', resets_at: 8.64e22 } },
    { error: { message: 'limited', retry_after: 1e300 } },
    { error: { message: 'limited', retry_after_ms: Number.POSITIVE_INFINITY } },
    { error: { message: 'limited', retry_after: '999999999999999d' } },
    { error: { message: 'wait 999999999999999 days' } },
  ])('an insane end %j never makes an invalid date', (body) => {
    for (const nowMs of [undefined, AT, 1e20, -1e20]) {
      const { resetAt, retryAfterMs = 1 } = classifyFailure({ status: 429, body, nowMs })
      expect(Number.isNaN(new Date(resetAt ?? 0).getTime())).toBe(false)
      expect(retryAfterMs).toBeLessThanOrEqual(31 * 86_400_000)
    }
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

describe('an empty account', () => {
  const billing = (message: string): unknown =>
    classifyFailure({ status: 403, headers: { date: DATE }, body: { error: { message } } }).retryAfterMs

  it('is in order again on a day that was said', () => {
    const cap = 'You have insufficient credits. You will regain access on 2026-10-22 at 00:00 UTC.'
    expect(billing(cap)).toBe(59_520_000)
  })

  it('is not in order again by waiting, whatever whoever has paid shall do', () => {
    expect(billing('Insufficient credits. If you have paid, try again after 15 minutes.')).toBeUndefined()
  })
})
