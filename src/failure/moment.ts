/** When something ends, as it was said: so many milliseconds from the answer on, or at a point of time (epoch milliseconds). */
export type Moment = { readonly afterMs: number } | { readonly at: number }

/** Milliseconds in each unit a provider may write. */
const UNITS: ReadonlyMap<string, number> = new Map([
  ['milliseconds', 1],
  ['millisecond', 1],
  ['ms', 1],
  ['seconds', 1_000],
  ['second', 1_000],
  ['secs', 1_000],
  ['sec', 1_000],
  ['s', 1_000],
  ['minutes', 60_000],
  ['minute', 60_000],
  ['mins', 60_000],
  ['min', 60_000],
  ['m', 60_000],
  ['hours', 3_600_000],
  ['hour', 3_600_000],
  ['hrs', 3_600_000],
  ['hr', 3_600_000],
  ['h', 3_600_000],
  ['days', 86_400_000],
  ['day', 86_400_000],
  ['d', 86_400_000],
  ['weeks', 604_800_000],
  ['week', 604_800_000],
  ['wks', 604_800_000],
  ['wk', 604_800_000],
  ['w', 604_800_000],
])

/**
 * A number of at most 15 digits on each side of the point, so that reading one takes bounded time; with commas between the
 * thousands or without.
 */
const NUMBER = /(?:\d{1,3}(?:,\d{3}){1,4}(?!\d)|\d{1,15})(?:\.\d{1,15})?/y

/** How many parts a duration has at most: `1w2d3h4m5s`. */
const MAX_DURATION_PARTS = 5

/** What stands between the two ends of a range: `1-2 minutes`, `30s – 1m`, `1 to 2 minutes`, `between 1 and 2 minutes`. */
const RANGE = / {0,2}(?:[-–—~]| to | and ) {0,2}(?=\d)/y

/** After a number: a date, a time of day, a fraction as others write it. */
const OTHER_NUMBER = /[-,.:/]\d/y

/** No duration is this long, but an epoch in seconds is (2001 to 5138). */
const MIN_EPOCH_S = 1e9
/** Nor is an epoch in seconds this large; one in milliseconds is. */
const MIN_EPOCH_MS = 1e11

/**
 * The duration that begins at `from` in lower-case text: `7.66s`, `644ms`, `1m26.4s`, `541 hours 28 minutes`, of a range
 * the longer end. `undefined` where no number stands there, or one that counts something else.
 *
 * @param bareUnitMs what a number without a unit counts; seconds, as in `retry-after`, where nothing else is said
 */
export function durationAt(text: string, from: number, bareUnitMs = 1_000): number | undefined {
  const first = spanAt(text, from, bareUnitMs)
  if (first === undefined) return undefined
  const second = rangeEndAt(text, first, bareUnitMs)
  // The first end of `1-2 minutes` has no unit of its own.
  if (second !== undefined) return first.hasUnit ? Math.max(first.ms, second.ms) : second.ms
  return countsOther(text, first) ? undefined : first.ms
}

interface Unit {
  readonly ms: number
  /** Of its spelling, in characters. */
  readonly length: number
}

/** A duration as it stands in a text. */
interface Span {
  readonly ms: number
  readonly hasUnit: boolean
  /** Where it ends. */
  readonly end: number
}

function spanAt(text: string, from: number, bareUnitMs: number): Span | undefined {
  let position = from
  let span: Span | undefined
  let smallestMs = Number.POSITIVE_INFINITY
  for (let part = 0; part < MAX_DURATION_PARTS; part += 1) {
    NUMBER.lastIndex = position
    const digits = NUMBER.exec(text)?.[0]
    if (digits === undefined) break
    const afterDigits = position + digits.length
    // Longer than any sane number: its beginning is not the number that was meant.
    if (isDigitAt(text, afterDigits)) break
    const count = Number(digits.includes(',') ? digits.replaceAll(',', '') : digits)
    const afterNumber = skipSpaces(text, afterDigits)
    const unit = unitAt(text, afterNumber)
    if (unit === undefined) return span ?? { ms: count * bareUnitMs, hasUnit: false, end: afterDigits }
    // Parts become smaller; what does not is another duration.
    if (unit.ms >= smallestMs) break
    smallestMs = unit.ms
    span = { ms: (span?.ms ?? 0) + count * unit.ms, hasUnit: true, end: afterNumber + unit.length }
    position = skipJoint(text, span.end)
  }
  return span
}

/** The other end of a range that begins with this. */
function rangeEndAt(text: string, first: Span, bareUnitMs: number): Span | undefined {
  RANGE.lastIndex = first.end
  if (!RANGE.test(text)) return undefined
  const second = spanAt(text, RANGE.lastIndex, bareUnitMs)
  if (second === undefined || countsOther(text, second)) return undefined
  return second.hasUnit || !first.hasUnit ? second : undefined
}

/** Is it a number of something else: `5 sessions`, `2026-10-21`, `10:30`? */
function countsOther(text: string, { hasUnit, end }: Span): boolean {
  if (hasUnit) return false
  OTHER_NUMBER.lastIndex = end
  return OTHER_NUMBER.test(text) || isWordAt(text, skipSpaces(text, end))
}

/** Commas between thousands; those of a list have a blank behind them. */
const THOUSANDS = /(?<=\d),(?=\d{3}(?!\d))/g

/** A value that is a duration and nothing else, as reset headers and `retryDelay` have it. */
function parseDuration(value: string): number | undefined {
  if (value.length > 40) return undefined
  const text = value.trim().toLowerCase().replace(THOUSANDS, '')
  return /^[\d.a-z ]+$/.test(text) ? durationAt(text, 0) : undefined
}

/**
 * A point of time, epoch milliseconds: an HTTP date (RFC 9110 §5.6.7) or RFC 3339 with or without its zone (UTC then).
 * Anything else is `undefined`: `Date.parse` alone would make a year of a bare number.
 */
export function parseDate(value: string): number | undefined {
  const text = value.trim()
  if (text.length > 40) return undefined
  if (/^[a-z]{3,9}, .*(?:GMT|UTC)$/i.test(text)) return finite(Date.parse(text))
  const iso =
    /^(\d{4}-\d{2}-\d{2})(?:(?:t| at | )(\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?) ?(z|utc|gmt|[+-]\d{2}:?\d{2})?)?/i.exec(
      text,
    )
  if (iso?.[1] === undefined) return undefined
  if (iso[2] === undefined) return finite(Date.parse(`${iso[1]}T00:00:00Z`))
  const zone = iso[3] !== undefined && /^[+-]/.test(iso[3]) ? iso[3] : 'Z'
  return finite(Date.parse(`${iso[1]}T${iso[2]}${zone}`))
}

/** The moment a reset value names: a duration, seconds, an epoch in seconds or milliseconds, or a date. */
export function parseMoment(value: string): Moment | undefined {
  const number = /^\d{1,15}(?:\.\d{0,15})?$/.test(value) ? Number(value) : undefined
  if (number !== undefined) return momentOfSeconds(number)
  const afterMs = parseDuration(value)
  if (afterMs !== undefined) return { afterMs }
  const at = parseDate(value)
  return at === undefined ? undefined : { at }
}

/** The moment a number of seconds names: an epoch where it is too large to be a wait. */
export function momentOfSeconds(seconds: number): Moment | undefined {
  if (!Number.isFinite(seconds) || seconds < 0) return undefined
  if (seconds >= MIN_EPOCH_MS) return isDate(seconds) ? { at: seconds } : undefined
  return seconds >= MIN_EPOCH_S ? { at: seconds * 1_000 } : { afterMs: seconds * 1_000 }
}

/** Milliseconds from now until then; `undefined` where that takes a present nobody told. */
export function msUntil(moment: Moment, nowMs: number | undefined): number | undefined {
  if ('afterMs' in moment) return moment.afterMs
  return nowMs === undefined ? undefined : moment.at - nowMs
}

/** The point of time, epoch milliseconds; `undefined` where that takes a present nobody told, or no date is so late. */
export function instantOf(moment: Moment, nowMs: number | undefined): number | undefined {
  if ('afterMs' in moment && nowMs === undefined) return undefined
  const at = Math.ceil('at' in moment ? moment.at : (nowMs ?? 0) + moment.afterMs)
  return isDate(at) ? at : undefined
}

/** The last moment a `Date` can hold: https://tc39.es/ecma262/#sec-time-values-and-time-range */
const LAST_DATE_MS = 8.64e15

/** Can it be a moment since 1970? */
function isDate(ms: number): boolean {
  return ms >= 0 && ms <= LAST_DATE_MS
}

const WORD = /[a-z]{1,20}/y

/** The unit that stands there as a whole word: `5 sessions` is no duration; `1m26s` goes on with a digit. */
function unitAt(text: string, from: number): Unit | undefined {
  WORD.lastIndex = from
  const word = WORD.exec(text)?.[0]
  const ms = word === undefined ? undefined : UNITS.get(word)
  return word === undefined || ms === undefined ? undefined : { ms, length: word.length }
}

function isWordAt(text: string, position: number): boolean {
  const code = text.charCodeAt(position)
  return code >= 97 && code <= 122
}

function isDigitAt(text: string, position: number): boolean {
  const code = text.charCodeAt(position)
  return code >= 48 && code <= 57
}

function skipSpaces(text: string, from: number): number {
  let position = from
  while (position < from + 2 && text[position] === ' ') position += 1
  return position
}

/** From the end of one part to the next: `2 hours, 5 minutes`, `2 hours and 5 minutes`. */
function skipJoint(text: string, from: number): number {
  const position = skipSpaces(text, text[from] === ',' ? from + 1 : from)
  return text.startsWith('and ', position) ? position + 4 : position
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined
}
