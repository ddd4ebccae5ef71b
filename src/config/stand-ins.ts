import { isRecord } from '../failure/index.ts'
import { type Environment, variable } from './expand.ts'

/** A variable without default, in the source of a file. */
const NEEDED = /(?<!\$)\$\{([A-Za-z_]\w*)\}/g

/**
 * The environment, completed with a stand-in for every variable that a file names and that is not set: its name, as a
 * host could be called.
 */
export function withStandInVariables(environment: Environment, source: string): Environment {
  const missing = [...source.matchAll(NEEDED)]
    .map(([, name = '']) => name)
    .filter((name) => variable(environment, name) === undefined)
  return { ...environment, ...Object.fromEntries(missing.map((name) => [name, hostLike(name)])) }
}

/**
 * A configuration without its secrets, for whoever sends nothing: each profile has a stand-in for its key, headers and
 * the gateway's own part are left out, and an address that is only a variable is some address.
 */
export function withStandInKeys(value: unknown): unknown {
  if (!isRecord(value)) return value
  const { server: _, providers, ...rest } = value
  if (!isRecord(providers)) return { ...rest, ...(providers !== undefined && { providers }) }
  let count = 0
  const standIn = (): string => {
    count += 1
    return `stand-in-key-${count}`
  }
  const changed = Object.entries(providers).map(([name, provider]) => {
    if (!isRecord(provider)) return [name, provider]
    const { headers: __, profiles, ...others } = provider
    return [
      name,
      {
        ...withAddress(others),
        ...(Array.isArray(profiles)
          ? {
              profiles: profiles.map((profile) =>
                isRecord(profile) ? { ...withAddress(profile), apiKey: standIn() } : profile,
              ),
            }
          : profiles !== undefined && { profiles }),
      },
    ]
  })
  return { ...rest, providers: Object.fromEntries(changed) }
}

function withAddress(owner: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { baseUrl } = owner
  const isName = typeof baseUrl === 'string' && /^[a-z0-9-]+$/.test(baseUrl)
  return isName ? { ...owner, baseUrl: `https://${baseUrl}.invalid` } : owner
}

/** What stands for the value of a variable that is not set. */
export function hostLike(name: string): string {
  return (
    name
      .toLowerCase()
      .replaceAll('_', '-')
      .replace(/^-+|-+$/g, '') || 'variable'
  )
}
