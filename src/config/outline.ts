import { WELL_KNOWN } from '../http/index.ts'
import type { Path } from './places.ts'
import { asNumber } from './schema-parts.ts'

/** A text of the configuration and where it stands. */
export interface Located {
  readonly text: string
  readonly path: Path
}

export interface ProfileOutline {
  readonly path: Path
  readonly id: string | undefined
  readonly apiKey: unknown
  readonly baseUrl: string | undefined
  readonly hasModel: boolean
  readonly quotaGroup: string | undefined
}

export interface ProviderOutline {
  readonly name: string
  readonly path: Path
  readonly isWellKnown: boolean
  /** Its name alone says where it is. */
  readonly hasKnownAddress: boolean
  readonly dialect: unknown
  readonly baseUrl: string | undefined
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly profiles: readonly ProfileOutline[]
}

/**
 * What refers to what, as far as it can be made out: a file with a mistake in one place is still checked in all others.
 */
export interface Outline {
  readonly providers: ReadonlyMap<string, ProviderOutline>
  readonly order: readonly { readonly provider: string; readonly path: Path; readonly ids: readonly Located[] }[]
  /** The references of each route, the primary one first. */
  readonly routes: ReadonlyMap<string, readonly Located[]>
  readonly fallbacks: readonly Located[]
  /** The groups that have limits. */
  readonly quotaGroups: readonly Located[]
  /** Where the gateway listens, if it says so. */
  readonly host: string | undefined
  readonly clients: readonly {
    readonly path: Path
    readonly name: string | undefined
    readonly key: string | undefined
    readonly routes: readonly Located[]
  }[]
  /** A number of the configuration, if there is one. */
  numberAt(...path: string[]): number | undefined
}

export function outlineOf(value: unknown): Outline {
  const root = record(value)
  const numberAt = (...path: string[]): number | undefined => {
    const found = asNumber(path.reduce<unknown>((at, key) => record(at)[key], root))
    return typeof found === 'number' ? found : undefined
  }
  return {
    providers: new Map(entries(root.providers).map(([name, item]) => [name, providerOf(name, item)])),
    order: entries(record(root.auth).order).map(([provider, ids]) => {
      const path = ['auth', 'order', provider]
      return { provider, path, ids: texts(ids, path) }
    }),
    routes: new Map(
      entries(root.routes).map(([name, route]) => {
        const options = record(route)
        const path = ['routes', name]
        const lists = ['fallbacks', 'contextWindowFallbacks', 'contentPolicyFallbacks'].flatMap((list) =>
          texts(options[list], [...path, list]),
        )
        return [name, [...texts([options.primary], path, 'primary'), ...lists]]
      }),
    ),
    fallbacks: texts(root.fallbacks, ['fallbacks']),
    quotaGroups: Object.keys(record(root.quotaGroups)).map((text) => ({ text, path: ['quotaGroups', text] })),
    host: textOf(record(root.server).host),
    clients: items(record(root.server).clients).map((client, index) => {
      const { name, key, routes } = record(client)
      const path = ['server', 'clients', index]
      return { path, name: textOf(name), key: textOf(key), routes: texts(routes, [...path, 'routes']) }
    }),
    numberAt,
  }
}

function providerOf(name: string, value: unknown): ProviderOutline {
  const { dialect, baseUrl, headers, profiles } = record(value)
  const path = ['providers', name]
  const known = Object.hasOwn(WELL_KNOWN, name) ? WELL_KNOWN[name] : undefined
  return {
    name,
    path,
    isWellKnown: known !== undefined,
    hasKnownAddress: known !== undefined && (dialect ?? known.dialect) === known.dialect,
    dialect,
    baseUrl: textOf(baseUrl),
    headers: entries(headers).flatMap(([header, text]) => (typeof text === 'string' ? [[header, text] as const] : [])),
    profiles: items(profiles).map((profile, index) => {
      const { id, apiKey, baseUrl: ownUrl, model, quotaGroup } = record(profile)
      const own = [...path, 'profiles', index]
      return {
        path: own,
        id: textOf(id),
        apiKey,
        baseUrl: textOf(ownUrl),
        hasModel: textOf(model) !== undefined,
        quotaGroup: textOf(quotaGroup),
      }
    }),
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}

function entries(value: unknown): [string, unknown][] {
  return Object.entries(record(value))
}

function items(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** @param key the key of a text that is not in a list */
function texts(value: unknown, path: Path, key?: string): Located[] {
  return items(value).flatMap((item, index) => {
    const text = textOf(item)
    return text === undefined ? [] : [{ text, path: [...path, key ?? index] }]
  })
}
