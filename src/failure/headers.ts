import { withoutInvisible } from './invisible.ts'
import { attempt, readItems, readProperty } from './safe-read.ts'

/** Response headers: names in lower case, values trimmed. Of several values under one name the first stays, except of lists. */
export type HeaderMap = ReadonlyMap<string, string>

/** Far more headers than any server sends; what stands beyond them is not read. */
const MAX_HEADERS = 256

/** Several of these are one list, as a proxy would join them (RFC 9110 §5.3); of two waits the larger counts. */
const LISTS: ReadonlySet<string> = new Set(['retry-after', 'ratelimit', 'ratelimit-policy'])
/** How many values of one header are looked at. */
const MAX_VALUES = 8

/**
 * Reads headers in any shape they come in: a record (values may be lists), `Headers`, a `Map`, a list of pairs, or the
 * flat list of alternating names and values of undici and `node:http`, strings or bytes. Never throws.
 */
export function readHeaders(headers: unknown): HeaderMap {
  const map = new Map<string, string>()
  if (typeof headers === 'object' && headers !== null) attempt(() => addAll(map, headers), undefined)
  return map
}

function addAll(map: Map<string, string>, headers: object): void {
  if (Array.isArray(headers)) addList(map, headers)
  else if (Symbol.iterator in headers) addPairs(map, headers as Iterable<readonly [unknown, unknown]>)
  else addRecord(map, headers)
}

function addRecord(map: Map<string, string>, headers: object): void {
  let count = 0
  for (const name in headers) {
    addHeader(map, name, readProperty(headers, name))
    count += 1
    if (count === MAX_HEADERS) return
  }
}

/** Pairs, or names and values alternating. */
function addList(map: Map<string, string>, list: readonly unknown[]): void {
  if (typeof list[0] === 'string' || list[0] instanceof Uint8Array) {
    const end = Math.min(list.length - 1, MAX_HEADERS * 2)
    for (let index = 0; index < end; index += 2) addHeader(map, list[index], list[index + 1])
  } else addPairs(map, list as readonly (readonly [unknown, unknown])[])
}

function addPairs(map: Map<string, string>, pairs: Iterable<readonly [unknown, unknown]>): void {
  let count = 0
  for (const [name, value] of pairs) {
    addHeader(map, name, value)
    count += 1
    if (count === MAX_HEADERS) return
  }
}

function addHeader(map: Map<string, string>, name: unknown, value: unknown): void {
  const key = headerText(name)?.toLowerCase()
  if (key === undefined) return
  for (const item of typeof value === 'string' ? [value] : readValues(value)) {
    const text = headerText(item)?.trim()
    if (text === undefined) continue
    const before = map.get(key)
    if (before === undefined) map.set(key, text)
    else if (LISTS.has(key)) map.set(key, `${before}, ${text}`)
    else return
  }
}

function readValues(value: unknown): readonly unknown[] {
  const items = readItems(value, MAX_VALUES)
  return items.length === 0 ? [value] : items
}

function headerText(value: unknown): string | undefined {
  if (typeof value === 'string') return withoutInvisible(value)
  if (typeof value === 'number') return `${value}`
  // Whatever is no ASCII is opaque (RFC 9110 §5.5); as UTF-8 it is known again where it is invisible.
  return value instanceof Uint8Array ? withoutInvisible(new TextDecoder().decode(value)) : undefined
}
