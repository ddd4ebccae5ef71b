import { FailoverManager, formatTarget } from '../engine/index.ts'
import { FailoverError, type TargetRef } from '../failure/index.ts'
import type { ManagerData } from './engine-contender.ts'
import type { Fault, FaultSubject } from './scenario.ts'
import { isAbout, type SimulatedTarget } from './target.ts'

/** A configuration as far as a simulation is concerned: no key in it is used. */
export interface Subject {
  readonly failover: ManagerData
  /** The wire format of each provider, by name. */
  readonly dialects: Readonly<Record<string, string>>
  /** Scheme, host and port that each profile is reached at, by its id. */
  readonly origins: Readonly<Record<string, string>>
}

/** What stands for the first target of the route's first and second model in a fault. */
export const PRIMARY = '<primary>'
export const FALLBACK = '<fallback>'

export function locateIn({ failover, dialects, origins }: Subject): (ref: TargetRef) => SimulatedTarget {
  const groups = new Map(failover.profiles?.map(({ id, quotaGroup }) => [id, quotaGroup]))
  return ({ provider, model, profile }) => ({
    provider,
    model,
    profile,
    name: formatTarget({ provider, model, profile }),
    origin: origins[profile] ?? `https://${provider}.invalid`,
    dialect: dialects[provider] ?? 'openai',
    account: groups.get(profile) ?? profile,
  })
}

/** The first route, else the first fallback, else the first model there is. */
export function defaultRoute({ failover, dialects }: Subject): string {
  const { routes = {}, fallbacks = [], profiles = [] } = failover
  const [route] = Object.keys(routes)
  const [provider = 'openai'] = Object.keys(dialects)
  const ofProfile = profiles.find(({ model }) => model !== undefined)?.provider
  return route ?? fallbacks[0] ?? ofProfile ?? `${provider}/any-model`
}

/** What every target of a rehearsal answers: nothing else suffers for it, and the next one is tried. */
class Rehearsal extends Error {
  readonly status = 429
}

/**
 * The targets of a route in the order in which they are tried where each of them fails. The engine itself is asked.
 * @throws FailoverError where the route leads nowhere
 */
export async function targetsOf(subject: Subject, route: string): Promise<readonly SimulatedTarget[]> {
  const { order, routes, fallbacks, profiles = [] } = subject.failover
  const unused = (): Promise<never> => Promise.reject(new Rehearsal('nothing is sent'))
  const manager = new FailoverManager({
    // Limits and groups would keep some of them out.
    profiles: profiles.map(({ apiKey: _, limits: __, quotaGroup: ___, ...profile }) => profile),
    ...(order !== undefined && { order }),
    ...(routes !== undefined && { routes }),
    ...(fallbacks !== undefined && { fallbacks }),
    retry: { attempts: 1 },
    budget: { maxAttempts: Number.MAX_SAFE_INTEGER },
    wait: { maxMs: 0 },
    registry: Object.fromEntries(Object.keys(subject.dialects).map((name) => [name, { name, stream: unused }])),
  })
  try {
    await manager.open(route, { isStreaming: true, start: unused })
    return []
  } catch (error) {
    if (!(error instanceof FailoverError)) throw error
    const locate = locateIn(subject)
    const tried = error.attempts?.map(({ target }) => locate(target)) ?? []
    if (tried.length === 0) throw error
    return tried
  }
}

/** The first target of the first model, and of the first model behind it. */
function landmarks(chain: readonly SimulatedTarget[]): Readonly<Record<string, SimulatedTarget | undefined>> {
  const [primary] = chain
  const fallback = chain.find(({ provider, model }) => provider !== primary?.provider || model !== primary.model)
  return { [PRIMARY]: primary, [FALLBACK]: fallback }
}

/** A fault whose subject is named, and the targets of the route it is about. */
export interface NamedFault {
  readonly fault: Fault
  readonly targets: readonly SimulatedTarget[]
}

/** Puts names where a fault says `<primary>` or `<fallback>`. Where there is no fallback it is about nothing. */
export function nameFaults(faults: readonly Fault[], chain: readonly SimulatedTarget[]): NamedFault[] {
  const known = landmarks(chain)
  return faults.map((fault) => {
    const about: FaultSubject = Object.fromEntries(
      Object.entries(fault.about).map(([key, name]) => {
        const landmark = Object.hasOwn(known, name) ? known[name] : undefined
        return [key, landmark === undefined ? name : landmark[key as keyof FaultSubject]]
      }),
    )
    return { fault: { ...fault, about }, targets: chain.filter((target) => isAbout(about, target)) }
  })
}
