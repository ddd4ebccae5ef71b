import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { FailoverError } from '../failure/index.ts'
import { type HttpProviderDefinition, httpProviders } from '../http/index.ts'
import { notSet } from './document.ts'
import { type Environment, variable } from './expand.ts'
import type { Mistakes } from './mistakes.ts'
import type { Outline, ProfileOutline, ProviderOutline } from './outline.ts'
import { formatPath, type Path } from './places.ts'

interface Surroundings {
  readonly environment: Environment
  /** Where relative paths begin. */
  readonly directory: string
}

/** Providers, profiles and orders: what the shape alone does not tell. */
export function checkProviders(outline: Outline, surroundings: Surroundings, mistakes: Mistakes): void {
  const paths = new Map<string, Path>()
  for (const provider of outline.providers.values()) {
    checkAddress(provider, mistakes)
    for (const profile of provider.profiles) {
      checkKey(profile, surroundings, mistakes)
      if (profile.id === undefined) continue
      const first = paths.get(profile.id)
      if (first === undefined) paths.set(profile.id, profile.path)
      else
        mistakes.add(
          [...profile.path, 'id'],
          `${quoted(profile.id)} is also the id of ${formatPath(first)}; each may be there once`,
        )
    }
  }
  if (outline.providers.size === 0)
    mistakes.add(['providers'], 'it is missing or empty; name at least one provider, such as openai')
  checkOrders(outline, mistakes)
}

/** The transport's own checks, asked one by one so that each gives its own mistake. */
function checkAddress(
  { name, path, isWellKnown, hasKnownAddress, dialect, baseUrl, headers, profiles }: ProviderOutline,
  mistakes: Mistakes,
): void {
  // A name that is wrong itself is told already.
  if (/\s/.test(name)) return
  if (!isWellKnown && dialect === undefined)
    mistakes.add(
      [...path, 'dialect'],
      `it is missing; ${quoted(name)} is not a well-known provider, so it must be openai or anthropic`,
    )
  if (
    !hasKnownAddress &&
    baseUrl === undefined &&
    (profiles.length === 0 || profiles.some((profile) => profile.baseUrl === undefined))
  )
    mistakes.add([...path, 'baseUrl'], 'it is missing; it must be a URL such as https://api.example.com/v1')
  const refusal = (definition: Partial<HttpProviderDefinition>): string | undefined => {
    try {
      httpProviders({ providers: { [name]: { dialect: 'openai', ...definition } } })
      return undefined
    } catch (error) {
      if (!(error instanceof FailoverError)) throw error
      // What stands in front is the value, which may be a secret.
      return error.message.slice(error.message.indexOf(' is not allowed; ') + ' is not allowed; '.length)
    }
  }
  for (const { path: owner, baseUrl: url } of [{ path, baseUrl }, ...profiles]) {
    const wrong = url === undefined ? undefined : refusal({ baseUrl: url })
    if (wrong !== undefined) mistakes.add([...owner, 'baseUrl'], `this address is not allowed; ${wrong}`)
  }
  for (const [header, value] of headers) {
    const wrong = refusal({ headers: { [header]: value } })
    if (wrong !== undefined) mistakes.add([...path, 'headers', header], `this header is not allowed; ${wrong}`)
  }
}

function checkKey(
  { path, apiKey }: ProfileOutline,
  { environment, directory }: Surroundings,
  mistakes: Mistakes,
): void {
  if (typeof apiKey === 'string' && !/^[\x20-\x7e]*$/.test(apiKey.trim()))
    mistakes.add(
      [...path, 'apiKey'],
      'this key is not allowed; no header can carry it: it must be printable ASCII characters',
    )
  if (typeof apiKey !== 'object' || apiKey === null) return
  const { env, file } = apiKey as { readonly env?: unknown; readonly file?: unknown }
  if (typeof env === 'string' && variable(environment, env) === undefined)
    mistakes.add([...path, 'apiKey', 'env'], notSet([env]))
  if (typeof file === 'string' && statSync(resolve(directory, file), { throwIfNoEntry: false })?.isFile() !== true)
    mistakes.add(
      [...path, 'apiKey', 'file'],
      'there is no such file; it must be the path of a file that holds the key alone',
    )
}

function checkOrders({ order, providers }: Outline, mistakes: Mistakes): void {
  const owners = new Map(
    [...providers.values()].flatMap(({ name, profiles }) => profiles.map(({ id }) => [id ?? '', name] as const)),
  )
  for (const { provider, path, ids } of order) {
    const own = providers.get(provider)
    if (own === undefined) {
      mistakes.add(path, `there is no provider ${quoted(provider)}; ${allowed([...providers.keys()])}`, 'key')
      continue
    }
    // A provider without profiles has an implicit one.
    const known = own.profiles.length === 0 ? [`${provider}:default`] : own.profiles.flatMap(({ id }) => id ?? [])
    for (const [index, { text, path: at }] of ids.entries()) {
      const owner = owners.get(text)
      if (known.includes(text)) {
        if (ids.findIndex((other) => other.text === text) !== index)
          mistakes.add(at, `${quoted(text)} is named twice; each profile may be named once`)
      } else if (owner !== undefined) {
        mistakes.add(at, `${quoted(text)} is a profile of ${owner}; ${allowed(known)}`)
      } else {
        mistakes.add(at, `there is no profile ${quoted(text)}; ${allowed(known)}`)
      }
    }
  }
}

/** What would have been right. */
export function allowed(names: readonly string[]): string {
  return names.length === 0 ? 'there is none' : `allowed are ${[...new Set(names)].join(', ')}`
}

export function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)
}
