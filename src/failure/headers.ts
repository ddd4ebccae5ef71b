import { attempt, readItems, readProperty } from './safe-read.ts'

/** Response headers: names in lower case, values trimmed. Of several values under one name the first stays. */
export type HeaderMap = ReadonlyMap<string, string>

/** Far more headers than any server sends; what stands beyond them is not read. */
const MAX_HEADERS = 256

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
  const nameText = headerText(name)
  const valueText = headerText(typeof value === 'string' ? value : (readItems(value, 1)[0] ?? value))
  if (nameText === undefined || valueText === undefined) return
  const key = nameText.toLowerCase()
  if (!map.has(key)) map.set(key, valueText.trim())
}

function headerText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return `${value}`
  return value instanceof Uint8Array ? new TextDecoder('latin1').decode(value) : undefined
}
