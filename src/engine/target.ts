import type { TargetRef } from '../failure/index.ts'
import type { PeakEwma } from './health/peak-ewma.ts'
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
  #ref: TargetRef | undefined

  constructor(credential: Profile, model: string, origin: string, health: ProfileHealth, scopes: TargetScopes) {
    this.provider = credential.provider
    this.model = model
    this.profile = credential.id
    this.origin = origin
    this.#credential = credential
    this.#health = health
    this.#scopes = scopes
    // Sliced, since a filtered array keeps room for many more.
    this.#allScopes = Object.values(scopes)
      .filter((scope) => scope !== undefined)
      .slice()
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

  /** Where the provider's own limits lie: the group on this model, else the key on it. */
  get quotaScope(): ScopeHealth {
    const { groupModel, target, profile } = this.#scopes
    return groupModel ?? target ?? profile
  }

  get allScopes(): readonly ScopeHealth[] {
    return this.#allScopes
  }

  /** What others are told of it. */
  get ref(): TargetRef {
    this.#ref ??= new NamedTarget(this.provider, this.model, this.profile)
    return this.#ref
  }

  /**
   * Time to the first content, milliseconds: of this model where it has been measured, else what the profile was
   * reported to take whatever the model.
   */
  get latency(): PeakEwma | undefined {
    return (this.#scopes.target ?? this.#scopes.profile).latency ?? this.#scopes.profile.latency
  }

  noteLatency(ms: number, now: number): void {
    this.#health.note({ latencyMs: ms })
    const itself = this.#scopes.target ?? this.#scopes.profile
    itself.noteLatency(ms, now)
  }

  /** `provider/model@profile` */
  toString(): string {
    return this.ref.toString()
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
