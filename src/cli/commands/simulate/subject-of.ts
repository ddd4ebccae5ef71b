import { createManager, type Setup } from '../../../config/index.ts'
import { httpProviders } from '../../../http/index.ts'
import type { Subject } from '../../../simulate/index.ts'

/** A configuration as far as a simulation is concerned. Nothing is sent: what is disabled for want of a key takes part. */
export async function subjectOf({ failover, http }: Setup): Promise<Subject> {
  await using registry = httpProviders(http)
  const manager = createManager({ failover, disabled: [] }, registry)
  const dialects: Record<string, string> = {}
  const origins: Record<string, string> = {}
  const takers = new Map<string, (model: string) => boolean>()
  for (const name of Object.keys(http.providers ?? {})) {
    const upstream = registry.upstreamOf(name)
    if (upstream === undefined) continue
    dialects[name] = upstream.dialect.name
    for (const profile of manager.listProfiles()) {
      if (profile.provider !== name) continue
      origins[profile.id] = upstream.originOf(profile)
      takers.set(profile.id, (model) => upstream.prefillFor(profile, model) !== undefined)
    }
  }
  return {
    failover,
    dialects,
    origins,
    takesPrefill: ({ profile, model }) => takers.get(profile)?.(model) ?? false,
  }
}
