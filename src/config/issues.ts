import type { z } from 'zod'
import type { Mistakes } from './mistakes.ts'
import { type Path, type Places, valueAt } from './places.ts'
import { type Configuration, configurationSchema } from './schema.ts'

const MAX_SHOWN = 60
/** Nothing that stands below these keys is shown. */
const SECRET_KEYS = new Set<PropertyKey>(['apiKey', 'key', 'adminKey', 'headers', 'metadata'])

/** Checks the shape of a configuration. @returns it; undefined where something is wrong, which `mistakes` then tells */
export function checkShape(value: unknown, places: Places, mistakes: Mistakes): Configuration | undefined {
  return checkAgainst(configurationSchema, value, places, mistakes)
}

/** The same for any file whose schema says in each error what is allowed, as those of `schema-parts.ts` do. */
export function checkAgainst<T>(
  schema: z.ZodType<T>,
  value: unknown,
  places: Places,
  mistakes: Mistakes,
): T | undefined {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  for (const issue of parsed.error.issues) addIssue(issue, value, places, mistakes)
  return undefined
}

function addIssue(issue: z.core.$ZodIssue, value: unknown, places: Places, mistakes: Mistakes): void {
  const { path } = issue
  switch (issue.code) {
    case 'unrecognized_keys':
      for (const key of issue.keys) mistakes.add([...path, key], issue.message, 'key')
      return
    case 'invalid_key':
      mistakes.add(path, issue.issues[0]?.message ?? issue.message, 'key')
      return
    default: {
      const found = valueAt(value, path)
      if (found === undefined) mistakes.add(path, `it is missing; ${issue.message}`)
      else mistakes.add(path, sentence(describeValue(found, path, places), issue.message))
    }
  }
}

/** A text that begins with "is" says it all; any other says what would be allowed. */
function sentence(found: string, message: string): string {
  return message.startsWith('is ') ? `${found} ${message}` : `${found} is not allowed; ${message}`
}

/** A value as a message may show it: short, on one line, and nothing that is or may be a secret. */
function describeValue(value: unknown, path: Path, places: Places): string {
  if (value === null) return 'an empty value'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a map'
  if (path.some((key) => SECRET_KEYS.has(key))) return `this ${typeof value === 'string' ? 'text' : typeof value}`
  if (typeof value !== 'string') return String(value)
  if (places.variablesOf(path).length > 0) return 'the text that came of this'
  return JSON.stringify(value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}…` : value)
}
