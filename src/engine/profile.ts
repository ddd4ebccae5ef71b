import { checkName, checkNumber, checkRecord, checkText, invalidOption, isRecord, misplaced } from '../failure/index.ts'

/**
 * A key that is fetched when it is needed, within 10 s. It is kept until `expiresAt` (epoch milliseconds; absent: for
 * good), or until a provider refuses it.
 */
export type ApiKeySource = (options: { readonly signal: AbortSignal }) => ApiKeyGrant | Promise<ApiKeyGrant>
export type ApiKeyGrant = string | { readonly value: string; readonly expiresAt?: number }

/** Limits the client keeps by itself, so that the provider need not refuse. Absent: not limited. */
export interface ProfileLimits {
  /** Requests in any 60 seconds, at least 1. */
  readonly requestsPerMinute?: number
  /** Tokens (input and output) in any 60 seconds, at least 1; reserved before, settled with the usage that answers report. */
  readonly tokensPerMinute?: number
  /** Requests under way at the same time, at least 1. */
  readonly maxConcurrent?: number
}

/** A named credential of one provider, as it is configured. */
export interface ProfileOptions {
  /** Unique; by convention `provider:name`. */
  readonly id: string
  /** Default: what stands before the `:` of the id. */
  readonly provider?: string
  /** The key, or a function that fetches it; absent for providers that need none. */
  readonly apiKey?: string | ApiKeySource
  readonly baseUrl?: string
  /** Serves requests that name only the provider; changes nothing for the others. */
  readonly model?: string
  /** Lower is tried first. Default 0. */
  readonly priority?: number
  /** Share of the traffic among equals, for strategies that weigh; more than 0. Default 1. */
  readonly weight?: number
  readonly limits?: ProfileLimits
  /** Profiles that share the provider's limits (one organisation, project or team) carry the same name. */
  readonly quotaGroup?: string
  /** Yours; handed to the provider untouched. */
  readonly metadata?: Readonly<Record<string, unknown>>
}

const PROFILE_KEYS = [
  'id',
  'provider',
  'apiKey',
  'baseUrl',
  'model',
  'priority',
  'weight',
  'limits',
  'quotaGroup',
  'metadata',
]
/** Shared by all that have none. */
const NONE = Object.freeze({})
const INSPECT = Symbol.for('nodejs.util.inspect.custom')

/**
 * A profile that has been checked. Immutable. Its key can be read (`profile.apiKey`) but shows up in no JSON, no
 * inspection and no enumeration.
 */
export class Profile {
  readonly id: string
  readonly provider: string
  readonly baseUrl: string | undefined
  readonly model: string | undefined
  readonly priority: number
  readonly weight: number
  readonly limits: ProfileLimits
  readonly quotaGroup: string | undefined
  readonly metadata: Readonly<Record<string, unknown>>
  readonly #apiKey: string | ApiKeySource | undefined

  /** @throws FailoverError `INVALID_OPTION`, naming `path` and what is allowed */
  constructor(options: ProfileOptions, path = 'profile') {
    checkProfileOptions(options, path)
    this.id = options.id
    this.provider = options.provider ?? providerOfId(options.id)
    this.baseUrl = options.baseUrl
    this.model = options.model
    this.priority = options.priority ?? 0
    this.weight = options.weight ?? 1
    this.limits = options.limits === undefined ? NONE : { ...options.limits }
    this.quotaGroup = options.quotaGroup
    this.metadata = options.metadata ?? NONE
    this.#apiKey = options.apiKey
  }

  /** The key as it was configured. */
  get apiKey(): string | ApiKeySource | undefined {
    return this.#apiKey
  }

  /** A new profile with some options changed; the id stays. */
  with(patch: Partial<Omit<ProfileOptions, 'id'>>): Profile {
    checkRecord('patch', patch, PROFILE_KEYS.slice(1))
    const { id, provider, baseUrl, model, priority, weight, limits, quotaGroup, metadata } = this
    const current = {
      id,
      provider,
      baseUrl,
      model,
      priority,
      weight,
      limits,
      quotaGroup,
      metadata,
      apiKey: this.#apiKey,
    }
    return new Profile(withoutUndefined({ ...current, ...patch }))
  }

  /** As shown in status, JSON and logs: the key masked, metadata that looks secret masked. */
  toJSON(): ProfileView {
    const { id, provider, baseUrl, model, priority, weight, limits, quotaGroup, metadata } = this
    return withoutUndefined({
      id,
      provider,
      apiKey: maskKey(this.#apiKey),
      baseUrl: shownUrl(baseUrl),
      model,
      priority,
      weight,
      limits,
      quotaGroup,
      metadata: maskMetadata(metadata),
    })
  }

  [INSPECT](): ProfileView {
    return this.toJSON()
  }
}

/** A profile as it may be shown. */
export interface ProfileView {
  readonly id: string
  readonly provider: string
  /** `***` and the last four characters; `***` alone for a short key or a function; absent where there is none. */
  readonly apiKey?: string
  readonly baseUrl?: string
  readonly model?: string
  readonly priority: number
  readonly weight: number
  readonly limits: ProfileLimits
  readonly quotaGroup?: string
  readonly metadata: Readonly<Record<string, unknown>>
}

function checkProfileOptions(options: ProfileOptions, path: string): void {
  checkRecord(path, options, PROFILE_KEYS)
  checkName(`${path}.id`, options.id)
  if (options.provider !== undefined) checkName(`${path}.provider`, options.provider)
  else if (providerOfId(options.id) === '') {
    throw invalidOption(
      `${path}.provider`,
      undefined,
      `it must be named, since the id ${JSON.stringify(options.id)} has no "provider:" in front`,
    )
  }
  const { apiKey } = options
  if (apiKey !== undefined && typeof apiKey !== 'function' && (typeof apiKey !== 'string' || apiKey === '')) {
    throw invalidOption(
      `${path}.apiKey`,
      apiKey,
      'it must be a text that is not empty, or a function; leave it out where there is none',
    )
  }
  if (options.baseUrl !== undefined) checkBaseUrl(`${path}.baseUrl`, options.baseUrl)
  if (options.model !== undefined) checkText(`${path}.model`, options.model)
  if (options.quotaGroup !== undefined) checkName(`${path}.quotaGroup`, options.quotaGroup)
  checkNumber(`${path}.priority`, options.priority, { min: Number.MIN_SAFE_INTEGER })
  checkNumber(`${path}.weight`, options.weight, { min: Number.MIN_VALUE })
  if (options.limits !== undefined) checkLimits(`${path}.limits`, options.limits)
  if (options.metadata !== undefined && !isRecord(options.metadata)) {
    throw invalidOption(`${path}.metadata`, options.metadata, 'it must be an object')
  }
}

export function checkLimits(path: string, limits: ProfileLimits): void {
  checkRecord(path, limits, ['requestsPerMinute', 'tokensPerMinute', 'maxConcurrent'])
  for (const [name, value] of Object.entries(limits)) checkNumber(`${path}.${name}`, value, { min: 1, integer: true })
}

/** The value is not shown: a key is easily put into the wrong field, and a URL may hold one. */
function checkBaseUrl(path: string, value: unknown): void {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined
  const isHttp = url?.protocol === 'https:' || url?.protocol === 'http:'
  if (url === undefined || !isHttp || url.username !== '' || url.password !== '') {
    throw misplaced(
      path,
      value,
      'it must be an http or https URL without user name and password, such as https://api.example.com/v1',
    )
  }
}

/** Without its query, which may hold a key. */
function shownUrl(baseUrl: string | undefined): string | undefined {
  return baseUrl?.replace(/\?.*$/s, '?…')
}

function providerOfId(id: string): string {
  const colon = id.indexOf(':')
  return colon > 0 ? id.slice(0, colon) : ''
}

/** Keys shorter than this would be half revealed by their last four characters. */
const SHORTEST_SHOWN_KEY = 9

function maskKey(apiKey: string | ApiKeySource | undefined): string | undefined {
  if (apiKey === undefined) return undefined
  return typeof apiKey === 'string' && apiKey.length >= SHORTEST_SHOWN_KEY ? `***${apiKey.slice(-4)}` : '***'
}

const MAX_METADATA_DEPTH = 8

function maskMetadata(metadata: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const mask = (value: unknown, depth: number): unknown => {
    if (depth > MAX_METADATA_DEPTH) return '…'
    if (Array.isArray(value)) return value.map((item) => mask(item, depth + 1))
    if (!isRecord(value)) return value
    const entries = Object.entries(value).map(([name, inner]) => [
      name,
      SECRET_NAME.test(name) ? '***' : mask(inner, depth + 1),
    ])
    return Object.fromEntries(entries)
  }
  return mask(metadata, 0) as Record<string, unknown>
}

const SECRET_NAME = /key|token|secret|password|authorization|cookie/i

type WithoutUndefined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

function withoutUndefined<T extends object>(value: T): WithoutUndefined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as WithoutUndefined<T>
}
