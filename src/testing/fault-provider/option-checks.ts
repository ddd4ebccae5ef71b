import { invalidOption } from '../../failure/index.ts'
import { isRecord } from './request.ts'

/** Throws `INVALID_OPTION`, naming the path, if the value is not allowed. */
export type Check = (path: string, value: unknown) => void

/** One check for every field of a type, so that a new field cannot be forgotten. */
export type Checks<T> = { readonly [K in keyof Required<T>]: Check }

export const isText: Check = (path, value) => {
  if (typeof value !== 'string') throw invalidOption(path, value, 'use a string')
}

export const isFlag: Check = (path, value) => {
  if (typeof value !== 'boolean') throw invalidOption(path, value, 'use true or false')
}

export const isFunction: Check = (path, value) => {
  if (typeof value !== 'function') throw invalidOption(path, value, 'use a function')
}

export const isAnything: Check = () => {}

export const isWhole = (min: number, max = Number.MAX_SAFE_INTEGER): Check => {
  const allowed = max === Number.MAX_SAFE_INTEGER ? `of ${min} or more` : `from ${min} to ${max}`
  return (path, value) => {
    if (!Number.isInteger(value) || Number(value) < min || Number(value) > max) {
      throw invalidOption(path, value, `use a whole number ${allowed}`)
    }
  }
}

export const isPositive: Check = (path, value) => {
  if (typeof value !== 'number' || !(value > 0) || !Number.isFinite(value)) {
    throw invalidOption(path, value, 'use a number above 0')
  }
}

/** Milliseconds, fractions allowed. */
export const isDuration: Check = (path, value) => {
  if (typeof value !== 'number' || !(value >= 0) || !Number.isFinite(value)) {
    throw invalidOption(path, value, 'use milliseconds, 0 or more')
  }
}

export const isOneOf =
  (allowed: readonly string[]): Check =>
  (path, value) => {
    if (typeof value !== 'string' || !allowed.includes(value)) {
      throw invalidOption(path, value, `use one of ${allowed.join(', ')}`)
    }
  }

export const isListOf =
  (check: Check): Check =>
  (path, value) => {
    if (!Array.isArray(value)) throw invalidOption(path, value, 'use an array')
    for (const [index, item] of value.entries()) check(`${path}[${index}]`, item)
  }

/** One, or a list of them. */
export const isOneOrMore =
  (check: Check): Check =>
  (path, value) =>
    Array.isArray(value) ? isListOf(check)(path, value) : check(path, value)

export const isMapOf =
  (check: Check): Check =>
  (path, value) => {
    if (!isRecord(value)) throw invalidOption(path, value, 'use an object')
    for (const [name, item] of Object.entries(value)) check(`${path}[${JSON.stringify(name)}]`, item)
  }

/** An object with these fields and no others. A field that is undefined counts as absent. */
export const hasFields =
  <T>(checks: Checks<T>, required: readonly (keyof T & string)[] = []): Check =>
  (path, value) => {
    if (!isRecord(value)) throw invalidOption(path, value, 'use an object')
    const known: Readonly<Record<string, Check>> = checks
    for (const [name, item] of Object.entries(value)) {
      const check = Object.hasOwn(known, name) ? known[name] : undefined
      if (check === undefined) {
        throw invalidOption(
          `${path}.${name}`,
          item,
          `there is no such field; known are ${Object.keys(known).join(', ')}`,
        )
      }
      if (item !== undefined) check(`${path}.${name}`, item)
    }
    for (const name of required) {
      if (value[name] === undefined) throw invalidOption(`${path}.${name}`, undefined, 'it is required')
    }
  }
