import { SseEventReader } from '../stream/index.ts'
import { jsonObjectIn, parseLiteral } from './literal.ts'

/** What a stream that was written down holds. */
interface StreamText {
  /** The payloads that are JSON, in their order. */
  readonly events: readonly unknown[]
  /** The JSON that stands beside the events: a bare error. */
  readonly leftover: unknown
  /** Some were left out, because there are so many or because too many of them are no JSON. */
  readonly isCut: boolean
}

/** How many events are looked at: those of the smallest kind that are sent in 4 MiB. */
const MAX_EVENTS = 65_536
/** Of more, a quarter is taken from the beginning and the rest from the end. */
const MAX_FIRST_EVENTS = MAX_EVENTS / 4
/** How many may be no JSON. To find that out costs more than to read one, and no answer has more than a few. */
const MAX_UNREADABLE = 1_000

/** Lines of server-sent events: fields, or a comment; a byte order mark may stand before the first. */
const EVENT_LINE = /^\ufeff?(?:data|event|id|retry)?:/

/** Is it a stream written down: server-sent events, or lines of JSON? */
export function isEventText(text: string): boolean {
  return EVENT_LINE.test(text) || linesOfJson(text) !== undefined
}

/** Reads a stream that is all there. Events that are no JSON are left out: they were cut, or marks of an end. */
export function readEventText(text: string): StreamText {
  const lines = EVENT_LINE.test(text) ? undefined : linesOfJson(text)
  return lines === undefined ? readServerSent(text) : { ...readEvents(lines, jsonObjectIn), leftover: undefined }
}

/** What a stream's lines that belong to no event say: JSON, also as the field `error` (llama.cpp until 2025). */
export function leftoverJson(leftovers: string): unknown {
  const text = leftovers.trim()
  const json = text.startsWith('error:') ? text.slice('error:'.length).trim() : text
  const value = jsonObjectIn(json)
  return value !== undefined && json !== text ? { error: value } : value
}

function readServerSent(text: string): StreamText {
  const reader = new SseEventReader()
  const events: string[] = []
  for (const block of text.replaceAll(/\r\n?/g, '\n').split('\n\n')) {
    const event = reader.readText(block)
    if (event !== undefined) events.push(event.data)
  }
  return { ...readEvents(events, eventIn), leftover: leftoverJson(reader.leftovers) }
}

function readEvents(
  payloads: readonly string[],
  read: (payload: string) => object | undefined,
): Omit<StreamText, 'leftover'> {
  const isLong = payloads.length > MAX_EVENTS
  const chosen = isLong
    ? [...payloads.slice(0, MAX_FIRST_EVENTS), ...payloads.slice(MAX_FIRST_EVENTS - MAX_EVENTS)]
    : payloads
  const events: unknown[] = []
  let unreadable = 0
  for (const payload of chosen) {
    if (unreadable > MAX_UNREADABLE) return { events, isCut: true }
    const event = read(payload)
    if (event !== undefined) events.push(event)
    else if (payload.trim() !== '') unreadable += 1
  }
  return { events, isCut: isLong }
}

/** An event's payload; of an error that was cut short, as far as it goes. */
function eventIn(payload: string): object | undefined {
  const event = jsonObjectIn(payload)
  if (event !== undefined || !payload.includes('"error"')) return event
  const cut = parseLiteral(payload, 0)?.value
  return typeof cut === 'object' && cut !== null ? cut : undefined
}

/** The lines, where the first of several is a JSON object: NDJSON. */
function linesOfJson(text: string): readonly string[] | undefined {
  if (!text.startsWith('{')) return undefined
  const end = text.indexOf('\n')
  if (end < 0 || jsonObjectIn(text.slice(0, end)) === undefined) return undefined
  return text.split('\n')
}
