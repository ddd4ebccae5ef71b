import { resolve } from 'node:path'
import { FailoverManager, type Settings } from '../engine/index.ts'
import { FailoverError, isRecord } from '../failure/index.ts'
import { readDocument } from './document.ts'
import type { Environment } from './expand.ts'
import { readText } from './file.ts'
import { checkShape } from './issues.ts'
import { type Mistake, Mistakes } from './mistakes.ts'
import { outlineOf } from './outline.ts'
import { Places } from './places.ts'
import { checkReferences } from './references.ts'
import { configurationSchema } from './schema.ts'
import { secretsIn } from './secrets.ts'

export type LoadedSettings =
  | { readonly state: 'valid' /** Defaults where failures are not judged by it. */; readonly settings: Settings }
  | { readonly state: 'invalid'; readonly mistakes: readonly Mistake[] }

interface Surroundings {
  readonly path: string
  readonly environment: Environment
  readonly directory: string
}

const judgingSchema = configurationSchema.pick({ policy: true, rules: true, cooldown: true, retry: true })
/** What has no say in a verdict. */
const OTHER_KEYS = new Set(
  Object.keys(configurationSchema.shape).filter((key) => !Object.hasOwn(judgingSchema.shape, key)),
)

/**
 * Reads what failures are judged by, and no more: nothing is sent, and so whoever explains an answer needs none of the
 * keys, and no other variable or file, that the rest of the configuration names.
 */
export function loadSettings({ path, environment, directory }: Surroundings): LoadedSettings {
  const mistakes = new Mistakes(new Places(path))
  const invalid = (found: readonly Mistake[]): LoadedSettings => ({ state: 'invalid', mistakes: found })
  const text = readText(resolve(directory, path), mistakes)
  if (text === undefined) return invalid(mistakes.list())
  const { value, found } = check(text, path, environment)
  if (found.length > 0) return invalid(found)
  try {
    return { state: 'valid', settings: new FailoverManager(judgingSchema.parse(judgingPart(value))).status().config }
  } catch (error) {
    if (!(error instanceof FailoverError)) throw error
    mistakes.add([], error.message)
    return invalid(mistakes.list())
  }
}

/** Everything that is wrong with the file and matters here: its syntax, keys that do not exist, and what judges. */
function check(
  text: string,
  path: string,
  environment: Environment,
): { readonly value: unknown; readonly found: readonly Mistake[] } {
  const places = new Places(path)
  const mistakes = new Mistakes(places)
  const value = readDocument(text, environment, places, mistakes)
  if (value !== undefined) {
    mistakes.hide(secretsIn(value, environment))
    checkShape(value, places, mistakes)
    if (isRecord(value)) checkReferences(outlineOf(value), mistakes)
  }
  return { value, found: mistakes.list().filter((mistake) => !OTHER_KEYS.has(topKeyOf(mistake))) }
}

/** `cooldown` of `cooldown.billing.minMs`. */
function topKeyOf({ path }: Mistake): string {
  return path.split(/[.[]/, 1)[0] ?? path
}

function judgingPart(value: unknown): object {
  return isRecord(value) ? Object.fromEntries(Object.entries(value).filter(([key]) => !OTHER_KEYS.has(key))) : {}
}
