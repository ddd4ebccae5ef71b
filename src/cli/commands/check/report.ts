import { createManager, type DisabledProfile, type Setup } from '../../../config/index.ts'
import { detourOf } from '../../../engine/index.ts'
import { type HttpProviders, httpProviders } from '../../../http/index.ts'
import { type FailoverManager, formatTarget, type Profile, type ProfileLimits, type TargetRef } from '../../../index.ts'
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
  readonly priority: number
  readonly weight: number
  /** Absent where it has none of its own. */
  readonly limits?: ProfileLimits
  readonly quotaGroup?: string
}

interface ShownGroup {
  readonly profiles: readonly string[]
  /** What they share; absent where nothing is told of it. */
  readonly limits?: ProfileLimits
}

/** Where a route's requests go that fail for one reason, in place of its fallbacks. */
interface ShownDetours {
  readonly contextWindowFallbacks?: readonly ShownTarget[]
  readonly contentPolicyFallbacks?: readonly ShownTarget[]
}

/** What a valid configuration comes to. It holds no key. */
export interface Report {
  readonly server: {
    readonly host: string
    readonly port: number
    readonly clients: readonly { readonly name: string; readonly routes?: readonly string[] }[]
  }
  /** How a profile is chosen among those of one model. */
  readonly strategy: string
  /** Whose rules judge failures. */
  readonly policy: string
  /** Absent where nothing is probed. */
  readonly probe?: { readonly everyMs: number }
  /** Under strategy `priority` in the order in which they are tried within their provider. */
  readonly profiles: readonly ShownProfile[]
  /** By name. */
  readonly quotaGroups: Readonly<Record<string, ShownGroup>>
  /** By route: its targets in the order in which they would be tried. */
  readonly routes: Readonly<Record<string, readonly ShownTarget[]>>
  /** By route, of those that have any. */
  readonly detours: Readonly<Record<string, ShownDetours>>
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
  const { routes: written = {} } = setup.failover
  const { strategy, policy, health } = manager.config
  // The published designs return every failure that is the request's own, and their windows are not probed.
  const isEvidence = policy === 'evidence'
  const routes: Record<string, readonly ShownTarget[]> = {}
  const detours: Record<string, ShownDetours> = {}
  for (const [name, { primary, fallbacks = [] }] of Object.entries(written)) {
    routes[name] = await shown([primary, ...fallbacks])
    const own: Record<string, readonly ShownTarget[]> = {}
    for (const detour of isEvidence ? DETOURS : []) {
      const references = detourOf(written, name, detour)
      if (references.length > 0) own[detour] = await shown(references)
    }
    if (Object.keys(own).length > 0) detours[name] = own
  }
  return {
    server: { host, port, clients: clients.map(({ key: _, ...client }) => client) },
    strategy,
    policy,
    ...(isEvidence && health.probe.enabled && { probe: { everyMs: health.probe.everyMs } }),
    profiles: manager.listProfiles().map((profile) => showProfile(profile, manager, registry)),
    quotaGroups: groupsOf(manager),
    routes,
    detours,
    fallbacks: await shown(setup.failover.fallbacks ?? []),
    disabled: setup.disabled,
  }
}

const DETOURS = ['contextWindowFallbacks', 'contentPolicyFallbacks'] as const

function showProfile(profile: Profile, manager: FailoverManager, registry: HttpProviders): ShownProfile {
  const { id, priority, weight, limits, quotaGroup } = profile
  return {
    profile: id,
    ...whereabouts(id, manager, registry),
    priority,
    weight,
    ...(Object.keys(limits).length > 0 && { limits }),
    ...(quotaGroup !== undefined && { quotaGroup }),
  }
}

function groupsOf(manager: FailoverManager): Record<string, ShownGroup> {
  const { quotaGroups } = manager.config
  const members = new Map<string, string[]>()
  for (const { id, quotaGroup } of manager.listProfiles())
    if (quotaGroup !== undefined) members.set(quotaGroup, [...(members.get(quotaGroup) ?? []), id])
  return Object.fromEntries(
    [...members].map(([name, profiles]) => {
      const limits = Object.hasOwn(quotaGroups, name) ? quotaGroups[name] : undefined
      return [name, { profiles, ...(limits !== undefined && Object.keys(limits).length > 0 && { limits }) }]
    }),
  )
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
