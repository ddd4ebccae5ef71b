/** Control characters, line breaks, and what turns the direction of a text around. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu

/** A text from a file as a terminal may have it. */
export function onOneLine(text: string): string {
  return text.replace(UNPRINTABLE, ' ')
}

/** The same for every text within. */
export function readable<T>(value: T): T {
  return read(value) as T
}

function read(value: unknown): unknown {
  if (typeof value === 'string') return onOneLine(value)
  if (Array.isArray(value)) return value.map(read)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, read(item)]))
}
