import { FailoverError, invalidOption } from '../failure/index.ts'
import type { HealthBook } from './health/health-book.ts'
import { type ModelRef, parseModelRef } from './model-ref.ts'
import { Profile } from './profile.ts'
import type { ModelRequest } from './provider.ts'
import type { ProviderRegistry } from './provider-registry.ts'
import { TargetPool } from './select/pool.ts'
import type { Target } from './target.ts'

/** Models whose targets are kept ready, for each provider; a caller who invents names must not fill the memory. */
const MAX_MODELS = 1_000
/** Providers that are known by nothing but their name, likewise. */
const MAX_NAMES = 1_000

interface Tenant {
  readonly profile: Profile
  /** The profile as such, without a model. */
  readonly target: Target
  /** Place in the order of declaration. */
  readonly declared: number
}

/**
 * Which profiles there are, in which order they are tried, and the targets they make with each model.
 *
 * The order within a provider: the explicit `order`, then lower priority, then declaration. Profiles of equal priority
 * make a tier, in which the strategy chooses; a place in the explicit order is a tier of its own. Strategies that choose
 * for themselves look at the priority first: for them the explicit order counts only inside a tier.
 */
export class TargetTable<Request extends ModelRequest, Event> {
  readonly #registry: ProviderRegistry<Request, Event>
  /** Places in the explicit order, by profile id. */
  readonly #places: ReadonlyMap<string, number>
  readonly #book: HealthBook
  readonly #tenants = new Map<string, Tenant>()
  readonly #tenantsByProvider = new Map<string, Map<string, Tenant>>()
  /** The same in the order in which they are tried. */
  readonly #arranged = new Map<string, readonly Tenant[]>()
  /** Providers that have or had profiles: for them nothing is implicit. */
  readonly #managed = new Set<string>()
  /** Profiles that stand in for a provider that has none. */
  readonly #implicit = new Map<string, Tenant>()
  readonly #pools = new Map<string, Map<string, TargetPool>>()
  /** For looks without a model, by provider; '' for all of them. */
  readonly #modelless = new Map<string, TargetPool>()
  readonly #isOrderFirst: boolean
  #declared = 0
  #changes = 0
  #registryVersion = 0

  /** @param isOrderFirst does the explicit order go before the priority? */
  constructor(
    registry: ProviderRegistry<Request, Event>,
    order: Readonly<Record<string, readonly string[]>>,
    book: HealthBook,
    isOrderFirst: boolean,
  ) {
    this.#isOrderFirst = isOrderFirst
    this.#registry = registry
    this.#places = new Map(Object.values(order).flatMap((ids) => ids.map((id, place) => [id, place] as const)))
    this.#book = book
  }

  /** Grows whenever a reference may come to mean something else. */
  get version(): number {
    return this.#changes + this.#registry.version
  }

  get size(): number {
    return this.#tenants.size
  }

  add(profile: Profile): void {
    if (this.#tenants.has(profile.id))
      throw invalidOption('profile.id', profile.id, 'there is a profile of this id already')
    this.#put(profile, this.#declared++)
  }

  replace(profile: Profile): void {
    const { declared, profile: before } = this.#tenant(profile.id)
    if (before.provider !== profile.provider) this.#take(before.id, before.provider)
    this.#put(profile, declared)
  }

  remove(id: string): Profile | undefined {
    const tenant = this.#tenants.get(id)
    if (tenant === undefined) return undefined
    const { provider } = tenant.profile
    this.#take(id, provider)
    // It may have taken the place of the one that stood in for its provider, which is the same profile.
    if (this.#implicit.get(provider)?.profile.id === id) this.#implicit.delete(provider)
    const rest = [...this.#tenants.values(), ...this.#implicit.values()].map(({ target }) => target)
    this.#book.forgetProfile(tenant.profile, tenant.target.origin, rest)
    return tenant.profile
  }

  /** @throws FailoverError `UNKNOWN_PROFILE` */
  profileTarget(id: string): Target {
    return this.#tenant(id).target
  }

  find(id: string): Profile | undefined {
    return (this.#tenants.get(id) ?? this.#implicitById(id))?.profile
  }

  /** Does it have profiles, implicit or not? */
  isKnown(provider: string): boolean {
    return this.#tenantsByProvider.has(provider) || this.#registry.get(provider).state === 'registered'
  }

  /**
   * Every profile as such, in the order in which they would be tried; across providers, by priority. The implicit
   * profile of a provider that is registered is among them where the provider is named.
   */
  profileTargets(provider?: string): Target[] {
    if (provider !== undefined)
      return this.isKnown(provider) ? this.#tenantsOf(provider).map(({ target }) => target) : []
    const places = [...this.#tenants.values()].sort(
      (a, b) => a.profile.priority - b.profile.priority || a.declared - b.declared,
    )
    // Each provider's own order decides among its places.
    const queues = new Map([...this.#tenantsByProvider.keys()].map((name) => [name, this.#inOrder(name)?.values()]))
    return places.flatMap((place) => queues.get(place.profile.provider)?.next().value?.target ?? [])
  }

  /** The same with the implicit ones, in no order. */
  everyProfileTarget(): Target[] {
    return [...this.#tenants.values(), ...this.#implicit.values()].map(({ target }) => target)
  }

  /**
   * The targets of a model at a provider, in the order in which they are tried. Without a model: those of the
   * profiles that name a default one.
   */
  pool(provider: string, model: string | undefined): TargetPool {
    this.#followRegistry()
    const models = this.#pools.get(provider) ?? new Map<string, TargetPool>()
    const known = models.get(model ?? '')
    if (known !== undefined) return known
    if (models.size >= MAX_MODELS) models.clear()
    const targets = this.#tenantsOf(provider).flatMap(({ profile, target: { origin } }) => {
      const served = model ?? profile.model
      return served === undefined ? [] : [this.#book.target(profile, served, origin)]
    })
    const pool = new TargetPool(`${provider} ${model ?? ''}`, targets, this.#rankOf)
    this.#pools.set(provider, models.set(model ?? '', pool))
    return pool
  }

  targets(provider: string, model: string | undefined): readonly Target[] {
    return this.pool(provider, model).targets
  }

  /** Every profile on its default model, else as such; of one provider, or of all. */
  modellessPool(provider: string | undefined): TargetPool {
    this.#followRegistry()
    const known = this.#modelless.get(provider ?? '')
    if (known !== undefined) return known
    if (this.#modelless.size >= MAX_NAMES) this.#modelless.clear()
    const targets = this.profileTargets(provider).map((target) => {
      const { credential, origin } = target
      return credential.model === undefined ? target : this.#book.target(credential, credential.model, origin)
    })
    const pool = new TargetPool(`${provider ?? ''} *`, targets, this.#rankOf)
    this.#modelless.set(provider ?? '', pool)
    return pool
  }

  /** One profile's target for a model. */
  target(id: string, model: string | undefined): Target {
    const { profile, target } = this.#tenant(id)
    if (model === undefined) return target
    const pool = this.#pools.get(profile.provider)?.get(model)
    return pool?.targets[pool.indexOf(id)] ?? this.#book.target(profile, model, target.origin)
  }

  /** The targets of each profile, by its id, that it has been asked for lately or that something stands against. */
  knownTargets(): Map<string, Target[]> {
    const known = new Map<string, Target[]>()
    const add = (target: Target): void => {
      const own = known.get(target.profile)
      if (own === undefined) known.set(target.profile, [target])
      else own.push(target)
    }
    for (const models of this.#pools.values()) for (const { targets } of models.values()) targets.forEach(add)
    for (const [id, models] of this.#book.modelsAgainst()) {
      const ready = new Set(known.get(id)?.map(({ model }) => model))
      if (!this.#tenants.has(id)) continue
      for (const model of models) if (!ready.has(model)) add(this.target(id, model))
    }
    return known
  }

  /** Drops all targets, which come back when they are asked for. */
  dropTargets(): void {
    this.#pools.clear()
    this.#modelless.clear()
  }

  /** Reads a model reference; see `model-ref.ts` for its grammar. */
  resolve(reference: string): ModelRef & { readonly isProviderOnly: boolean } {
    if (this.#isProvider(reference) && this.#tenantsOf(reference).some(({ profile }) => profile.model !== undefined)) {
      return { provider: reference, model: '', isProviderOnly: true }
    }
    const providers = this.#tenantsByProvider.size > 0 ? [...this.#tenantsByProvider.keys()] : this.#registry.names()
    const ref = parseModelRef(reference, {
      isProvider: (name) => this.#isProvider(name),
      aliasOf: (model) => this.#registry.aliasOf(model),
      findProfile: (provider, name) => {
        const tenants = this.#tenantsOf(provider)
        return tenants.find(({ profile }) => profile.id === name || profile.id === `${provider}:${name}`)?.profile.id
      },
      soleProvider: providers.length === 1 ? providers[0] : undefined,
    })
    return { ...ref, isProviderOnly: false }
  }

  #isProvider(name: string): boolean {
    return this.#tenantsByProvider.has(name) || this.#registry.get(name).state !== 'unknown'
  }

  #put(profile: Profile, declared: number): void {
    const { id, provider } = profile
    const tenant: Tenant = { profile, declared, target: this.#book.target(profile, undefined, this.#originOf(profile)) }
    const tenants = this.#tenantsByProvider.get(provider) ?? new Map<string, Tenant>()
    this.#tenants.set(id, tenant)
    this.#tenantsByProvider.set(provider, tenants.set(id, tenant))
    this.#managed.add(provider)
    this.#arrange(provider)
  }

  #take(id: string, provider: string): void {
    this.#tenants.delete(id)
    this.#tenantsByProvider.get(provider)?.delete(id)
    this.#arrange(provider)
  }

  /** The order is made when it is next needed: many profiles may be added at once. */
  #arrange(provider: string): void {
    this.#changes += 1
    this.#pools.delete(provider)
    this.#modelless.clear()
    this.#arranged.delete(provider)
    const tenants = this.#tenantsByProvider.get(provider)
    if (tenants?.size === 0) this.#tenantsByProvider.delete(provider)
  }

  #inOrder(provider: string): readonly Tenant[] | undefined {
    this.#followRegistry()
    const tenants = this.#tenantsByProvider.get(provider)
    if (tenants === undefined) return undefined
    const arranged = this.#arranged.get(provider)
    if (arranged !== undefined) return arranged
    const place = ({ profile }: Tenant): number => this.#places.get(profile.id) ?? Number.MAX_SAFE_INTEGER
    const byPlace = (a: Tenant, b: Tenant): number => place(a) - place(b)
    const byPriority = (a: Tenant, b: Tenant): number => a.profile.priority - b.profile.priority
    const [first, second] = this.#isOrderFirst ? [byPlace, byPriority] : [byPriority, byPlace]
    const inOrder = [...tenants.values()].sort((a, b) => first(a, b) || second(a, b) || a.declared - b.declared)
    this.#arranged.set(provider, inOrder)
    return inOrder
  }

  #tenant(id: string): Tenant {
    this.#followRegistry()
    const tenant = this.#tenants.get(id) ?? this.#implicitById(id)
    if (tenant === undefined) {
      const known = [...this.#tenants.keys()].join(', ') || 'none'
      throw new FailoverError('UNKNOWN_PROFILE', `there is no profile ${JSON.stringify(id)}; known profiles: ${known}`)
    }
    return tenant
  }

  #tenantsOf(provider: string): readonly Tenant[] {
    return this.#inOrder(provider) ?? (this.#managed.has(provider) ? [] : [this.#implicitOf(provider)])
  }

  /** rsclaw's implicit single default profile, `provider:default`, without a key. */
  #implicitOf(provider: string): Tenant {
    const known = this.#implicit.get(provider)
    if (known !== undefined) return known
    if (this.#implicit.size >= MAX_NAMES) this.#dropOldestName()
    const profile = new Profile({ id: `${provider}:default`, provider })
    const target = this.#book.target(profile, undefined, this.#originOf(profile))
    const tenant: Tenant = { profile, declared: 0, target }
    this.#implicit.set(provider, tenant)
    return tenant
  }

  /** Names that no provider is registered under come from callers: the oldest one without an attempt makes room. */
  #dropOldestName(): void {
    for (const [name, { profile, target }] of this.#implicit) {
      if (this.#registry.get(name).state !== 'unknown' || target.health.limits.inFlight > 0) continue
      this.#implicit.delete(name)
      this.#pools.delete(name)
      this.#modelless.delete(name)
      const rest = [...this.#tenants.values(), ...this.#implicit.values()]
      this.#book.forgetProfile(
        profile,
        target.origin,
        rest.map((tenant) => tenant.target),
      )
      return
    }
  }

  #implicitById(id: string): Tenant | undefined {
    const provider = id.endsWith(':default') ? id.slice(0, -':default'.length) : ''
    if (this.#managed.has(provider)) return undefined
    return this.#registry.get(provider).state === 'registered'
      ? this.#implicitOf(provider)
      : this.#implicit.get(provider)
  }

  /** A provider that was registered since may reach its profiles elsewhere: there, nothing is known against them yet. */
  #followRegistry(): void {
    if (this.#registry.version === this.#registryVersion) return
    this.#registryVersion = this.#registry.version
    const hasMoved = ({ profile, target }: Tenant): boolean => this.#originOf(profile) !== target.origin
    for (const tenant of [...this.#tenants.values()].filter(hasMoved)) this.#put(tenant.profile, tenant.declared)
    for (const tenant of [...this.#implicit.values()].filter(hasMoved)) this.#implicit.delete(tenant.profile.provider)
    this.dropTargets()
  }

  readonly #rankOf = ({ id, priority }: Profile): number | undefined =>
    this.#isOrderFirst && this.#places.has(id) ? undefined : priority

  #originOf(profile: Profile): string {
    const entry = this.#registry.get(profile.provider)
    if (entry.state === 'registered' && entry.provider.originOf !== undefined) return entry.provider.originOf(profile)
    return profile.baseUrl === undefined ? profile.provider : new URL(profile.baseUrl).origin
  }
}
