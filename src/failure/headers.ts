import { attempt, readItems } from './safe-read.ts'

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
  if (typeof headers === 'object' && headers !== null) {
    attempt(() => {
      for (const [name, value] of pairsOf(headers)) addHeader(map, name, value)
    }, undefined)
  }
  return map
}

function* pairsOf(headers: object): Generator<readonly [unknown, unknown]> {
  const list = readItems(headers, MAX_HEADERS * 2)
  if (list.length > 0) {
    const isFlat = typeof list[0] === 'string' || list[0] instanceof Uint8Array
    if (!isFlat) yield* list.slice(0, MAX_HEADERS) as (readonly [unknown, unknown])[]
    else for (let index = 0; index + 1 < list.length; index += 2) yield [list[index], list[index + 1]]
    return
  }
  let count = 0
  if (Symbol.iterator in headers) {
    for (const pair of headers as Iterable<readonly [unknown, unknown]>) {
      yield pair
      count += 1
      if (count === MAX_HEADERS) return
    }
    return
  }
  for (const name in headers) {
    yield [name, attempt(() => (headers as Readonly<Record<string, unknown>>)[name], undefined)]
    count += 1
    if (count === MAX_HEADERS) return
  }
}

function addHeader(map: Map<string, string>, name: unknown, value: unknown): void {
  const nameText = headerText(name)
  const valueText = headerText(readItems(value, 1)[0] ?? value)
  if (nameText === undefined || valueText === undefined) return
  const key = nameText.toLowerCase()
  if (!map.has(key)) map.set(key, valueText.trim())
}

function headerText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return `${value}`
  return value instanceof Uint8Array ? new TextDecoder('latin1').decode(value) : undefined
}
