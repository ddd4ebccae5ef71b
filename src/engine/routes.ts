import { FailoverError } from '../failure/index.ts'
import type { ModelRequest } from './provider.ts'
import type { TargetPool } from './select/pool.ts'
import type { Target } from './target.ts'
import type { TargetTable } from './target-table.ts'

/** A name that stands for a primary model reference and its fallbacks. */
export interface RouteOptions {
  /** A model reference, or another route's name. */
  readonly primary: string
  /** Tried in order. Default: none. */
  readonly fallbacks?: readonly string[]
  /** Tried in order, in place of `fallbacks`, by a request that is too long for the model that was asked. Default: none. */
  readonly contextWindowFallbacks?: readonly string[]
  /** Tried in order by a request that a filter has refused. Default: none, so that the refusal goes back to the caller. */
  readonly contentPolicyFallbacks?: readonly string[]
}

/** Chains that are kept ready; callers name the models. */
const MAX_CHAINS = 1_000

type DetourList = 'contextWindowFallbacks' | 'contentPolicyFallbacks'

/** What a route's requests try when they fail for one reason: its own list, else that of the route its primary names. */
export function detourOf(
  routes: Readonly<Record<string, RouteOptions>>,
  name: string,
  list: DetourList,
): readonly string[] {
  const seen = new Set<string>()
  for (let at = name; Object.hasOwn(routes, at) && !seen.has(at); at = routes[at]?.primary ?? at) {
    seen.add(at)
    const own = routes[at]?.[list]
    if (own !== undefined) return own
  }
  return []
}

/** What sends a request another way than along its fallbacks. */
export type Detour = 'context_length' | 'content_policy'

/** One model of a request's chain. */
export interface ChainLink {
  /** As it was written. */
  readonly reference: string
  readonly provider: string
  /** Absent where every profile brings its own default model. */
  readonly model: string | undefined
  /** The profile that is to serve it if it can. */
  readonly pinned: string | undefined
  /** It has a part only once the request has failed for this reason, and then in place of the others. */
  readonly onlyAfter: Detour | undefined
  /** The targets that serve it as things stand now, in the order in which they are tried. */
  targets(): readonly Target[]
  /** The same as strategies choose among them. */
  pool(): TargetPool
}

/** Turns what a request asks for into the models that may serve it, in order. */
export class Routes<Request extends ModelRequest, Event> {
  readonly #table: TargetTable<Request, Event>
  readonly #routes: Readonly<Record<string, RouteOptions>>
  readonly #fallbacks: readonly string[]
  readonly #chains = new Map<string, readonly ChainLink[]>()
  #version = -1

  constructor(
    table: TargetTable<Request, Event>,
    routes: Readonly<Record<string, RouteOptions>>,
    fallbacks: readonly string[],
  ) {
    this.#table = table
    this.#routes = routes
    this.#fallbacks = fallbacks
  }

  /**
   * @param model a route's name or a model reference
   * @param fallbacks in place of the configured ones; empty is strict
   */
  chain(model: string, fallbacks?: readonly string[]): readonly ChainLink[] {
    if (fallbacks !== undefined) return this.#build(model, fallbacks)
    const { version } = this.#table
    if (version !== this.#version || this.#chains.size >= MAX_CHAINS) this.#chains.clear()
    this.#version = version
    const known = this.#chains.get(model)
    if (known !== undefined) return known
    const chain = this.#build(model)
    this.#chains.set(model, chain)
    return chain
  }

  #build(model: string, fallbacks?: readonly string[]): ChainLink[] {
    const route = Object.hasOwn(this.#routes, model) ? this.#routes[model] : undefined
    const references =
      route === undefined
        ? [model, ...(fallbacks ?? this.#fallbacks)]
        : [route.primary, ...(fallbacks ?? route.fallbacks ?? [])]
    const seen = new Set(route === undefined ? [] : [model])
    const linksOf = (names: readonly string[], onlyAfter?: Detour): ChainLink[] =>
      this.#expand(names, seen).map((reference) => this.#link(reference, onlyAfter))
    const detour = (list: DetourList): readonly string[] =>
      fallbacks === undefined ? detourOf(this.#routes, model, list) : []
    const links = [
      ...linksOf(references),
      ...linksOf(detour('contextWindowFallbacks'), 'context_length'),
      ...linksOf(detour('contentPolicyFallbacks'), 'content_policy'),
    ]
    // A model that is named twice is still one model: trying it again is what retries are for.
    return links.filter((link, index) => {
      const isSame = (other: ChainLink): boolean =>
        other.provider === link.provider &&
        other.model === link.model &&
        other.pinned === link.pinned &&
        other.onlyAfter === link.onlyAfter
      return links.findIndex(isSame) === index
    })
  }

  /** Replaces names of routes by what they stand for; a route met on the way to itself is left out. */
  #expand(references: readonly string[], seen: ReadonlySet<string>): string[] {
    return references.flatMap((reference) => {
      const route = Object.hasOwn(this.#routes, reference) ? this.#routes[reference] : undefined
      if (route === undefined) return [reference]
      if (seen.has(reference)) return []
      return this.#expand([route.primary, ...(route.fallbacks ?? [])], new Set([...seen, reference]))
    })
  }

  #link(reference: string, onlyAfter: Detour | undefined): ChainLink {
    if (reference.trim() === '') throw new FailoverError('INVALID_REQUEST', 'a model reference must not be empty')
    const { provider, model, profile, isProviderOnly } = this.#table.resolve(reference)
    const served = isProviderOnly ? undefined : model
    const targets = (): readonly Target[] => this.#table.targets(provider, served)
    const pool = (): TargetPool => this.#table.pool(provider, served)
    return { reference, provider, model: served, pinned: profile, onlyAfter, targets, pool }
  }
}
