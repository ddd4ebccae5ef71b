import type { ProfileLimits, ProfileOptions } from '../../src/index.ts'
import type { World } from './plan.ts'

/** What is known of a profile from what was configured and from what has been seen. */
export interface KnownProfile {
  options: ProfileOptions
  readonly provider: string
  /** Place in the order of declaration; one that was removed and added again is another one. */
  declared: number
  isDisabled: boolean
  /** Attempts and leases under way. */
  inFlight: number
  /** When attempts began, epoch milliseconds; only those that a limit counts. */
  starts: number[]
  /** Tokens that were reported, and when. */
  spent: { readonly at: number; readonly tokens: number }[]
}

export type ProviderState = 'registered' | 'disabled' | 'unknown'

/** One model of a request's chain. */
export interface KnownLink {
  readonly provider: string
  readonly model: string
  readonly pinned?: string
}

/** One target as the oracle sees it. */
export interface KnownTarget {
  readonly profile: KnownProfile
  readonly model: string
}

const MINUTE = 60_000

/** The configuration as it stands now, kept beside the manager by whoever changes it. */
export class Mirror {
  readonly providers = new Map<string, ProviderState>()
  readonly #order: Readonly<Record<string, readonly string[]>>
  readonly #profiles = new Map<string, KnownProfile>()
  readonly #implicit = new Map<string, KnownProfile>()
  /** Providers that have or had profiles: for them there is no stand-in. */
  readonly #managed = new Set<string>()
  #declared = 0

  constructor({ options, providers, profiles }: World) {
    this.#order = options.order ?? {}
    for (const { name, isRegistered } of providers) this.providers.set(name, isRegistered ? 'registered' : 'unknown')
    for (const profile of profiles) this.add(profile)
  }

  get profiles(): KnownProfile[] {
    return [...this.#profiles.values()]
  }

  /** One that takes the place of its provider's stand-in is the same profile, now configured. */
  add(options: ProfileOptions): void {
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
    this.#profiles.delete(id)
    if (provider !== undefined && id === `${provider}:default`) this.#implicit.delete(provider)
  }

  update(id: string, patch: Partial<ProfileOptions>): void {
    const profile = this.#profiles.get(id)
    if (profile === undefined) return
    const { limits: before = {} } = profile.options
    profile.options = { ...profile.options, ...patch }
    const { limits: after = {} } = profile.options
    // A limit that is new counts from now.
    if (before.requestsPerMinute === undefined && after.requestsPerMinute !== undefined) profile.starts = []
    if (before.tokensPerMinute === undefined && after.tokensPerMinute !== undefined) profile.spent = []
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

  stateOf(provider: string): ProviderState {
    return this.providers.get(provider) ?? 'unknown'
  }

  /** What a link of a chain stands for, read as it was when the request began; undefined where unsure. */
  linkOf(reference: string): KnownLink | undefined {
    const slash = reference.indexOf('/')
    if (slash < 0) return undefined
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
    return [...profiles.filter(isPinned), ...profiles.filter((profile) => !isPinned(profile))].map((profile) => ({
      profile,
      model,
    }))
  }

  /** Is the place of these two decided by configuration, or are they equals? */
  areEqual(a: KnownProfile, b: KnownProfile): boolean {
    const order = this.#order[a.provider] ?? []
    const isOrdered = order.includes(a.options.id) || order.includes(b.options.id)
    return a.provider === b.provider && !isOrdered && (a.options.priority ?? 0) === (b.options.priority ?? 0)
  }

  #of(provider: string): KnownProfile[] {
    const order = this.#order[provider] ?? []
    const rank = ({ options: { id } }: KnownProfile): number => (order.includes(id) ? order.indexOf(id) : order.length)
    return this.profiles
      .filter((profile) => profile.provider === provider)
      .sort(
        (a, b) => rank(a) - rank(b) || (a.options.priority ?? 0) - (b.options.priority ?? 0) || a.declared - b.declared,
      )
  }

  #standIn(provider: string): KnownProfile {
    const profile = this.#implicit.get(provider) ?? known({ id: `${provider}:default` }, 0)
    this.#implicit.set(provider, profile)
    return profile
  }
}

export function originOf({ provider, options: { baseUrl } }: KnownProfile): string {
  return baseUrl === undefined ? provider : new URL(baseUrl).origin
}

/** Which limit of the profile one more attempt would break. */
export function brokenLimit(profile: KnownProfile, now: number): keyof ProfileLimits | undefined {
  const { maxConcurrent = Infinity, requestsPerMinute = Infinity, tokensPerMinute = Infinity } = limitsOf(profile)
  if (profile.inFlight + 1 > maxConcurrent) return 'maxConcurrent'
  if (startsSince(profile, now - MINUTE) + 1 > requestsPerMinute) return 'requestsPerMinute'
  return spentSince(profile, now - MINUTE) >= tokensPerMinute ? 'tokensPerMinute' : undefined
}

/** Surely none of its limits stands against one more attempt; the client may be a little stricter than it must. */
export function hasRoom(profile: KnownProfile, now: number): boolean {
  const { maxConcurrent = Infinity, requestsPerMinute = Infinity, tokensPerMinute } = limitsOf(profile)
  return (
    profile.inFlight < maxConcurrent &&
    startsSince(profile, now - 62_000) < requestsPerMinute &&
    tokensPerMinute === undefined
  )
}

function limitsOf({ options }: KnownProfile): ProfileLimits {
  return options.limits ?? {}
}

function startsSince({ starts }: KnownProfile, since: number): number {
  return starts.reduce((count, at) => (at > since ? count + 1 : count), 0)
}

function spentSince({ spent }: KnownProfile, since: number): number {
  return spent.reduce((sum, { at, tokens }) => (at > since ? sum + tokens : sum), 0)
}

function known(options: ProfileOptions, declared: number): KnownProfile {
  const [provider = ''] = options.id.split(':')
  return {
    options,
    provider: options.provider ?? provider,
    declared,
    isDisabled: false,
    inFlight: 0,
    starts: [],
    spent: [],
  }
}
