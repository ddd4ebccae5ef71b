import { FailoverError, invalidOption } from './failover-error.ts'

/** What a number option may be. */
interface NumberRange {
  readonly min?: number
  readonly max?: number
  readonly integer?: boolean
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * A wrong option, whose value is not shown where it is a text: what stands in a wrong place may be a key.
 */
export function misplaced(path: string, value: unknown, allowed: string): FailoverError {
  if (typeof value !== 'string') return invalidOption(path, value, allowed)
  return new FailoverError('INVALID_OPTION', `${path}: a text of ${value.length} characters is not allowed; ${allowed}`)
}

/** Throws unless `value` is a plain object whose keys are all known; a typo must not silently do nothing. */
export function checkRecord(path: string, value: unknown, allowed: readonly string[]): void {
  if (!isRecord(value)) throw misplaced(path || 'options', value, 'it must be an object')
  for (const key of Object.keys(value)) {
    if (allowed.includes(key)) continue
    const place = path === '' ? key : `${path}.${key}`
    throw misplaced(place, value[key], `there is no such option; allowed are ${allowed.join(', ')}`)
  }
}

/** Throws unless `value` is absent or a number in range. */
export function checkNumber(path: string, value: unknown, { min = 0, max, integer = false }: NumberRange = {}): void {
  if (value === undefined) return
  const inRange =
    typeof value === 'number' && Number.isFinite(value) && value >= min && (max === undefined || value <= max)
  if (!inRange || (integer && !Number.isInteger(value))) {
    const kind = integer ? 'a whole number' : 'a number'
    throw invalidOption(
      path,
      value,
      `it must be ${kind} ${max === undefined ? `of at least ${min}` : `from ${min} to ${max}`}`,
    )
  }
}

export function checkText(path: string, value: unknown): asserts value is string {
  if (typeof value !== 'string' || value.trim() === '')
    throw invalidOption(path, value, 'it must be a text that is not empty')
}

export function checkTexts(path: string, value: unknown): asserts value is readonly string[] {
  if (!Array.isArray(value)) throw invalidOption(path, value, 'it must be an array of texts')
  for (const [index, item] of value.entries()) checkText(`${path}[${index}]`, item)
}

export function checkBoolean(path: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'boolean') throw invalidOption(path, value, 'it must be true or false')
}

export function checkOneOf(path: string, value: unknown, allowed: readonly string[]): void {
  if (value !== undefined && !allowed.some((item) => item === value)) {
    throw invalidOption(path, value, `it must be one of ${allowed.join(', ')}`)
  }
}

export function checkFunction(path: string, value: unknown): void {
  if (typeof value !== 'function') throw invalidOption(path, value, 'it must be a function')
}

/** A name that identifies something: no white space, since names stand beside each other in keys and messages. */
export function checkName(path: string, value: unknown): asserts value is string {
  if (typeof value !== 'string' || !/^\S+$/.test(value))
    throw invalidOption(path, value, 'it must be a text without white space')
}
