import { LruMap } from '../lru-map.ts'
import { hashText, mix } from './hashing.ts'
import type { Tier } from './pool.ts'

/**
 * A session that had to move stays at least this long, milliseconds (failure policy, section 5): about as long as
 * providers keep a prompt cached, so that short windows don't pay for filling caches at both ends.
 */
const STAY_MS = 300_000
/** Sessions away from home that are remembered; the others go home as soon as it is open. */
const MAX_SESSIONS = 10_000

/** A session's key and its hash. */
export interface HashedSession {
  readonly key: string
  readonly seed: number
}

interface Stay {
  readonly profile: string
  /** Where it stood when it was last looked for. */
  readonly index: number
  /** Epoch milliseconds. */
  readonly until: number
}

/** Where sessions stay that had to leave their home. */
export class SessionStays {
  readonly #stays = new LruMap<number, Stay>(MAX_SESSIONS)

  /** The index in the pool of the target a session stays with; -1 if it does not, or not in this tier. */
  of(session: HashedSession, tier: Tier, now: number): number {
    // Hardly any session is away from home.
    if (this.#stays.size === 0) return -1
    const { pool, start, end } = tier
    const key = keyOf(session, tier)
    const stay = this.#stays.get(key)
    if (stay === undefined) return -1
    if (now >= stay.until) {
      this.#stays.delete(key)
      return -1
    }
    if (pool.targets[stay.index]?.profile === stay.profile) return within(stay.index, start, end)
    const index = pool.indexOf(stay.profile)
    if (index !== -1) this.#stays.set(key, { ...stay, index })
    return within(index, start, end)
  }

  moved(session: HashedSession, tier: Tier, index: number, now: number): void {
    const profile = tier.pool.targets[index]?.profile
    if (profile !== undefined) this.#stays.set(keyOf(session, tier), { profile, index, until: now + STAY_MS })
  }

  wentHome(session: HashedSession, tier: Tier): void {
    if (this.#stays.size > 0) this.#stays.delete(keyOf(session, tier))
  }
}

function within(index: number, start: number, end: number): number {
  return index >= start && index < end ? index : -1
}

/** 53 bits, so that no two share one by chance. A session may be away in one model, and at home in another. */
function keyOf({ key, seed }: HashedSession, { hash }: Tier): number {
  return (mix(seed, hash) >>> 0) * 0x20_0000 + (mix(hashText(key, 1), hash) >>> 11)
}
