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
  /** Is this target known to go on from a prefill? Default: none is. */
  readonly takesPrefill?: (target: TargetRef) => boolean
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

/**
 * The first route. Without routes a model of the first provider for which the fallbacks can stand in: one that they do not
 * name, and that speaks the dialect of the first of them.
 */
export function defaultRoute({ failover, dialects }: Subject): string {
  const { routes = {}, fallbacks = [], profiles = [] } = failover
  const [route] = Object.keys(routes)
  if (route !== undefined) return route
  const providers = Object.keys(dialects)
  const behind = fallbacks.map(providerIn)
  const others = providers.filter((name) => !behind.includes(name))
  const dialect = dialects[behind[0] ?? '']
  const hasDefault = (name: string): boolean =>
    profiles.some(({ provider, model }) => provider === name && model !== undefined)
  const fit = others.filter((name) => dialect === undefined || dialects[name] === dialect)
  const provider = fit.find(hasDefault) ?? fit[0] ?? others[0] ?? providers[0] ?? 'openai'
  return hasDefault(provider) ? provider : `${provider}/any-model`
}

/**
 * Is it a route, or does it begin with a provider that is configured? The engine takes any other name for a model of some
 * provider; here that would hide a name that is misspelt.
 */
export function isRouteOf({ failover, dialects }: Subject, name: string): boolean {
  const { routes = {}, profiles = [] } = failover
  if (Object.hasOwn(routes, name)) return true
  const provider = providerIn(name)
  if (!Object.hasOwn(dialects, provider)) return false
  return (
    name.length > provider.length + 1 || profiles.some((each) => each.provider === name && each.model !== undefined)
  )
}

/** What routes may be called, in words. */
export function routesOf({ failover, dialects }: Subject): string {
  const references = Object.keys(dialects).map((provider) => `${provider}/MODEL`)
  return [...Object.keys(failover.routes ?? {}), ...references].join(', ')
}

function providerIn(reference: string): string {
  return reference.split('/', 1)[0] ?? ''
}

/** Who has a part in requests for a route. */
export interface Cast {
  /** The wire format the requests are in. */
  readonly dialect: string
  /** The targets that speak it, in the order in which they are tried where each of them fails. */
  readonly chain: readonly [SimulatedTarget, ...SimulatedTarget[]]
  /** Those that speak another: the gateway serves a request with targets of its own dialect alone. */
  readonly leftOut: readonly SimulatedTarget[]
}

/**
 * @param dialect default: that of the provider of the first target
 * @throws FailoverError where the route leads nowhere, or to nobody who speaks the dialect
 */
export async function castOf(subject: Subject, route: string, dialect?: string): Promise<Cast> {
  const all = await targetsOf(subject, route)
  const spoken = dialect ?? all[0]?.dialect ?? 'openai'
  const [first, ...others] = all.filter((target) => target.dialect === spoken)
  if (first === undefined)
    throw new FailoverError('NO_TARGET', `no target of ${JSON.stringify(route)} speaks the dialect ${spoken}`)
  return { dialect: spoken, chain: [first, ...others], leftOut: all.filter((target) => target.dialect !== spoken) }
}

/** What every target of a rehearsal answers: nothing else suffers for it, and the next one is tried. */
class Rehearsal extends Error {
  readonly status = 429
}

/**
 * The targets of a route in the order in which they are tried where each of them fails. The engine itself is asked.
 * @throws FailoverError where the route leads nowhere
 */
async function targetsOf(subject: Subject, route: string): Promise<readonly SimulatedTarget[]> {
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
