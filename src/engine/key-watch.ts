import type { Clock } from './clock.ts'
import type { Credentials } from './credentials.ts'
import type { Profile } from './profile.ts'

/** A source is asked no more often than this for another key. */
const EVERY_MS = 30_000

interface Refused {
  readonly profile: Profile
  readonly key: string
  dueAt: number
  isAsked: boolean
}

/**
 * Profiles that are out because the key they fetched was refused. Their source is asked from time to time, as requests
 * come, whether there is another one by now: a file or a vault changes without anybody calling `updateProfile`.
 */
export class KeyWatch {
  readonly #clock: Clock
  readonly #credentials: Credentials
  readonly #isOut: (profile: Profile) => boolean
  readonly #onChanged: (profile: Profile) => void
  readonly #refused = new Map<string, Refused>()

  /**
   * @param isOut does anything that lies with the key stand against it still?
   * @param onChanged its source has given another key
   */
  constructor(
    clock: Clock,
    credentials: Credentials,
    isOut: (profile: Profile) => boolean,
    onChanged: (profile: Profile) => void,
  ) {
    this.#clock = clock
    this.#credentials = credentials
    this.#isOut = isOut
    this.#onChanged = onChanged
  }

  /** @param keys with which it was refused */
  refused(profile: Profile, [key]: readonly string[]): void {
    if (typeof profile.apiKey !== 'function' || key === undefined) return
    const dueAt = this.#clock.now() + EVERY_MS
    this.#refused.set(profile.id, { profile, key, dueAt, isAsked: false })
  }

  /** Asks those that are due; nobody waits for it. */
  look(now: number): void {
    if (this.#refused.size === 0) return
    for (const [id, refused] of this.#refused) {
      if (!this.#isOut(refused.profile)) this.#refused.delete(id)
      else if (!refused.isAsked && now >= refused.dueAt) void this.#ask(id, refused)
    }
  }

  async #ask(id: string, refused: Refused): Promise<void> {
    refused.isAsked = true
    const { profile, key } = refused
    try {
      this.#credentials.wasRefused(profile, [key])
      const current = await this.#credentials.keyOf(profile)
      if (current !== undefined && current !== key && this.#refused.get(id) === refused) {
        this.#refused.delete(id)
        this.#onChanged(profile)
      }
    } catch {
      // It stays out as it was.
    } finally {
      refused.isAsked = false
      refused.dueAt = this.#clock.now() + EVERY_MS
    }
  }
}
