import { type Failure, isRecord, redactKnown } from '../failure/index.ts'

/** What stands for an object that cannot be copied without its secret. */
const MASKED = '[masked]'
const MAX_DEPTH = 8
const MAX_LOOKED_AT = 2_000

/** The same value with the secrets masked wherever a text in it holds one. */
export function redactDeep<T>(value: T, secrets: readonly string[]): T {
  if (secrets.length === 0) return value
  let lookedAt = 0
  const redact = (inner: unknown, depth: number): unknown => {
    if (typeof inner === 'string') return redactKnown(inner, secrets)
    if (typeof inner !== 'object' || inner === null) return inner
    lookedAt += 1
    if (depth > MAX_DEPTH || lookedAt > MAX_LOOKED_AT || !isPlain(inner))
      return mentions(inner, secrets) ? MASKED : inner
    if (Array.isArray(inner)) return inner.map((item) => redact(item, depth + 1))
    const entries = Object.entries(inner).map(([name, item]) => [redactKnown(name, secrets), redact(item, depth + 1)])
    return Object.fromEntries(entries)
  }
  return redact(value, 0) as T
}

/**
 * An error as a cause: itself, unless a secret is found in it (SDKs and user functions may keep the request they
 * sent). Then a copy that says the same without it.
 */
export function withoutSecrets(error: unknown, secrets: readonly string[]): unknown {
  if (secrets.length === 0 || !mentions(error, secrets)) return error
  if (!(error instanceof Error)) return redactDeep(error, secrets)
  const copy = new Error(redactKnown(error.message, secrets))
  copy.name = redactKnown(error.name, secrets)
  copy.stack = redactKnown(error.stack ?? '', secrets)
  return copy
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  return Array.isArray(value) || prototype === Object.prototype || prototype === null
}

/** Does a secret occur in the value, in anything it holds, or in what iterating over it yields (`Headers`, maps)? */
function mentions(value: unknown, secrets: readonly string[], seen = new Set<unknown>()): boolean {
  if (typeof value === 'string') return secrets.some((secret) => value.includes(secret))
  if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return false
  if (ArrayBuffer.isView(value))
    return value instanceof Uint8Array && mentions(new TextDecoder('latin1').decode(value), secrets)
  if (seen.has(value)) return false
  // Too much to look through: taken for granted, since a key that is shown cannot be taken back.
  if (seen.size > MAX_LOOKED_AT) return true
  seen.add(value)
  const holds = (read: () => unknown): boolean => {
    try {
      return mentions(read(), secrets, seen)
    } catch {
      return false
    }
  }
  const parts = value as Readonly<Record<PropertyKey, unknown>>
  if (Reflect.ownKeys(value).some((name) => holds(() => name) || holds(() => parts[name]))) return true
  return !isRecordOrArray(value) && holds(() => yielded(value))
}

/** What iterating yields, of what can be iterated over again; a generator would be used up, and may never end. */
function yielded(value: object): unknown[] {
  const iterable = value as Partial<Iterable<unknown>>
  const iterator = iterable[Symbol.iterator]?.()
  if (iterator === undefined || (iterator as unknown) === value) return []
  const items: unknown[] = []
  for (let step = iterator.next(); !step.done && items.length <= MAX_LOOKED_AT; step = iterator.next())
    items.push(step.value)
  return items
}

function isRecordOrArray(value: object): boolean {
  return Array.isArray(value) || (isRecord(value) && isPlain(value))
}

/**
 * A failure as events tell it: what a provider says of a request that it rejects may quote the prompt, so the rule
 * stands in for it.
 */
export function withoutPrompt(failure: Failure): Failure {
  return failure.scope === 'request' ? { ...failure, message: `${failure.reason} (${failure.ruleId})` } : failure
}
