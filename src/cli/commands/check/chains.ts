import { createManager, type Setup } from '../../../config/index.ts'
import { FailoverError, type ProviderRegistry, type TargetRef } from '../../../index.ts'

/** What every target of a rehearsal answers: nothing else suffers for it, and the next one is tried. */
class Rehearsal extends Error {
  readonly status = 429
}

/**
 * The targets of a chain in the order in which they would be tried if each of them failed. The engine itself is asked,
 * with a manager of its own in which nothing is sent and every target fails.
 *
 * @param references the primary model and its fallbacks, as they are written
 */
export async function rehearse(
  { failover, disabled }: Setup,
  registry: ProviderRegistry,
  references: readonly string[],
): Promise<readonly TargetRef[]> {
  const [primary, ...fallbacks] = references
  if (primary === undefined) return []
  const { order = {}, routes = {}, profiles = [], strategy = 'priority' } = failover
  let name = 'rehearsal'
  while (Object.hasOwn(routes, name)) name += '-'
  const manager = createManager(
    {
      failover: {
        // Limits and groups would keep some of them out, and a key would have to be fetched.
        profiles: profiles.map(({ apiKey: _, limits: __, quotaGroup: ___, ...profile }) => profile),
        // Other strategies choose among all profiles of one priority, whatever their order.
        order: strategy === 'priority' ? order : {},
        routes: { ...routes, [name]: { primary, fallbacks } },
        retry: { attempts: 1 },
        budget: { maxAttempts: Number.MAX_SAFE_INTEGER },
        wait: { maxMs: 0 },
      },
      disabled,
    },
    registry,
  )
  try {
    return await manager.run(name, () => Promise.reject(new Rehearsal('nothing is sent')))
  } catch (error) {
    if (!(error instanceof FailoverError)) throw error
    return error.attempts?.map(({ target }) => target) ?? []
  }
}
