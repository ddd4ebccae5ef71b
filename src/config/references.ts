import { FailoverManager, ProviderRegistry } from '../engine/index.ts'
import { WELL_KNOWN } from '../http/index.ts'
import type { Mistakes } from './mistakes.ts'
import type { Located, Outline } from './outline.ts'
import type { Path } from './places.ts'
import { allowed, quoted } from './provider-checks.ts'

/** Routes, fallbacks, clients and bounds: whether what one place names is there in another. */
export function checkReferences(outline: Outline, mistakes: Mistakes): void {
  const registry = registryOf(outline)
  for (const reference of [...[...outline.routes.values()].flat(), ...outline.fallbacks])
    checkReference(reference, outline, registry, mistakes)
  for (const { reference, circle } of circlesOf(outline.routes))
    mistakes.add(
      reference.path,
      `the fallbacks go round in a circle: ${circle.join(' → ')}; a route may not lead back to itself`,
    )
  checkQuotaGroups(outline, mistakes)
  checkClients(outline, mistakes)
  checkBounds(outline, mistakes)
}

/** The same knowledge as the engine's: every well-known name is a provider, those of the file are in use. */
function registryOf({ providers }: Outline): ProviderRegistry {
  const registry = new ProviderRegistry()
  const standIn = { name: 'provider', stream: () => Promise.reject(new Error('only a name')) }
  for (const name of new Set([...Object.keys(WELL_KNOWN), ...providers.keys()])) {
    if (providers.has(name)) registry.register(name, standIn)
    else registry.disable(name, 'it is not in the file')
  }
  return registry
}

function checkReference(
  { text, path }: Located,
  { providers, routes }: Outline,
  registry: ProviderRegistry,
  mistakes: Mistakes,
): void {
  if (routes.has(text) || text.trim() === '') return
  const own = providers.get(text)
  if (own !== undefined) {
    if (!own.profiles.some(({ hasModel }) => hasModel))
      mistakes.add(
        path,
        `${quoted(text)} names a provider without a model; write ${text}/MODEL, or give one of its profiles a model`,
      )
    return
  }
  const { provider } = registry.resolve(text)
  if (providers.has(provider)) return
  const missing = text.startsWith(`${provider}/`)
    ? `there is no provider ${quoted(provider)} under providers`
    : `${quoted(text)} is no route, and as a model it is of the provider ${quoted(provider)}, which is not under providers`
  mistakes.add(
    path,
    `${missing}; allowed are a route, or provider/model with one of ${[...providers.keys()].join(', ')}`,
  )
}

/** Limits of a group that nobody is in would hold nobody back. */
function checkQuotaGroups({ providers, quotaGroups }: Outline, mistakes: Mistakes): void {
  const profiles = [...providers.values()].flatMap((provider) => provider.profiles)
  const groups = new Set(profiles.flatMap(({ quotaGroup }) => (quotaGroup === undefined ? [] : [quotaGroup])))
  for (const { text, path } of quotaGroups)
    if (!groups.has(text)) mistakes.add(path, `no profile has the quotaGroup ${quoted(text)}; ${allowed([...groups])}`)
}

interface Circle {
  /** The reference that closes it. */
  readonly reference: Located
  /** The names of its routes; the first once more at the end. */
  readonly circle: readonly string[]
}

/** Every way from a route back to itself, once. */
function circlesOf(routes: Outline['routes']): Circle[] {
  const circles: Circle[] = []
  const done = new Set<string>()
  const follow = (name: string, way: readonly string[]): void => {
    for (const reference of routes.get(name) ?? []) {
      const at = way.indexOf(reference.text)
      if (at >= 0) circles.push({ reference, circle: [...way.slice(at), reference.text] })
      else if (routes.has(reference.text) && !done.has(reference.text)) follow(reference.text, [...way, reference.text])
    }
    done.add(name)
  }
  for (const name of routes.keys()) if (!done.has(name)) follow(name, [name])
  return circles
}

function checkClients({ clients, routes }: Outline, mistakes: Mistakes): void {
  for (const [index, { path, name, key, routes: own }] of clients.entries()) {
    const before = clients.slice(0, index)
    if (name !== undefined && before.some((other) => other.name === name))
      mistakes.add([...path, 'name'], `${quoted(name)} is also the name of another client; each may be there once`)
    if (key !== undefined && before.some((other) => other.key === key))
      mistakes.add([...path, 'key'], 'another client has the same key; each must have its own')
    for (const { text, path: at } of own) {
      if (!routes.has(text)) mistakes.add(at, `there is no route ${quoted(text)}; ${allowed([...routes.keys()])}`)
    }
  }
}

/** A longest that is shorter than the shortest; where one is not given, its default counts. */
function checkBounds({ numberAt }: Outline, mistakes: Mistakes): void {
  const { retry, cooldown } = FailoverManager.withDefaults().status().config
  const check = (path: Path & readonly string[], unit: 'DelayMs' | 'Ms', shortest: number, longest: number): void => {
    const min = numberAt(...path, `min${unit}`)
    const max = numberAt(...path, `max${unit}`)
    if ((min ?? shortest) <= (max ?? longest)) return
    if (max === undefined)
      mistakes.add([...path, `min${unit}`], `${min} is not allowed; it must not be more than max${unit} (${longest})`)
    else
      mistakes.add(
        [...path, `max${unit}`],
        `${max} is not allowed; it must not be less than min${unit} (${min ?? shortest})`,
      )
  }
  check(['retry'], 'DelayMs', retry.minDelayMs, retry.maxDelayMs)
  for (const kind of ['rateLimit', 'breaker', 'billing', 'auth', 'permission', 'error'] as const)
    check(['cooldown', kind], 'Ms', cooldown[kind].minMs, cooldown[kind].maxMs)
}
