import type { Dialect } from '../dialects/index.ts'
import type { Clock, Profile } from '../engine/index.ts'
import { FailoverError } from '../failure/index.ts'
import type { Pools } from '../transport/index.ts'
import { parseBaseUrl } from './base-url.ts'
import { Credentials } from './credentials.ts'
import { type PrefillForm, type PrefillModels, prefillOf } from './prefill.ts'
import { QuotaNotes } from './quota-notes.ts'

export interface UpstreamOptions {
  readonly name: string
  readonly dialect: Dialect
  /** Where it is, for profiles of this provider that name no `baseUrl` of their own. */
  readonly baseUrl: URL | undefined
  /** Further request headers, lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Which models go on from a prefill. Default: those that are known to, where they are known. */
  readonly prefill?: PrefillModels | undefined
  readonly pools: Pools
  readonly clock: Clock
  /** The most bytes of one streamed event. Default 8 MiB. */
  readonly maxEventBytes: number | undefined
  /** The most bytes of an answer that is not streamed. */
  readonly maxResponseBytes: number
}

/** Addresses that are kept ready; profiles come and go. */
const MAX_ENDPOINTS = 1_000

/** One provider as it is reached over HTTP, whatever door the request came in by. */
export class Upstream {
  readonly name: string
  readonly dialect: Dialect
  readonly headers: Readonly<Record<string, string>>
  readonly pools: Pools
  readonly clock: Clock
  readonly maxEventBytes: number | undefined
  readonly maxResponseBytes: number
  readonly quotaNotes: QuotaNotes
  readonly #baseUrl: URL | undefined
  readonly #prefill: PrefillModels | undefined
  readonly #endpoints = new Map<string, URL>()
  /** The latest of each profile; a profile that is changed is another object. */
  readonly #credentials = new WeakMap<
    Profile,
    { readonly apiKey: string | undefined; readonly credentials: Credentials }
  >()

  constructor(options: UpstreamOptions) {
    const { name, dialect, baseUrl, headers, prefill, pools, clock, maxEventBytes, maxResponseBytes } = options
    this.name = name
    this.dialect = dialect
    this.headers = headers
    this.pools = pools
    this.clock = clock
    this.maxEventBytes = maxEventBytes
    this.maxResponseBytes = maxResponseBytes
    this.quotaNotes = new QuotaNotes(clock)
    this.#baseUrl = baseUrl
    this.#prefill = prefill
  }

  /**
   * Scheme, host and port; the profile's provider where it has no address at all, which `endpointOf` complains about.
   *
   * @throws FailoverError `INVALID_OPTION` where the profile's address is none
   */
  originOf(profile: Profile): string {
    return this.#baseUrlOf(profile)?.origin ?? profile.provider
  }

  /** Where a profile's requests go. @throws FailoverError `INVALID_OPTION` where nothing says so, or it is no address */
  endpointOf(profile: Profile): URL {
    const key = profile.baseUrl ?? ''
    const known = this.#endpoints.get(key)
    if (known !== undefined && (key !== '' || profile.provider === this.name)) return known
    const baseUrl = this.#baseUrlOf(profile)
    if (baseUrl === undefined) {
      const message = `profile ${profile.id}: nothing says where provider ${profile.provider} is; give the profile a baseUrl`
      throw new FailoverError('INVALID_OPTION', message)
    }
    if (this.#endpoints.size >= MAX_ENDPOINTS) this.#endpoints.clear()
    const endpoint = this.dialect.endpointOf(baseUrl)
    this.#endpoints.set(key, endpoint)
    return endpoint
  }

  /**
   * How a profile's target wants a prefill; undefined where it is not known to go on from one, or has no address.
   *
   * @param model bare model id
   */
  prefillFor(profile: Profile, model: string): PrefillForm | undefined {
    let endpoint: URL
    try {
      endpoint = this.endpointOf(profile)
    } catch {
      // Whoever sends there is told.
      return undefined
    }
    return prefillOf(endpoint, model, this.#prefill)
  }

  /** What the operator and the profile bring. @throws FailoverError `PROVIDER_ERROR`, reason `auth` */
  credentialsOf(profile: Profile, apiKey: string | undefined): Credentials {
    const known = this.#credentials.get(profile)
    if (known !== undefined && known.apiKey === apiKey) return known.credentials
    const url = this.endpointOf(profile)
    const { origin } = url
    const credentials = new Credentials({ dialect: this.dialect, origin, headers: this.headers, profile, apiKey }, url)
    this.#credentials.set(profile, { apiKey, credentials })
    return credentials
  }

  /** A profile of another provider gets no address from this one: its key would go to a stranger. */
  #baseUrlOf(profile: Profile): URL | undefined {
    if (profile.baseUrl !== undefined) return parseBaseUrl(`profile ${profile.id}: baseUrl`, profile.baseUrl)
    return profile.provider === this.name ? this.#baseUrl : undefined
  }
}
