/**
 * Reading values that others threw or sent. A getter may throw, a proxy may be revoked, an object may contain itself:
 * none of that may keep a failure from being classified, so every look inside foreign values goes through here.
 */

/** The property, or `undefined` where there is none or it can't be read. */
export function readProperty(value: unknown, key: string): unknown {
  if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return undefined
  try {
    return (value as Readonly<Record<string, unknown>>)[key]
  } catch {
    return undefined
  }
}

/** The property if it is a string that isn't empty. */
export function readString(value: unknown, key: string): string | undefined {
  const property = readProperty(value, key)
  return typeof property === 'string' && property !== '' ? property : undefined
}

/** The first `limit` items; none where it is not an array. Revoked proxies count as no array. */
export function readItems(value: unknown, limit: number): readonly unknown[] {
  try {
    return Array.isArray(value) ? value.slice(0, limit) : []
  } catch {
    return []
  }
}

/** Is it an object whose properties are worth reading: neither an array nor null? */
export function isRecord(value: unknown): value is object {
  try {
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

/** The HTTP status in it: a number, or its digits, from 100 to 599. */
export function asStatus(value: unknown): number | undefined {
  const status = typeof value === 'string' && /^\d{3}$/.test(value) ? Number(value) : value
  return typeof status === 'number' && Number.isInteger(status) && status >= 100 && status <= 599 ? status : undefined
}

/** Runs what may throw on foreign values. */
export function attempt<Result>(action: () => Result, otherwise: Result): Result {
  try {
    return action()
  } catch {
    return otherwise
  }
}
