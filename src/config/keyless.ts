import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { isRecord } from '../failure/index.ts'
import { type Environment, variable } from './expand.ts'
import { outlineOf, type ProfileOutline, type ProviderOutline } from './outline.ts'
import type { Places } from './places.ts'
import { hostLike } from './stand-ins.ts'
import { whyDisabled } from './to-options.ts'

interface Surroundings {
  readonly environment: Environment
  /** Where relative paths begin. */
  readonly directory: string
  readonly places: Places
}

/** The profiles that need a key and have none here, by id: where something is to be sent they cannot be used. */
export function keylessProfiles(written: unknown, surroundings: Surroundings): string[] {
  return [...outlineOf(written).providers.values()].flatMap((provider) => {
    const { name, profiles } = provider
    if (profiles.length === 0) return isUsableWithoutKey(provider, undefined) ? [] : [`${name}:default`]
    return profiles.flatMap((profile) =>
      profile.id === undefined || hasKey(provider, profile, surroundings) ? [] : [profile.id],
    )
  })
}

function hasKey(
  provider: ProviderOutline,
  { apiKey, path, baseUrl }: ProfileOutline,
  { environment, directory, places }: Surroundings,
): boolean {
  if (typeof apiKey === 'string') {
    const unset = places.variablesOf([...path, 'apiKey']).filter((name) => variable(environment, name) === undefined)
    return apiKey.trim() !== '' && !unset.some((name) => apiKey.includes(hostLike(name)))
  }
  if (!isRecord(apiKey)) return isUsableWithoutKey(provider, baseUrl)
  const { env, file } = apiKey
  if (typeof env === 'string') return variable(environment, env) !== undefined
  return typeof file !== 'string' || statSync(resolve(directory, file), { throwIfNoEntry: false })?.isFile() === true
}

function isUsableWithoutKey({ name, headers, baseUrl }: ProviderOutline, ownUrl: string | undefined): boolean {
  // In place of an address that is a variable there is only its name.
  const url = [ownUrl, baseUrl].find((address) => address !== undefined)
  if (url !== undefined && !URL.canParse(url)) return true
  return whyDisabled(false, [], name, headers.length > 0 ? { headers: {} } : {}, url) === undefined
}
