import type { QuotaBucket } from './failure.ts'
import { type HeaderMap, readHeaders } from './headers.ts'
import { instantOf, type Moment, momentOfSeconds, parseDate, parseMoment } from './moment.ts'

/** A bucket as it was described, its end not yet tied to a present. */
export interface BucketReading {
  readonly name: string
  readonly limit?: number
  readonly remaining?: number
  readonly reset?: Moment
}

const OPENAI_PREFIX = 'x-ratelimit-'
const ANTHROPIC_PREFIX = 'anthropic-ratelimit-'
const UNIFIED = /^unified-(\w{1,20})-(status|utilization|reset)$/

/** More kinds of buckets than any provider has. */
const MAX_BUCKETS = 16

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/**
 * The time a limit counts over, where the provider's documentation states it: Anthropic's limits are per minute
 * (https://docs.anthropic.com/en/api/rate-limits), its subscriptions' windows carry theirs in the name; Groq's requests
 * are per day, its tokens per minute (https://console.groq.com/docs/rate-limits).
 */
const WINDOWS_MS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  anthropic: {
    requests: MINUTE_MS,
    tokens: MINUTE_MS,
    'input-tokens': MINUTE_MS,
    'output-tokens': MINUTE_MS,
    'unified-5h': 5 * HOUR_MS,
    'unified-7d': 7 * DAY_MS,
  },
  groq: { requests: DAY_MS, tokens: MINUTE_MS },
}

/**
 * What an answer's headers say of its sender's limits; OpenAI's `x-ratelimit-*` and Anthropic's
 * `anthropic-ratelimit-*`, on successful answers and refusals alike. Empty where they say nothing. Never throws.
 *
 * @param headers a record, a `Headers` object, or a list of names and values
 * @param provider the provider's name; it tells the time a limit counts over
 * @param nowMs the present, epoch milliseconds, from which a relative reset is measured. Default: the answer's `date`
 *   header; without either `resetAt` is left out where the reset is relative.
 */
export function readQuota(headers: unknown, provider?: string, nowMs?: number): QuotaBucket[] {
  const map = readHeaders(headers)
  return describeQuota(readBuckets(map), provider, nowMs ?? parseDate(map.get('date') ?? ''))
}

/** The buckets as callers get them. */
export function describeQuota(
  buckets: readonly BucketReading[],
  provider: string | undefined,
  nowMs: number | undefined,
): QuotaBucket[] {
  return buckets.map(({ reset, ...bucket }) => {
    const resetAt = reset === undefined ? undefined : instantOf(reset, nowMs)
    const windowMs = windowOf(provider, bucket.name)
    const span = windowMs === undefined ? {} : { window: windowMs, windowMs }
    return { ...bucket, ...(resetAt !== undefined && { resetAt }), ...span }
  })
}

/** All buckets the headers describe, in the order of their names. */
export function readBuckets(headers: HeaderMap): BucketReading[] {
  const names = new Set<string>()
  for (const header of headers.keys()) {
    const bucket = bucketNamed(header)
    if (bucket !== undefined && names.size < MAX_BUCKETS) names.add(bucket)
  }
  return [...names].sort().map((name) => readBucket(headers, name))
}

/** `x-ratelimit-remaining-tokens` and `anthropic-ratelimit-tokens-remaining` both belong to `tokens`. */
function bucketNamed(header: string): string | undefined {
  if (header.startsWith(OPENAI_PREFIX)) {
    const match = /^(?:limit|remaining|reset)(?:-(.{1,40}))?$/.exec(header.slice(OPENAI_PREFIX.length))
    return match === null ? undefined : (match[1] ?? UNNAMED)
  }
  if (!header.startsWith(ANTHROPIC_PREFIX)) return undefined
  const rest = header.slice(ANTHROPIC_PREFIX.length)
  const unified = UNIFIED.exec(rest)?.[1]
  if (unified !== undefined) return `unified-${unified}`
  return /^(?!unified)(.{1,40})-(?:limit|remaining|reset)$/.exec(rest)?.[1]
}

/** A server that counts only one thing needs no name for it. */
const UNNAMED = 'requests'

function readBucket(headers: HeaderMap, name: string): BucketReading {
  if (name.startsWith('unified-')) return readUnified(headers, name)
  const read = (field: string): string | undefined =>
    headers.get(`${OPENAI_PREFIX}${field}-${name}`) ??
    headers.get(`${ANTHROPIC_PREFIX}${name}-${field}`) ??
    (name === UNNAMED ? headers.get(`${OPENAI_PREFIX}${field}`) : undefined)
  const reset = read('reset')
  return bucketOf(
    name,
    amount(read('limit')),
    amount(read('remaining')),
    reset === undefined ? undefined : parseMoment(reset),
  )
}

/** A window of a subscription: it tells the share that is used; the bucket counts shares, so it holds 1. */
function readUnified(headers: HeaderMap, name: string): BucketReading {
  const read = (field: string): string | undefined => headers.get(`${ANTHROPIC_PREFIX}${name}-${field}`)
  const used = amount(read('utilization'))
  const left = used === undefined ? undefined : Math.max(0, 1 - used)
  const reset = amount(read('reset'))
  return bucketOf(
    name,
    1,
    read('status') === 'rejected' ? 0 : left,
    reset === undefined ? undefined : momentOfSeconds(reset),
  )
}

function bucketOf(name: string, limit?: number, remaining?: number, reset?: Moment): BucketReading {
  return {
    name,
    ...(limit !== undefined && { limit }),
    ...(remaining !== undefined && { remaining }),
    ...(reset !== undefined && { reset }),
  }
}

function amount(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,15}(?:\.\d{1,15})?$/.test(value) ? Number(value) : undefined
}

function windowOf(provider: string | undefined, bucket: string): number | undefined {
  const windows = provider !== undefined && Object.hasOwn(WINDOWS_MS, provider) ? WINDOWS_MS[provider] : undefined
  return windows !== undefined && Object.hasOwn(windows, bucket) ? windows[bucket] : undefined
}
