import { z } from 'zod'

/*
 * The error texts of every schema say what is allowed; `issues.ts` puts what was found in front of them. A text that
 * begins with "is" is already the whole predicate.
 */

interface NumberKey {
  readonly description: string
  readonly min?: number
  readonly max?: number
  readonly default?: number
}

/** A number; `${NAME}` makes texts, so a text that is a number will do. */
export function number({ description, min = 0, max, ...meta }: NumberKey) {
  const error = `it must be a number ${range(min, max)}`
  const schema = z.number({ error }).min(min, { error })
  return z.preprocess(asNumber, max === undefined ? schema : schema.max(max, { error })).meta({ description, ...meta })
}

export function wholeNumber({ description, min = 0, max, ...meta }: NumberKey) {
  const error = `it must be a whole number ${range(min, max)}`
  const schema = z.number({ error }).int({ error }).min(min, { error })
  return z.preprocess(asNumber, max === undefined ? schema : schema.max(max, { error })).meta({ description, ...meta })
}

/** Any finite number. */
export function anyNumber(description: string, meta: { readonly default: number }) {
  return z.preprocess(asNumber, z.number({ error: 'it must be a number' })).meta({ description, ...meta })
}

/** More than 0. */
export function positiveNumber(description: string, meta: { readonly default: number }) {
  const error = 'it must be a number of more than 0'
  return z.preprocess(asNumber, z.number({ error }).gt(0, { error })).meta({ description, ...meta })
}

export function boolean(description: string, meta: { readonly default?: boolean }) {
  const read = (value: unknown): unknown => (value === 'true' ? true : value === 'false' ? false : value)
  return z.preprocess(read, z.boolean({ error: 'it must be true or false' })).meta({ description, ...meta })
}

export function text(description: string, meta: { readonly default?: string } = {}) {
  const error = 'it must be a text that is not empty'
  return z
    .string({ error })
    .regex(/\S/, { error })
    .meta({ description, ...meta })
}

/** A text that identifies something. */
export function name(description: string) {
  const error = 'it must be a text without white space'
  return z.string({ error }).regex(/^\S+$/, { error }).meta({ description })
}

export function oneOf<const T extends readonly string[]>(
  description: string,
  allowed: T,
  { planned = [], ...meta }: { readonly planned?: readonly string[]; readonly default?: T[number] } = {},
) {
  const error = ({ input }: { readonly input?: unknown }): string =>
    planned.some((value) => value === input)
      ? `is not supported yet; allowed now: ${allowed.join(', ')}`
      : `it must be ${allowed.length === 1 ? '' : 'one of '}${allowed.join(', ')}`
  return z.enum(allowed, { error }).meta({ description, ...meta })
}

/** A key of a feature that is not there yet: only the value that stands for what there is. */
export function onlyNow<const T extends string | number | boolean>(description: string, allowed: T) {
  const error = `is not supported yet; allowed now: ${allowed}`
  return z.literal(allowed, { error }).meta({ description: `${description}. Not supported yet`, default: allowed })
}

/** A key of a feature that is not there yet: it must be left out. */
export function notYet(description: string) {
  return z
    .never({ error: 'is not supported yet; leave it out' })
    .meta({ description: `${description}. Not supported yet. Default: none` })
}

export function list<T extends z.ZodType>(item: T, description: string, of: string) {
  return z.array(item, { error: `it must be a list of ${of}` }).meta({ description })
}

/** A map whose keys are names the user chooses. */
export function mapOf<T extends z.ZodType>(item: T, description: string, of: string) {
  const key = z.string().regex(/^\S+$/, { error: 'a name must be without white space' })
  return z.record(key, item, { error: `it must be a map of ${of}` }).meta({ description })
}

/** A map whose keys are given: any other is a mistake. */
export function group<T extends z.ZodRawShape>(shape: T, description: string) {
  const keys = Object.keys(shape).join(', ')
  const error = ({ code }: { readonly code: string }): string =>
    code === 'unrecognized_keys'
      ? `there is no such key; allowed are ${keys}`
      : `it must be a map with the keys ${keys}`
  return z.strictObject(shape, { error }).meta({ description })
}

function range(min: number, max: number | undefined): string {
  return max === undefined ? `of at least ${min}` : `from ${min} to ${max}`
}

/** Texts that are numbers as numbers. */
export function asNumber(value: unknown): unknown {
  return typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value
}
