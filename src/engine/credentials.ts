import { FailoverError } from '../failure/index.ts'
import type { Clock } from './clock.ts'
import type { ApiKeySource, Profile } from './profile.ts'

interface Grant {
  readonly value: string
  /** Epoch milliseconds. */
  readonly expiresAt: number
}

/** 2001 in epoch milliseconds; a time before it is one in seconds. */
const EARLIEST_MS = 1_000_000_000_000
/** A key that has not come by then will not come; the other keys are tried. */
const FETCH_LIMIT_MS = 10_000
/** A fetched key is fetched anew this long before it expires, so that it does not expire on the way. */
const EXPIRY_MARGIN_MS = 10_000

/** Reads the keys of profiles; those that are fetched are kept until they expire and fetched only once at a time. */
export class Credentials {
  readonly #grants = new WeakMap<Profile, Grant>()
  readonly #pending = new WeakMap<Profile, Promise<string>>()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * The key of a profile: at once where it is known, else a promise.
   * @throws FailoverError `PROVIDER_ERROR` with reason `auth` where it cannot be fetched
   */
  keyOf(profile: Profile): string | undefined | Promise<string> {
    const { apiKey } = profile
    if (typeof apiKey !== 'function') return apiKey
    const grant = this.#grants.get(profile)
    if (grant !== undefined && this.#clock.now() < grant.expiresAt - EXPIRY_MARGIN_MS) return grant.value
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

  /** A fetched key was refused: it may have been replaced, so it is fetched anew when it is needed again. */
  wasRefused(profile: Profile, keys: readonly string[]): void {
    const grant = this.#grants.get(profile)
    if (grant !== undefined && keys.includes(grant.value)) this.#grants.delete(profile)
  }

  async #fetch(profile: Profile, source: ApiKeySource): Promise<string> {
    const controller = new AbortController()
    const { promise: tooLate, reject } = Promise.withResolvers<never>()
    const cancelTimer = this.#clock.setTimer(() => {
      const error = new Error(`it did not come within ${FETCH_LIMIT_MS} ms`)
      controller.abort(error)
      reject(error)
    }, FETCH_LIMIT_MS)
    try {
      const granted = await Promise.race([source({ signal: controller.signal }), tooLate])
      const { value, expiresAt = Number.POSITIVE_INFINITY } = typeof granted === 'string' ? { value: granted } : granted
      if (typeof value !== 'string' || value === '') throw new TypeError('the function returned no key')
      if (typeof expiresAt !== 'number' || Number.isNaN(expiresAt) || (expiresAt > 0 && expiresAt < EARLIEST_MS)) {
        throw new TypeError('expiresAt must be epoch milliseconds')
      }
      this.#grants.set(profile, { value, expiresAt })
      return value
    } catch (cause) {
      throw new FailoverError('PROVIDER_ERROR', `the key of ${profile.id} could not be fetched`, {
        reason: 'auth',
        cause,
      })
    } finally {
      cancelTimer()
    }
  }
}
