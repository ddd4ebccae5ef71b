import type { Evidence } from './evidence.ts'
import type { HeaderMap } from './headers.ts'
import { durationAt, instantOf, type Moment, momentOfSeconds, msUntil, parseDate, parseMoment } from './moment.ts'
import { preambleOf } from './preamble.ts'
import type { BucketReading } from './quota.ts'
import type { SpokenPhrases } from './spoken-phrases.ts'
import { CLIENT_CUES, DATE_CUES, DURATION_CUES } from './wait-cues.ts'

/** When to come back, as a failure reports it. */
export interface Hint {
  readonly retryAfterMs?: number
  readonly resetAt?: number
}

/** The longest wait that is believed: 31 days, a monthly allowance at worst. */
export const MAX_HINT_MS = 31 * 86_400_000

const FILLERS = ['for ', 'about ', 'another ', 'at least ', 'approximately '] as const
/**
 * When the answer says to come back. Zero, negative and unreadable waits are passed over. Each source is read once, and only
 * when it is asked for: most verdicts need none of them.
 */
export class StatedWaits {
  readonly #evidence: Evidence
  readonly #phrases: SpokenPhrases
  #header: { readonly moment: Moment | undefined } | undefined
  #words: SpokenWaits | undefined

  constructor(evidence: Evidence, phrases: SpokenPhrases) {
    this.#evidence = evidence
    this.#phrases = phrases
  }

  /** Does it say so anywhere? What a client library says of its own pauses does not count. */
  get isStated(): boolean {
    return this.field !== undefined || this.words !== undefined
  }

  /** In a field: `retry-after-ms`, then `retry-after`, then the body's own. */
  get field(): Moment | undefined {
    this.#header ??= { moment: headerWait(this.#evidence) }
    return this.#header.moment ?? this.#bodyField()
  }

  /** In words. */
  get words(): Moment | undefined {
    return this.#spoken().words
  }

  /** In the words of a client library, which may have read a header, or have a pace of its own. */
  get clientWords(): Moment | undefined {
    return this.#spoken().clientWords
  }

  #bodyField(): Moment | undefined {
    const field = usable(readFields(this.#evidence), referenceOf(this.#evidence))
    return field === undefined ? undefined : finer(field, this.words)
  }

  #spoken(): SpokenWaits {
    this.#words ??= readWords(this.#evidence, this.#phrases, referenceOf(this.#evidence))
    return this.#words
  }
}

interface SpokenWaits {
  readonly words: Moment | undefined
  readonly clientWords: Moment | undefined
}

function headerWait(evidence: Evidence): Moment | undefined {
  const { headers } = evidence
  if (headers.size === 0) return undefined
  const nowMs = referenceOf(evidence)
  return usable(readMilliseconds(headers), nowMs) ?? usable(readRetryAfter(headers), nowMs)
}

/** The end of the empty bucket; of several empty ones the later, since all of them refuse. */
export function readEmptyBucket(buckets: readonly BucketReading[], evidence: Evidence): Moment | undefined {
  const nowMs = referenceOf(evidence)
  const [only] = buckets
  // Who tells only when it is full again counts nothing else.
  if (buckets.length === 1 && only?.remaining === undefined) return usable(only?.reset, nowMs)
  let latest: Moment | undefined
  for (const { remaining, reset } of buckets) {
    const moment = remaining === 0 ? usable(reset, nowMs) : undefined
    if (moment !== undefined && (latest === undefined || isLater(moment, latest, nowMs))) latest = moment
  }
  return latest
}

/** Ties a moment to the present: whole milliseconds, at least 1, at most 31 days. */
export function hintOf(moment: Moment | undefined, evidence: Evidence): Hint {
  if (moment === undefined) return {}
  const waitMs = msUntil(moment, referenceOf(evidence))
  if (waitMs === undefined) return { resetAt: Math.ceil(instantOf(moment, undefined) ?? 0) }
  const retryAfterMs = Math.min(Math.ceil(waitMs), MAX_HINT_MS)
  const resetAt = instantOf({ afterMs: retryAfterMs }, evidence.nowMs ?? evidence.sentAt)
  return { retryAfterMs, ...(resetAt !== undefined && { resetAt }) }
}

/**
 * Is the request alone larger than the limit (`Limit 6000, Requested 12328`)? Then it never fits, however long it waits.
 */
export function exceedsLimit(text: string): boolean {
  const limit = numberAfter(text, 'limit')
  const requested = numberAfter(text, 'requested')
  return limit !== undefined && requested !== undefined && requested > limit
}

/** The sender's clock first: against ours its dates would be wrong by the difference of the two. */
function referenceOf({ sentAt, nowMs }: Evidence): number | undefined {
  return sentAt ?? nowMs
}

function readMilliseconds(headers: HeaderMap): Moment | undefined {
  const value = headers.get('retry-after-ms')
  return value !== undefined && /^\d{1,15}(?:\.\d{1,15})?$/.test(value) ? { afterMs: Number(value) } : undefined
}

/** RFC 9110 §10.2.3: seconds or a date; fractions and units occur. */
function readRetryAfter(headers: HeaderMap): Moment | undefined {
  const value = headers.get('retry-after')
  return value === undefined ? undefined : parseMoment(value)
}

function readFields({ statements }: Evidence): Moment | undefined {
  for (const { fields } of statements) {
    for (const { name, value } of fields.flatMap(({ waits }) => waits)) {
      const moment = name === 'retry_after_ms' ? millisecondsIn(value) : momentOfField(value)
      if (moment !== undefined) return moment
    }
  }
  return undefined
}

function millisecondsIn(value: unknown): Moment | undefined {
  return typeof value === 'number' && value > 0 ? { afterMs: value } : undefined
}

function momentOfField(value: unknown): Moment | undefined {
  if (typeof value === 'number') return value > 0 ? momentOfSeconds(value) : undefined
  return typeof value === 'string' ? parseMoment(value) : undefined
}

function readWords({ statements }: Evidence, phrases: SpokenPhrases, nowMs: number | undefined): SpokenWaits {
  let clientWords: Moment | undefined
  for (const { text, message } of statements) {
    if (!/\d/.test(message)) continue
    const found = phrases.in(text)
    const words =
      firstAfter(text, found, DATE_CUES, dateAt, nowMs) ??
      firstAfter(text, found, DURATION_CUES, waitAt, nowMs) ??
      fieldInWords(message)
    if (words !== undefined) return { words, clientWords }
    clientWords ??= firstAfter(text, found, CLIENT_CUES, waitAt, nowMs)
  }
  return { words: undefined, clientWords }
}

/** A field of a body of which only a part is left. */
function fieldInWords(message: string): Moment | undefined {
  const seconds = /"estimated_time"\s{0,4}:\s{0,4}(\d{1,9}(?:\.\d{1,15})?)/.exec(message.slice(0, 2_048))?.[1]
  return seconds === undefined ? undefined : momentOfSeconds(Number(seconds))
}

function firstAfter(
  text: string,
  found: ReadonlyMap<string, number>,
  cues: readonly string[],
  read: (text: string, from: number) => Moment | undefined,
  nowMs: number | undefined,
): Moment | undefined {
  for (const cue of cues) {
    const first = found.get(cue)
    if (first === undefined) continue
    // What a client library says of its own pauses stands before the words.
    const from = preambleOf(text).length
    for (let at = text.indexOf(cue, Math.max(first, from)); at >= 0; at = text.indexOf(cue, at + cue.length)) {
      const moment = usable(read(text, at + cue.length), nowMs)
      if (moment !== undefined) return moment
    }
  }
  return undefined
}

function dateAt(text: string, from: number): Moment | undefined {
  // Of what follows only the date matters; the slice is as long as the longest of them.
  const at = /^\d{4}-/.test(text.slice(from, from + 5)) ? parseDate(text.slice(from, from + 40)) : undefined
  return at === undefined ? undefined : { at }
}

function waitAt(text: string, from: number): Moment | undefined {
  const filler = FILLERS.find((word) => text.startsWith(word, from))
  const afterMs = durationAt(text, from + (filler?.length ?? 0))
  return afterMs === undefined ? undefined : { afterMs }
}

/** A moment that lies ahead, as far as can be told. */
function usable(moment: Moment | undefined, nowMs: number | undefined): Moment | undefined {
  if (moment === undefined) return undefined
  const waitMs = msUntil(moment, nowMs)
  return waitMs === undefined || waitMs > 0 ? moment : undefined
}

/** The words, where the field is only their whole seconds: coming back a fraction early costs another refusal. */
function finer(field: Moment, words: Moment | undefined): Moment {
  if (words === undefined || !('afterMs' in field && 'afterMs' in words)) return field
  const moreMs = words.afterMs - field.afterMs
  return moreMs > 0 && moreMs < 1_000 ? words : field
}

function isLater(moment: Moment, other: Moment, nowMs: number | undefined): boolean {
  return (msUntil(moment, nowMs) ?? 0) > (msUntil(other, nowMs) ?? 0)
}

function numberAfter(text: string, cue: string): number | undefined {
  const at = text.indexOf(cue)
  const digits =
    at < 0
      ? undefined
      : /^[~: ]{0,2}(\d{1,15}(?:,\d{3}){0,4})/.exec(text.slice(at + cue.length, at + cue.length + 40))?.[1]
  return digits === undefined ? undefined : Number(digits.replaceAll(',', ''))
}
