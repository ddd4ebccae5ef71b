import { LruMap } from '../lru-map.ts'
import type { Tier } from './pool.ts'

/** Tiers whose turn is remembered; callers name the models. */
const MAX_TIERS = 1_000

interface Turn {
  readonly index: number
  readonly profile: string
}

/** Whose turn it was last, for each tier. It goes on from there whatever profiles come and go. */
export class Turns {
  readonly #latest = new LruMap<string, Turn>(MAX_TIERS)

  /** The index in the pool from which the next one is looked for, round to the one before it. */
  startOf({ key, pool, start, end }: Tier): number {
    const turn = this.#latest.get(key)
    if (turn === undefined) return start
    const { profile } = turn
    const isThere = pool.targets[turn.index]?.profile === profile
    const index = isThere ? turn.index : pool.indexOf(profile)
    // Where it is gone, the one that came after it stands in its place.
    const next = index === -1 ? turn.index : index + 1
    return next >= start && next < end ? next : start
  }

  took({ key, pool }: Tier, index: number): void {
    const profile = pool.targets[index]?.profile
    if (profile !== undefined) this.#latest.set(key, { index, profile })
  }
}
