import type { QuotaBucket } from './failure.ts'
import { type HeaderMap, readHeaders } from './headers.ts'
import { instantOf, type Moment, momentOfSeconds, parseDate, parseMoment } from './moment.ts'
import { policiesIn, rateLimitsIn } from './rate-limit-field.ts'

/** A bucket as it was described, its end not yet tied to a present. */
export interface BucketReading {
  readonly name: string
  readonly limit?: number
  readonly remaining?: number
  readonly reset?: Moment
  /** The time it counts over, milliseconds, where the headers say so. */
  readonly windowMs?: number
}

/** OpenAI's, the same as Azure was seen to spell it, and the IETF's draft (draft-ietf-httpapi-ratelimit-headers). */
const OPENAI_PREFIXES = ['x-ratelimit-', 'x-rate-limit-', 'ratelimit-'] as const
const OPENAI_FIELDS = ['limit', 'remaining', 'reset'] as const
/** Longer than the name of any bucket. */
const MAX_NAME_LENGTH = 40
const ANTHROPIC_PREFIX = 'anthropic-ratelimit-'
/** What a subscription says of all its windows together. */
export const SUBSCRIPTION = 'unified'
const ANTHROPIC_REST =
  /^(unified(?=-(?:status|reset)$)|unified-\w{1,20}(?=-(?:status|utilization|reset)$)|(?!unified).{1,40}?)-(limit|remaining|reset|status|utilization)$/
const CODEX_PREFIX = 'x-codex-'
const CODEX_REST = /^(primary|secondary)-(used-percent|reset-after-seconds|reset-at|window-minutes)$/

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
  const presentMs = Number.isFinite(nowMs) ? nowMs : parseDate(map.get('date') ?? '')
  return describeQuota(readBuckets(map), provider, presentMs)
}

/** The buckets as callers get them. */
export function describeQuota(
  buckets: readonly BucketReading[],
  provider: string | undefined,
  nowMs: number | undefined,
): QuotaBucket[] {
  return buckets.map(({ reset, windowMs: told, ...bucket }) => {
    const resetAt = reset === undefined ? undefined : instantOf(reset, nowMs)
    const windowMs = told ?? windowOf(provider, bucket.name)
    const span = windowMs === undefined ? {} : { window: windowMs, windowMs }
    return { ...bucket, ...(resetAt !== undefined && { resetAt }), ...span }
  })
}

/** All buckets the headers describe, in the order of their names. */
export function readBuckets(headers: HeaderMap): BucketReading[] {
  const buckets = new Map<string, Map<string, string>>()
  const note = ({ bucket, field }: Place, value: string): void => {
    const fields = buckets.get(bucket)
    if (fields !== undefined) fields.set(field, value)
    else if (buckets.size < MAX_BUCKETS) buckets.set(bucket, new Map([[field, value]]))
  }
  for (const [header, value] of headers) {
    // Most headers are about other things.
    if (!header.includes('rate') && !header.startsWith(CODEX_PREFIX)) continue
    const list = LISTS[header]
    if (list !== undefined) for (const place of list(value, UNNAMED)) note(place, place.value)
    const place = placeOf(header)
    if (place !== undefined) note(place, value)
  }
  return [...buckets]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .filter(([name, fields]) => name !== SUBSCRIPTION || endsSubscription(fields))
    .map(([name, fields]) => readBucket(name, fields))
}

/** Does it tell when a subscription that is used up may be used again? What is left of it is told by its windows. */
function endsSubscription(fields: ReadonlyMap<string, string>): boolean {
  return fields.get('status') === 'rejected' && fields.has('reset')
}

/** A server that counts only one thing needs no name for it. */
const UNNAMED = 'requests'

/** Which bucket a header is about, and what it tells of it. */
interface Place {
  readonly bucket: string
  readonly field: string
}

/** The IETF's one field for all buckets, and its policy, are lists; every other header is about one bucket. */
const LISTS: Readonly<Record<string, typeof rateLimitsIn>> = Object.assign(Object.create(null), {
  ratelimit: rateLimitsIn,
  'ratelimit-policy': policiesIn,
})

/** `x-ratelimit-remaining-tokens` and `anthropic-ratelimit-tokens-remaining` both belong to `tokens`. */
function placeOf(header: string): Place | undefined {
  if (header.startsWith(ANTHROPIC_PREFIX)) {
    const [, bucket, field] = ANTHROPIC_REST.exec(header.slice(ANTHROPIC_PREFIX.length)) ?? []
    return bucket === undefined || field === undefined ? undefined : { bucket, field }
  }
  if (header.startsWith(CODEX_PREFIX)) {
    const [, bucket, field] = CODEX_REST.exec(header.slice(CODEX_PREFIX.length)) ?? []
    return bucket === undefined || field === undefined ? undefined : { bucket: `codex-${bucket}`, field }
  }
  for (const prefix of OPENAI_PREFIXES) {
    if (!header.startsWith(prefix)) continue
    const field = OPENAI_FIELDS.find((field) => header.startsWith(field, prefix.length))
    if (field === undefined) return undefined
    const rest = header.slice(prefix.length + field.length)
    if (rest === '') return { bucket: UNNAMED, field }
    return rest.startsWith('-') && rest.length <= MAX_NAME_LENGTH ? { bucket: rest.slice(1), field } : undefined
  }
  return undefined
}

function readBucket(name: string, fields: ReadonlyMap<string, string>): BucketReading {
  if (name === SUBSCRIPTION || name.startsWith(`${SUBSCRIPTION}-`)) return readUnified(name, fields)
  if (name.startsWith('codex-')) return readCodex(name, fields)
  const reset = fields.get('reset')
  const seconds = amount(fields.get('window'))
  return bucketOf(name, {
    limit: amount(fields.get('limit')),
    remaining: amount(fields.get('remaining')),
    reset: reset === undefined ? undefined : parseMoment(reset),
    windowMs: seconds === undefined ? undefined : seconds * 1_000,
  })
}

/** A window of a subscription: it tells the share that is used; the bucket counts shares, so it holds 1. */
function readUnified(name: string, fields: ReadonlyMap<string, string>): BucketReading {
  const used = amount(fields.get('utilization'))
  const left = used === undefined ? undefined : Math.max(0, 1 - used)
  const reset = amount(fields.get('reset'))
  return bucketOf(name, {
    limit: 1,
    remaining: fields.get('status') === 'rejected' ? 0 : left,
    reset: reset === undefined ? undefined : momentOfSeconds(reset),
  })
}

/** A window of a ChatGPT plan, in per cent: https://github.com/openai/codex. The bucket counts shares here, too. */
function readCodex(name: string, fields: ReadonlyMap<string, string>): BucketReading {
  const used = amount(fields.get('used-percent'))
  const after = amount(fields.get('reset-after-seconds'))
  const at = amount(fields.get('reset-at'))
  const minutes = amount(fields.get('window-minutes'))
  return bucketOf(name, {
    limit: 1,
    remaining: used === undefined ? undefined : Math.max(0, (100 - used) / 100),
    reset: after !== undefined ? { afterMs: after * 1_000 } : at === undefined ? undefined : momentOfSeconds(at),
    windowMs: minutes === undefined ? undefined : minutes * MINUTE_MS,
  })
}

/** Absent fields are left out. */
function bucketOf(
  name: string,
  fields: { readonly [K in keyof Omit<BucketReading, 'name'>]: BucketReading[K] | undefined },
): BucketReading {
  const bucket: { -readonly [K in keyof BucketReading]: BucketReading[K] } = { name }
  if (fields.limit !== undefined) bucket.limit = fields.limit
  if (fields.remaining !== undefined) bucket.remaining = fields.remaining
  if (fields.reset !== undefined) bucket.reset = fields.reset
  if (fields.windowMs !== undefined) bucket.windowMs = fields.windowMs
  return bucket
}

/** A count as headers write it, with commas between the thousands or without. */
function amount(value: string | undefined): number | undefined {
  // Whoever counts on under zero has none left.
  if (value !== undefined && /^-\d{1,15}$/.test(value)) return 0
  return value !== undefined && /^\d{1,15}(?:,\d{3}){0,4}(?:\.\d{1,15})?$/.test(value)
    ? Number(value.replaceAll(',', ''))
    : undefined
}

function windowOf(provider: string | undefined, bucket: string): number | undefined {
  const windows = typeof provider === 'string' && Object.hasOwn(WINDOWS_MS, provider) ? WINDOWS_MS[provider] : undefined
  return windows !== undefined && Object.hasOwn(windows, bucket) ? windows[bucket] : undefined
}
