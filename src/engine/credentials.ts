import { FailoverError } from '../failure/index.ts'
import type { Profile } from './profile.ts'

interface Grant {
  readonly value: string
  /** Epoch milliseconds. */
  readonly expiresAt: number
}

/** A fetched key is fetched anew this long before it expires, so that it does not expire on the way. */
const EXPIRY_MARGIN_MS = 10_000

/** Reads the keys of profiles; those that are fetched are kept until they expire and fetched only once at a time. */
export class Credentials {
  readonly #grants = new WeakMap<Profile, Grant>()
  readonly #pending = new WeakMap<Profile, Promise<string>>()

  /**
   * The key of a profile: at once where it is known, else a promise.
   * @throws FailoverError `PROVIDER_ERROR` with reason `auth` where it cannot be fetched
   */
  keyOf(profile: Profile, now: number): string | undefined | Promise<string> {
    const { apiKey } = profile
    if (typeof apiKey !== 'function') return apiKey
    const grant = this.#grants.get(profile)
    if (grant !== undefined && now < grant.expiresAt - EXPIRY_MARGIN_MS) return grant.value
    const pending = this.#pending.get(profile)
    if (pending !== undefined) return pending
    const fetching = this.#fetch(profile, apiKey).finally(() => this.#pending.delete(profile))
    this.#pending.set(profile, fetching)
    return fetching
  }

  /** The key as far as it is known without fetching it: what a text must not show. */
  secretsOf(profile: Profile): readonly string[] {
    const key = typeof profile.apiKey === 'string' ? profile.apiKey : this.#grants.get(profile)?.value
    return key === undefined ? [] : [key]
  }

  async #fetch(profile: Profile, source: Exclude<Profile['apiKey'], string | undefined>): Promise<string> {
    try {
      const granted = await source()
      const { value, expiresAt = Number.POSITIVE_INFINITY } = typeof granted === 'string' ? { value: granted } : granted
      if (typeof value !== 'string' || value === '') throw new TypeError('the function returned no key')
      this.#grants.set(profile, { value, expiresAt })
      return value
    } catch (cause) {
      throw new FailoverError('PROVIDER_ERROR', `the key of ${profile.id} could not be fetched`, {
        reason: 'auth',
        cause,
      })
    }
  }
}
