import type { TargetRef } from '../failure/index.ts'
import type { ProfileHealth } from './health/profile-health.ts'
import type { ScopeHealth } from './health/scope-health.ts'
import { formatTarget } from './model-ref.ts'
import type { Profile } from './profile.ts'

/** The scopes a target stands in; group scopes only where its profile has a quota group. */
export interface TargetScopes {
  /** Absent where no model is known (a lease for a profile as such). */
  readonly target?: ScopeHealth
  readonly groupModel?: ScopeHealth
  readonly profile: ScopeHealth
  readonly group?: ScopeHealth
  readonly model?: ScopeHealth
  readonly provider: ScopeHealth
}

/** One (provider, model, profile) with everything that bears on it at hand, so that a decision needs no look-up. */
export class Target {
  readonly provider: string
  readonly model: string
  readonly profile: string
  /** Scheme, host and port, or the provider's name. */
  readonly origin: string
  readonly #credential: Profile
  readonly #health: ProfileHealth
  readonly #scopes: TargetScopes
  readonly #allScopes: readonly ScopeHealth[]
  readonly #ref: TargetRef

  constructor(credential: Profile, model: string, origin: string, health: ProfileHealth, scopes: TargetScopes) {
    this.provider = credential.provider
    this.model = model
    this.profile = credential.id
    this.origin = origin
    this.#credential = credential
    this.#health = health
    this.#scopes = scopes
    this.#ref = new NamedTarget(this.provider, model, this.profile)
    this.#allScopes = Object.values(scopes).filter((scope) => scope !== undefined)
  }

  /** The profile itself. */
  get credential(): Profile {
    return this.#credential
  }

  get health(): ProfileHealth {
    return this.#health
  }

  get scopes(): TargetScopes {
    return this.#scopes
  }

  get allScopes(): readonly ScopeHealth[] {
    return this.#allScopes
  }

  /** What others are told of it. */
  get ref(): TargetRef {
    return this.#ref
  }

  /** `provider/model@profile` */
  toString(): string {
    return this.#ref.toString()
  }
}

/** A target as events, errors and streams name it; as a text it is `provider/model@profile`. */
class NamedTarget implements TargetRef {
  readonly provider: string
  readonly model: string
  readonly profile: string

  constructor(provider: string, model: string, profile: string) {
    this.provider = provider
    this.model = model
    this.profile = profile
  }

  toString(): string {
    return formatTarget(this)
  }
}
