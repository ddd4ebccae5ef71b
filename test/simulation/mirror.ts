import type { ProfileLimits, ProfileOptions } from '../../src/index.ts'
import { type Entries, Meter } from './meter.ts'
import type { ProviderPlan, World } from './plan.ts'

/** What is known of a profile from what was configured and from what has been seen. */
export interface KnownProfile {
  options: ProfileOptions
  readonly provider: string
  /** Place in the order of declaration; one that was removed and added again is another one. */
  declared: number
  isDisabled: boolean
  readonly meter: Meter
  /** The scopes of its targets, by model, for as long as these options hold. */
  scopes: { readonly of: ProfileOptions; readonly byModel: Map<string, ReadonlySet<string>> }
}

export type ProviderState = 'registered' | 'disabled' | 'unknown'

/** One model of a request's chain. */
export interface KnownLink {
  readonly provider: string
  /** Absent where every profile serves its own default one. */
  readonly model: string | undefined
  readonly pinned?: string
}

/** One target as the oracle sees it. */
export interface KnownTarget {
  readonly profile: KnownProfile
  readonly model: string
}

/** The configuration as it stands now, kept beside the manager by whoever changes it. */
export class Mirror {
  readonly providers = new Map<string, ProviderState>()
  readonly models: World['models']
  readonly #plans: readonly ProviderPlan[]
  readonly #order: Readonly<Record<string, readonly string[]>>
  /** Does the explicit order go before the priority? */
  readonly #isOrderFirst: boolean
  readonly #profiles = new Map<string, KnownProfile>()
  readonly #implicit = new Map<string, KnownProfile>()
  /** Providers that have or had profiles: for them there is no stand-in. */
  readonly #managed = new Set<string>()
  readonly #groups = new Map<string, Meter>()
  /** The profiles of each provider in order, until something changes. */
  readonly #inOrder = new Map<string, readonly KnownProfile[]>()
  readonly #groupLimits: Readonly<Record<string, ProfileLimits>>
  #declared = 0

  constructor({ options, providers, profiles, models }: World) {
    this.models = models
    this.#plans = providers
    this.#order = options.order ?? {}
    this.#isOrderFirst = (options.strategy ?? 'priority') === 'priority'
    this.#groupLimits = options.quotaGroups ?? {}
    for (const { name, isRegistered } of providers) this.providers.set(name, isRegistered ? 'registered' : 'unknown')
    for (const profile of profiles) this.add(profile)
  }

  get profiles(): KnownProfile[] {
    return [...this.#profiles.values()]
  }

  /** The same with those that stand in for a provider without any. */
  get everyProfile(): KnownProfile[] {
    const standIns = [...this.#implicit.values()].filter(({ provider }) => !this.#managed.has(provider))
    return [...this.profiles, ...standIns]
  }

  /** One that takes the place of its provider's stand-in is the same profile, now configured. */
  add(options: ProfileOptions): void {
    this.#inOrder.clear()
    this.#declared += 1
    const fresh = known(options, this.#declared)
    this.#managed.add(fresh.provider)
    const standIn = this.#implicit.get(fresh.provider)
    if (standIn?.options.id !== options.id) {
      this.#profiles.set(options.id, fresh)
      return
    }
    standIn.declared = this.#declared
    this.#profiles.set(options.id, standIn)
    this.update(options.id, options)
  }

  remove(id: string): void {
    const { provider } = this.#profiles.get(id) ?? {}
    this.#inOrder.clear()
    this.#profiles.delete(id)
    if (provider !== undefined && id === `${provider}:default`) this.#implicit.delete(provider)
  }

  update(id: string, patch: Partial<ProfileOptions>): void {
    const profile = this.#profiles.get(id)
    if (profile === undefined) return
    this.#inOrder.clear()
    const { limits: before = {} } = profile.options
    profile.options = { ...profile.options, ...patch }
    profile.meter.changed(before, profile.options.limits ?? {})
  }

  /** Also a stand-in of a provider without profiles. */
  find(id: string): KnownProfile | undefined {
    const profile = this.#profiles.get(id)
    if (profile !== undefined) return profile
    const [provider = ''] = id.split(':')
    return id === `${provider}:default` && !this.#managed.has(provider) ? this.#standIn(provider) : undefined
  }

  /** It has not been removed: its name still means this one. */
  isKnown(profile: KnownProfile): boolean {
    const { id } = profile.options
    return (this.#profiles.get(id) ?? this.#implicit.get(profile.provider)) === profile
  }

  /** What the fake behind a name is like. */
  planOf(provider: string): ProviderPlan | undefined {
    return this.#plans.find(({ name }) => name === provider)
  }

  stateOf(provider: string): ProviderState {
    return this.providers.get(provider) ?? 'unknown'
  }

  /** An attempt of this profile begins: its own meter counts it, and its quota group's. */
  begin(profile: KnownProfile, now: number, reservedTokens: number): Entries {
    return this.#metersOf(profile).map((meter) => meter.begin(now, reservedTokens))
  }

  #metersOf({ meter, options: { quotaGroup } }: KnownProfile): readonly Meter[] {
    return quotaGroup === undefined ? [meter] : [meter, this.#groupOf(quotaGroup)]
  }

  /** Which limit of the profile or its group one more attempt would break. */
  brokenLimit(profile: KnownProfile, now: number): keyof ProfileLimits | undefined {
    const own = profile.meter.brokenLimit(profile.options.limits ?? {}, now)
    const { quotaGroup } = profile.options
    if (own !== undefined || quotaGroup === undefined) return own
    return this.#groupOf(quotaGroup).brokenLimit(this.#groupLimits[quotaGroup] ?? {}, now)
  }

  /** Surely none of these limits stands against one more attempt. */
  hasRoom(profile: KnownProfile, now: number): boolean {
    const { limits = {}, quotaGroup } = profile.options
    return (
      profile.meter.hasRoom(limits, now) &&
      (quotaGroup === undefined || this.#groupOf(quotaGroup).hasRoom(this.#groupLimits[quotaGroup] ?? {}, now))
    )
  }

  /** What a link of a chain stands for, read as it was when the request began; undefined where unsure. */
  linkOf(reference: string): KnownLink | undefined {
    const slash = reference.indexOf('/')
    if (slash < 0) return this.#servesDefaults(reference) ? { provider: reference, model: undefined } : undefined
    const provider = reference.slice(0, slash)
    const rest = reference.slice(slash + 1)
    const at = rest.lastIndexOf('@')
    const pinned = at > 0 ? this.find(rest.slice(at + 1)) : undefined
    return pinned?.provider === provider
      ? { provider, model: rest.slice(0, at), pinned: pinned.options.id }
      : { provider, model: rest }
  }

  /** The targets of a link as things stand now, in the order in which they are tried. */
  targetsOf({ provider, model, pinned }: KnownLink): KnownTarget[] {
    const own = this.#of(provider)
    const profiles = own.length > 0 || this.#managed.has(provider) ? own : [this.#standIn(provider)]
    const isPinned = ({ options }: KnownProfile): boolean => options.id === pinned
    const inTurn =
      pinned === undefined
        ? profiles
        : [...profiles.filter(isPinned), ...profiles.filter((profile) => !isPinned(profile))]
    return inTurn.flatMap((profile) => {
      const served = model ?? profile.options.model
      return served === undefined ? [] : [{ profile, model: served }]
    })
  }

  /** Is the place of these two decided by configuration, or are they equals? */
  areEqual(a: KnownProfile, b: KnownProfile): boolean {
    const order = this.#order[a.provider] ?? []
    const isOrdered = this.#isOrderFirst && (order.includes(a.options.id) || order.includes(b.options.id))
    return a.provider === b.provider && !isOrdered && (a.options.priority ?? 0) === (b.options.priority ?? 0)
  }

  #servesDefaults(provider: string): boolean {
    return this.#of(provider).some(({ options }) => options.model !== undefined)
  }

  #of(provider: string): readonly KnownProfile[] {
    const known = this.#inOrder.get(provider) ?? this.#arrange(provider)
    this.#inOrder.set(provider, known)
    return known
  }

  #arrange(provider: string): KnownProfile[] {
    const order = this.#order[provider] ?? []
    const rank = ({ options: { id } }: KnownProfile): number => (order.includes(id) ? order.indexOf(id) : order.length)
    const byRank = (a: KnownProfile, b: KnownProfile): number => rank(a) - rank(b)
    const byPriority = (a: KnownProfile, b: KnownProfile): number =>
      (a.options.priority ?? 0) - (b.options.priority ?? 0)
    const [first, second] = this.#isOrderFirst ? [byRank, byPriority] : [byPriority, byRank]
    return this.profiles
      .filter((profile) => profile.provider === provider)
      .sort((a, b) => first(a, b) || second(a, b) || a.declared - b.declared)
  }

  #standIn(provider: string): KnownProfile {
    const profile = this.#implicit.get(provider) ?? known({ id: `${provider}:default` }, 0)
    this.#implicit.set(provider, profile)
    return profile
  }

  #groupOf(name: string): Meter {
    const meter = this.#groups.get(name) ?? new Meter()
    this.#groups.set(name, meter)
    return meter
  }
}

/** The six scopes a target stands in. */
export function scopesOf({ profile, model }: KnownTarget): ReadonlySet<string> {
  const { options } = profile
  if (profile.scopes.of !== options) profile.scopes = { of: options, byModel: new Map() }
  const { byModel } = profile.scopes
  const scopes = byModel.get(model) ?? new Set(scopeNames(profile, model))
  byModel.set(model, scopes)
  return scopes
}

function scopeNames(profile: KnownProfile, model: string): string[] {
  const { id, quotaGroup: group } = profile.options
  const origin = originOf(profile)
  return [
    `profile ${id}`,
    `provider ${origin}`,
    ...(group === undefined ? [] : [`group ${group}`]),
    ...(model === '' ? [] : [`target ${id} ${model}`, `model ${origin} ${model}`]),
    ...(model === '' || group === undefined ? [] : [`group_model ${group} ${model}`]),
  ]
}

export function originOf({ provider, options: { baseUrl } }: KnownProfile): string {
  return baseUrl === undefined ? provider : new URL(baseUrl).origin
}

function known(options: ProfileOptions, declared: number): KnownProfile {
  const [provider = ''] = options.id.split(':')
  return {
    options,
    provider: options.provider ?? provider,
    declared,
    isDisabled: false,
    meter: new Meter(),
    scopes: { of: options, byModel: new Map() },
  }
}
