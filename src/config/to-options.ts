import {
  type Clock,
  FailoverManager,
  type FailoverOptions,
  type ModelRequest,
  type ProfileOptions,
  type ProviderRegistry,
} from '../engine/index.ts'
import { type HttpProviderDefinition, type HttpProvidersOptions, WELL_KNOWN } from '../http/index.ts'
import { keyOf } from './api-key.ts'
import type { Environment } from './expand.ts'
import type { Places } from './places.ts'
import type { Configuration } from './schema.ts'
import { DEFAULT_SERVER, type DisabledProfile, Setup } from './setup.ts'

type ProviderConfiguration = Configuration['providers'][string]

interface Surroundings {
  readonly environment: Environment
  readonly directory: string
  readonly clock: Clock
  readonly places: Places
}

/** Turns a configuration without mistakes into what the engine, the transport and the gateway take. */
export function toSetup(configuration: Configuration, surroundings: Surroundings): Setup {
  const { providers, server, auth, version, stream, hedge, usage, state, ...options } = configuration
  // How streams are given out is decided by the engine; signs of life are the gateway's.
  const { keepAliveMs, ...streamOptions } = stream ?? {}
  const profiles: ProfileOptions[] = []
  const disabled: DisabledProfile[] = []
  for (const [name, provider] of Object.entries(providers)) {
    for (const [index, { apiKey, ...profile }] of profilesOf(name, provider).entries()) {
      const key = apiKey === undefined ? undefined : keyOf(apiKey, surroundings)
      profiles.push({ ...profile, provider: name, ...(key !== undefined && { apiKey: key }) })
      if (key !== undefined) continue
      const variables = surroundings.places.variablesOf(['providers', name, 'profiles', index, 'apiKey'])
      const reason = whyDisabled(apiKey !== undefined, variables, name, provider, profile.baseUrl)
      if (reason !== undefined) disabled.push({ id: profile.id, reason })
    }
  }
  const failover = {
    ...options,
    ...(auth?.order !== undefined && { order: auth.order }),
    ...(stream !== undefined && { stream: streamOptions }),
    profiles,
  }
  const { workers, ...given } = server ?? {}
  const told = { ...DEFAULT_SERVER, ...given, ...(keepAliveMs !== undefined && { keepAliveMs }) }
  return new Setup(failover, definitionsOf(providers), told, disabled)
}

/** A provider without profiles has one without a key, as in the engine, but here it can be seen and disabled. */
function profilesOf(
  name: string,
  { profiles = [] }: ProviderConfiguration,
): NonNullable<ProviderConfiguration['profiles']> {
  return profiles.length > 0 ? profiles : [{ id: `${name}:default` }]
}

/** The manager of a setup, with what it disables disabled. */
export function createManager<Request extends ModelRequest, Event>(
  {
    failover,
    disabled,
  }: { readonly failover: FailoverOptions<Request, Event>; readonly disabled: readonly DisabledProfile[] },
  registry: ProviderRegistry<Request, Event>,
): FailoverManager<Request, Event> {
  const manager = new FailoverManager<Request, Event>({ ...failover, registry })
  for (const { id, reason } of disabled) manager.disable(id, reason)
  return manager
}

/** A profile without a key is disabled where it was meant to have one, or where it could only be refused. */
export function whyDisabled(
  isKeyGiven: boolean,
  variables: readonly string[],
  name: string,
  { headers, baseUrl }: Pick<ProviderConfiguration, 'headers' | 'baseUrl'>,
  ownUrl: string | undefined,
): string | undefined {
  if (isKeyGiven) return variables.length > 0 ? `${variables.join(', ')} is not set` : 'its key is empty'
  const url = ownUrl ?? baseUrl ?? (Object.hasOwn(WELL_KNOWN, name) ? WELL_KNOWN[name]?.baseUrl : undefined)
  const isHosted = Object.values(WELL_KNOWN).some(
    (known) => known.isLocal !== true && url !== undefined && new URL(known.baseUrl).origin === new URL(url).origin,
  )
  return isHosted && headers === undefined ? 'it has no key' : undefined
}

/** Every provider of the file, and no other: a name that is not there must lead nowhere. */
function definitionsOf(providers: Configuration['providers']): HttpProvidersOptions {
  const definitions = mapValues(providers, ({ dialect, baseUrl, headers, prefill }, name): HttpProviderDefinition => {
    const known = Object.hasOwn(WELL_KNOWN, name) ? WELL_KNOWN[name] : undefined
    const definition = { dialect: dialect ?? known?.dialect ?? 'openai', ...(baseUrl !== undefined && { baseUrl }) }
    return { ...definition, ...(headers !== undefined && { headers }), ...(prefill !== undefined && { prefill }) }
  })
  return { wellKnown: false, providers: definitions }
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, change: (value: T, key: string) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value, key)]))
}
