import type { Evidence } from './evidence.ts'
import { withoutInvisible } from './invisible.ts'
import { durationAt, instantOf, type Moment, momentOfSeconds, msUntil, parseDate, parseMoment } from './moment.ts'
import { preambleOf } from './preamble.ts'
import { type BucketReading, SUBSCRIPTION } from './quota.ts'
import type { SpokenPhrases } from './spoken-phrases.ts'
import {
  CHINESE_CUES,
  CLIENT_CUES,
  DATE_CUES,
  DURATION_CUES,
  END_CUES,
  FIELD_CUES,
  isBarredUntil,
  WINDOW_CUES,
} from './wait-cues.ts'
import { leadsToQuotation } from './wording.ts'

/** When to come back, as a failure reports it. */
export interface Hint {
  readonly retryAfterMs?: number
  readonly resetAt?: number
}

/** The longest wait that is believed: 31 days, a monthly allowance at worst. */
export const MAX_HINT_MS = 31 * 86_400_000

const FILLERS = ['for ', 'about ', 'another ', 'at least ', 'approximately ', 'between ', '~'] as const
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
  return (
    longestIn(headers.get('retry-after-ms'), millisecondsIn, nowMs) ??
    longestIn(headers.get('retry-after'), parseMoment, nowMs)
  )
}

/** The end of the empty bucket; of several empty ones the later, since all of them refuse. */
export function readEmptyBucket(buckets: readonly BucketReading[], evidence: Evidence): Moment | undefined {
  const nowMs = referenceOf(evidence)
  const [only] = buckets
  // Who tells only when it is full again counts nothing else.
  if (buckets.length === 1 && only?.remaining === undefined) return usable(only?.reset, nowMs)
  // Where a subscription names one end, it has judged its windows itself.
  const isJudged = buckets.some(
    ({ name, remaining, reset }) => name === SUBSCRIPTION && remaining === 0 && usable(reset, nowMs) !== undefined,
  )
  let latest: Moment | undefined
  for (const { name, remaining, reset } of buckets) {
    const counts = remaining === 0 && !(isJudged && name.startsWith(`${SUBSCRIPTION}-`))
    const moment = counts ? usable(reset, nowMs) : undefined
    if (moment !== undefined && (latest === undefined || isLater(moment, latest, nowMs))) latest = moment
  }
  return latest
}

/** Ties a moment to the present: whole milliseconds, at least 1, at most 31 days. */
export function hintOf(moment: Moment | undefined, evidence: Evidence): Hint {
  if (moment === undefined) return {}
  const waitMs = msUntil(moment, referenceOf(evidence))
  if (waitMs === undefined) return resetAtOf(moment, undefined)
  const retryAfterMs = Math.min(Math.ceil(waitMs), MAX_HINT_MS)
  return { retryAfterMs, ...resetAtOf({ afterMs: retryAfterMs }, evidence.nowMs ?? evidence.sentAt) }
}

function resetAtOf(moment: Moment, nowMs: number | undefined): Hint {
  const resetAt = instantOf(moment, nowMs)
  return resetAt === undefined ? {} : { resetAt }
}

/**
 * Is the request alone larger than the limit (`Limit 6000, Requested 12328`)? Then it never fits, however long it waits.
 * Groq's `Rate limit reached for …: Limit 7000, Requested ~12903` states a wait, too, and that is believed.
 */
export function exceedsLimit(text: string): boolean {
  const limit = amountAfter(text, 'limit')
  const requested = limit === undefined ? undefined : amountAfter(text, 'requested')
  if (limit === undefined || requested === undefined) return false
  // So many tokens are neither more nor less than so many requests.
  const isComparable = limit.unit === undefined || requested.unit === undefined || limit.unit === requested.unit
  return isComparable && requested.count > limit.count
}

/** The sender's clock first: against ours its dates would be wrong by the difference of the two. */
function referenceOf({ sentAt, nowMs }: Evidence): number | undefined {
  return sentAt ?? nowMs
}

/** How much of a header is looked at, and how many values of a list. */
const MAX_LIST_LENGTH = 512
const MAX_LIST_ITEMS = 16

/** Between the values of a list; the comma behind a weekday belongs to its date. */
const LIST_COMMA = /(?<!(?:mon|tue|wed|thu|fri|sat|sun)(?:|day|sday|nesday|rsday|urday)),/i

/**
 * The wait that a header names: in RFC 9110 §10.2.3 seconds or a date; fractions and units occur. Of several values, which
 * proxies join, the longest counts.
 */
function longestIn(
  value: string | undefined,
  parse: (item: string) => Moment | undefined,
  nowMs: number | undefined,
): Moment | undefined {
  if (value === undefined) return undefined
  let longest: Moment | undefined
  for (const item of value.slice(0, MAX_LIST_LENGTH).split(LIST_COMMA, MAX_LIST_ITEMS)) {
    const moment = usable(parse(item.trim()), nowMs)
    if (moment !== undefined && (longest === undefined || isLater(moment, longest, nowMs))) longest = moment
  }
  return longest
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

/** A number of milliseconds, unless it names a unit itself. */
function millisecondsIn(value: unknown): Moment | undefined {
  if (typeof value === 'number') return value > 0 ? { afterMs: value } : undefined
  if (typeof value !== 'string') return undefined
  const text = withoutInvisible(value).trim().toLowerCase()
  return text.length <= 40 && /^\d[\d.,a-z ]*$/.test(text) ? momentAt(text, 0, 1) : undefined
}

function momentOfField(value: unknown): Moment | undefined {
  if (typeof value === 'number') return value > 0 ? momentOfSeconds(value) : undefined
  return typeof value === 'string' ? parseMoment(withoutInvisible(value).trim()) : undefined
}

function readWords({ statements }: Evidence, phrases: SpokenPhrases, nowMs: number | undefined): SpokenWaits {
  let clientWords: Moment | undefined
  for (const statement of statements) {
    if (!/\d/.test(statement.message)) continue
    const text = withoutInvisible(statement.text)
    // What a client library says of its own pauses stands before the words.
    const spoken = { text, found: phrases.in(text), from: preambleOf(text).length }
    const words =
      firstAfter(spoken, FIELD_CUES, fieldAt, nowMs) ??
      firstAfter(spoken, DATE_CUES, dateAt, nowMs) ??
      firstAfter(spoken, END_CUES, endAt, nowMs) ??
      firstAfter(spoken, DURATION_CUES, waitAt, nowMs) ??
      firstAfter(spoken, CHINESE_CUES, chineseWaitAt, nowMs) ??
      firstAfter(spoken, WINDOW_CUES, dateAt, nowMs) ??
      usable(fieldInWords(statement.message), nowMs)
    if (words !== undefined) return { words, clientWords }
    clientWords ??= firstAfter(spoken, CLIENT_CUES, waitAt, nowMs)
  }
  return { words: undefined, clientWords }
}

/** `30 秒后重试`: something within a time (`5 分钟内`) is no wait. */
const CHINESE_WAIT = / ?(\d{1,9}) ?(秒钟?|分钟?|小时|天)(?:之?后|再)/y
const CHINESE_UNITS_MS: Readonly<Record<string, number>> = { 秒: 1_000, 分: 60_000, 小: 3_600_000, 天: 86_400_000 }

function chineseWaitAt(text: string, from: number): Moment | undefined {
  CHINESE_WAIT.lastIndex = from
  const [, count, unit] = CHINESE_WAIT.exec(text) ?? []
  const unitMs = unit === undefined ? undefined : CHINESE_UNITS_MS[unit[0] ?? '']
  return unitMs === undefined ? undefined : { afterMs: Number(count) * unitMs }
}

/** How much of a message is looked at for a part of a body, and how many of the fields in it. */
const MAX_REST_LENGTH = 2_048
const MAX_REST_FIELDS = 4

/** A field or header in quotation marks, its name or its value. */
const QUOTED_FIELD =
  /["']?\b(?:estimated_time|retrydelay|retry[-_]?after(?:[-_]?(?:(ms)|seconds))?)["']?\s{0,4}[:=]\s{0,4}["']?(?=\d)/g

/** A field of a body of which only a part is left. What stands in a quotation is the request's. */
function fieldInWords(message: string): Moment | undefined {
  const rest = withoutInvisible(message.slice(0, MAX_REST_LENGTH)).toLowerCase()
  let count = 0
  for (const field of rest.matchAll(QUOTED_FIELD)) {
    if (!leadsToQuotation(rest.slice(0, field.index)))
      return momentAt(rest, field.index + field[0].length, field[1] === undefined ? 1_000 : 1)
    count += 1
    if (count === MAX_REST_FIELDS) break
  }
  return undefined
}

/** A text in which waits are looked for. */
interface Spoken {
  readonly text: string
  /** The phrases in it, each with the place where it stands first. */
  readonly found: ReadonlyMap<string, number>
  /** Where its words begin. */
  readonly from: number
}

function firstAfter(
  { text, found, from }: Spoken,
  cues: readonly string[],
  read: (text: string, from: number) => Moment | undefined,
  nowMs: number | undefined,
): Moment | undefined {
  for (const cue of cues) {
    const first = found.get(cue)
    if (first === undefined) continue
    for (let at = text.indexOf(cue, Math.max(first, from)); at >= 0; at = text.indexOf(cue, at + cue.length)) {
      const moment = usable(read(text, at + cue.length), nowMs)
      if (moment !== undefined) return moment
    }
  }
  return undefined
}

/** What follows the name of a field or header in a text: the unit that it is in, and what parts it from its value. */
const FIELD_REST = /(?:[-_ ]?(?:(ms|milliseconds)|seconds|secs|sec|s)\b)?(?: header)? {0,2}[:=] {0,2}/y

function fieldAt(text: string, from: number): Moment | undefined {
  FIELD_REST.lastIndex = from
  const rest = FIELD_REST.exec(text)
  if (rest === null) return undefined
  const valueAt = from + rest[0].length
  return dateAt(text, valueAt) ?? momentAt(text, valueAt, rest[1] === undefined ? 1_000 : 1)
}

/** The moment a number names that has only a unit beside it, or else its field's. */
function momentAt(text: string, from: number, bareUnitMs: number): Moment | undefined {
  const afterMs = durationAt(text, from, bareUnitMs)
  if (afterMs === undefined) return undefined
  const moment = momentOfSeconds(afterMs / 1_000)
  // As it was said, where it is no point of time: a division may have left a fraction.
  return moment !== undefined && 'at' in moment ? moment : { afterMs }
}

/** A date as RFC 3339 or RFC 9110 §5.6.7 has it, in lower case. */
const DATE_BEGINNING = /^(?:\d{4}-|[a-z]{3,9}, \d{1,2} [a-z]{3} \d{4} [\d:]{8} (?:gmt|utc))/

function dateAt(text: string, from: number): Moment | undefined {
  // Of what follows only the date matters; the slice is as long as the longest of them.
  const rest = text.slice(from, from + 40)
  const beginning = DATE_BEGINNING.exec(rest)?.[0]
  if (beginning === undefined) return undefined
  const at = parseDate(beginning.length > 5 ? beginning : rest)
  return at === undefined ? undefined : { at }
}

function endAt(text: string, from: number): Moment | undefined {
  const moment = dateAt(text, from)
  return moment !== undefined && isBarredUntil(text, from - 'until '.length) ? moment : undefined
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
  if ('at' in moment && 'at' in other) return moment.at > other.at
  return (msUntil(moment, nowMs) ?? 0) > (msUntil(other, nowMs) ?? 0)
}

/** A count as words have it. */
interface Amount {
  readonly count: number
  readonly unit: string | undefined
}

/** `6000`, `6,000`, `12.3k`, `3 requests`; not `7b` or `5ms`. */
const AMOUNT = /[~: ]{0,2}(\d{1,15}(?:,\d{3}){0,4}(?:\.\d{1,15})?)([km]?)(?!\w|[.,]\d)(?: (request|token))?/y

const FACTORS: ReadonlyMap<string | undefined, number> = new Map([
  ['k', 1e3],
  ['m', 1e6],
])

/** What stands behind the first of these words. */
function amountAfter(text: string, cue: string): Amount | undefined {
  const at = text.indexOf(cue)
  if (at < 0) return undefined
  AMOUNT.lastIndex = at + cue.length
  const [, digits, suffix, unit] = AMOUNT.exec(text) ?? []
  if (digits === undefined) return undefined
  return { count: Number(digits.replaceAll(',', '')) * (FACTORS.get(suffix) ?? 1), unit }
}
