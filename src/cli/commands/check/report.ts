import { createManager, type DisabledProfile, type Setup } from '../../../config/index.ts'
import { type HttpProviders, httpProviders } from '../../../http/index.ts'
import { type FailoverManager, formatTarget, type TargetRef } from '../../../index.ts'
import { rehearse } from './chains.ts'

/** A target as it is shown. */
interface ShownTarget {
  /** `provider/model@profile` */
  readonly target: string
  /** Masked; absent where there is none. */
  readonly apiKey?: string
  /** Scheme, host and port. */
  readonly origin: string
  /** Requests in this wire format reach it. */
  readonly dialect: string
}

interface ShownProfile extends Omit<ShownTarget, 'target'> {
  readonly profile: string
}

/** What a valid configuration comes to. It holds no key. */
export interface Report {
  readonly server: {
    readonly host: string
    readonly port: number
    readonly clients: readonly { readonly name: string; readonly routes?: readonly string[] }[]
  }
  /** In the order in which they are tried within their provider. */
  readonly profiles: readonly ShownProfile[]
  /** By route: its targets in the order in which they would be tried. */
  readonly routes: Readonly<Record<string, readonly ShownTarget[]>>
  /** What is tried after a model without a route. */
  readonly fallbacks: readonly ShownTarget[]
  readonly disabled: readonly DisabledProfile[]
}

export async function reportOn(setup: Setup): Promise<Report> {
  await using registry = httpProviders(setup.http)
  const manager = createManager(setup, registry)
  const shown = async (references: readonly string[]): Promise<ShownTarget[]> =>
    (await rehearse(setup, registry, references)).map((target) => showTarget(target, manager, registry))
  const { host, port, clients } = setup.server
  const routes: Record<string, readonly ShownTarget[]> = {}
  for (const [name, { primary, fallbacks = [] }] of Object.entries(setup.failover.routes ?? {}))
    routes[name] = await shown([primary, ...fallbacks])
  return {
    server: { host, port, clients: clients.map(({ key: _, ...client }) => client) },
    profiles: manager.listProfiles().map(({ id }) => ({ profile: id, ...whereabouts(id, manager, registry) })),
    routes,
    fallbacks: await shown(setup.failover.fallbacks ?? []),
    disabled: setup.disabled,
  }
}

function showTarget(target: TargetRef, manager: FailoverManager, registry: HttpProviders): ShownTarget {
  return { target: formatTarget(target), ...whereabouts(target.profile, manager, registry) }
}

function whereabouts(id: string, manager: FailoverManager, registry: HttpProviders): Omit<ShownTarget, 'target'> {
  const profile = manager.getProfile(id)
  const { apiKey } = profile.toJSON()
  const upstream = registry.upstreamOf(profile.provider)
  if (upstream === undefined) throw new Error(`provider ${profile.provider} is in the file, but not registered`)
  const { dialect } = upstream
  return { ...(apiKey !== undefined && { apiKey }), origin: upstream.originOf(profile), dialect: dialect.name }
}
