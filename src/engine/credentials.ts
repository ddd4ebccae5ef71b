import { FailoverError } from '../failure/index.ts'
import type { Clock } from './clock.ts'
import type { ApiKeySource, Profile } from './profile.ts'

/** Told of every fetch that ended, the first of a profile's included. It learns nothing of the key. */
export type CredentialsListener = (profileId: string, outcome: 'refreshed' | 'failed') => void

interface Grant {
  readonly value: string
  /** From then on it is fetched anew, while it still serves. Epoch milliseconds. */
  readonly refreshAt: number
  /** From then on it does not serve any more. Epoch milliseconds. */
  readonly staleAt: number
}

/** What is known of the key of one profile that is fetched. */
interface Account {
  grant: Grant | undefined
  /** The key that a provider refused: it is fetched anew before it is given out again. */
  refused: string | undefined
  pending: Promise<string> | undefined
  /** Fetches that failed since the last one that did not. */
  failures: number
  /** Before then nothing is fetched early. Epoch milliseconds. */
  retryAt: number
  /** When a key was last fetched because it had been refused. Epoch milliseconds. */
  refusalAt: number
}

/** 2001 in epoch milliseconds; a time before it is one in seconds. */
const EARLIEST_MS = 1_000_000_000_000
/** A key that has not come by then will not come; the other keys are tried. */
const FETCH_LIMIT_MS = 10_000
/** A key is fetched anew once less than this share of its life is left, or less than this time. */
const EARLY_RATIO = 0.2
const EARLY_MS = 60_000
/** It serves no more once less than this share of its life, or this time, is left, so that it does not expire on the way. */
const MARGIN_RATIO = 0.1
const MARGIN_MS = 10_000
/** An early fetch that failed is made again after this time, which doubles with each further failure. */
const MIN_RETRY_MS = 1_000
const MAX_RETRY_MS = 30_000
/** Requests under way may all be refused with the same key: that is one refusal. */
const REFUSAL_INTERVAL_MS = 1_000

/**
 * Reads the keys of profiles. One that is fetched is kept until it expires and fetched by one request at a time; while
 * it still serves it is fetched anew in the background, so that only a request of a profile without any valid key waits.
 * Nothing happens unless a key is asked for, and no process is kept alive for it.
 */
export class Credentials {
  readonly #accounts = new WeakMap<Profile, Account>()
  readonly #clock: Clock
  readonly #onRefresh: CredentialsListener | undefined

  constructor(clock: Clock, onRefresh?: CredentialsListener) {
    this.#clock = clock
    this.#onRefresh = onRefresh
  }

  /**
   * The key of a profile: at once where a valid one is known, else a promise.
   * @throws FailoverError `PROVIDER_ERROR` with reason `auth` where it cannot be fetched
   */
  keyOf(profile: Profile): string | undefined | Promise<string> {
    const { apiKey } = profile
    if (typeof apiKey !== 'function') return apiKey
    const account = this.#accountOf(profile)
    const { grant } = account
    const now = this.#clock.now()
    if (grant !== undefined && now < grant.staleAt && grant.value !== account.refused) {
      if (now >= grant.refreshAt && now >= account.retryAt) this.#refreshEarly(profile, apiKey, account)
      return grant.value
    }
    if (account.pending !== undefined) return account.pending
    if (grant !== undefined && now < grant.staleAt) {
      // It was refused. Whoever gives it out has just been asked, and has no other, or cannot be reached.
      if (now < account.refusalAt + REFUSAL_INTERVAL_MS) {
        return account.failures === 0 ? grant.value : Promise.reject(notFetched(profile, notReached()))
      }
      account.refusalAt = now
    }
    return this.#fetch(profile, apiKey, account)
  }

  /** The key as far as it is known without fetching it: what a text must not show. */
  secretsOf(profile: Profile): readonly string[] {
    const key = typeof profile.apiKey === 'string' ? profile.apiKey : this.#accounts.get(profile)?.grant?.value
    return key === undefined ? [] : [key]
  }

  /** A fetched key was refused: it may have been replaced, so it is fetched anew when it is needed again. */
  wasRefused(profile: Profile, keys: readonly string[]): void {
    const account = this.#accounts.get(profile)
    if (account?.grant !== undefined && keys.includes(account.grant.value)) account.refused = account.grant.value
  }

  #accountOf(profile: Profile): Account {
    const known = this.#accounts.get(profile)
    if (known !== undefined) return known
    const account: Account = {
      grant: undefined,
      refused: undefined,
      pending: undefined,
      failures: 0,
      retryAt: 0,
      refusalAt: Number.NEGATIVE_INFINITY,
    }
    this.#accounts.set(profile, account)
    return account
  }

  /** Nobody waits for it, and nobody suffers where it fails. */
  #refreshEarly(profile: Profile, source: ApiKeySource, account: Account): void {
    if (account.pending === undefined) this.#fetch(profile, source, account, true).catch(() => {})
  }

  /** One fetch at a time; whoever needs the key meanwhile waits for the same. */
  #fetch(profile: Profile, source: ApiKeySource, account: Account, isBackground = false): Promise<string> {
    const fetching = this.#ask(profile, source, isBackground).then(
      (grant) => {
        account.pending = undefined
        account.grant = grant
        account.refused = undefined
        account.failures = 0
        account.retryAt = 0
        this.#onRefresh?.(profile.id, 'refreshed')
        return grant.value
      },
      (error: unknown) => {
        account.pending = undefined
        account.failures += 1
        account.retryAt = this.#clock.now() + Math.min(MAX_RETRY_MS, MIN_RETRY_MS * 2 ** (account.failures - 1))
        this.#onRefresh?.(profile.id, 'failed')
        throw error
      },
    )
    account.pending = fetching
    return fetching
  }

  async #ask(profile: Profile, source: ApiKeySource, isBackground: boolean): Promise<Grant> {
    const controller = new AbortController()
    const { promise: tooLate, reject } = Promise.withResolvers<never>()
    const onLate = (): void => {
      const error = new Error(`it did not come within ${FETCH_LIMIT_MS} ms`)
      controller.abort(error)
      reject(error)
    }
    const cancelTimer = this.#clock.setTimer(onLate, FETCH_LIMIT_MS, { isBackground })
    try {
      const granted = await Promise.race([source({ signal: controller.signal }), tooLate])
      const { value, expiresAt = Number.POSITIVE_INFINITY } = typeof granted === 'string' ? { value: granted } : granted
      if (typeof value !== 'string' || value === '') throw new TypeError('the function returned no key')
      if (typeof expiresAt !== 'number' || Number.isNaN(expiresAt) || (expiresAt > 0 && expiresAt < EARLIEST_MS)) {
        throw new TypeError('expiresAt must be epoch milliseconds')
      }
      return grantOf(value, expiresAt, this.#clock.now())
    } catch (cause) {
      throw notFetched(profile, cause)
    } finally {
      cancelTimer()
    }
  }
}

function notReached(): Error {
  return new Error('the last one was refused, and fetching another failed a moment ago')
}

function grantOf(value: string, expiresAt: number, now: number): Grant {
  const lifeMs = Math.max(0, expiresAt - now)
  return {
    value,
    refreshAt: expiresAt - Math.min(EARLY_MS, lifeMs * EARLY_RATIO),
    staleAt: expiresAt - Math.min(MARGIN_MS, lifeMs * MARGIN_RATIO),
  }
}

function notFetched(profile: Profile, cause: unknown): FailoverError {
  return new FailoverError('PROVIDER_ERROR', `the key of ${profile.id} could not be fetched`, { reason: 'auth', cause })
}
