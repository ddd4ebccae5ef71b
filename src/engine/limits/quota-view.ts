import type { QuotaBucket } from '../../failure/index.ts'
import type { LearntLimit, StatedLimit } from './learnt-limit.ts'

/**
 * What the headers of answers say of one target's quota: it orders targets before a limit strikes, and excludes none, since
 * only a refusal does. Times are epoch milliseconds.
 */
export class QuotaView {
  #spentUntil = Number.NEGATIVE_INFINITY
  /** When the answer began that it is known from. */
  #asOf = Number.NEGATIVE_INFINITY

  /**
   * Headers arrived; those of an answer that began earlier than the latest are ignored.
   * @param learnt is told the limit of requests, where there is one
   */
  note(buckets: readonly QuotaBucket[], startedAt: number, now: number, learnt?: LearntLimit): void {
    if (startedAt < this.#asOf) return
    this.#asOf = startedAt
    this.#spentUntil = spentUntil(buckets, now) ?? Number.NEGATIVE_INFINITY
    const stated = learnt && statedLimitOf(buckets)
    if (stated !== undefined) learnt?.told(stated)
  }

  /** Nothing is left as far as is known: others go first. */
  isSpent(now: number): boolean {
    return now < this.#spentUntil
  }
}

/**
 * Until when a target is spent: a bucket of which nothing is left is full again at its reset, but the next request may fit
 * as soon as (window ÷ limit), if it drips. Undefined where something is left, or nothing says when there will be.
 */
export function spentUntil(buckets: readonly QuotaBucket[], now: number): number | undefined {
  let latest: number | undefined
  for (const { remaining, resetAt, windowMs, limit } of buckets) {
    if (remaining !== 0) continue
    const dripsAt = windowMs !== undefined && limit !== undefined ? now + windowMs / limit : Number.POSITIVE_INFINITY
    const until = Math.min(resetAt ?? Number.POSITIVE_INFINITY, dripsAt)
    if (Number.isFinite(until) && until > now && until > (latest ?? now)) latest = until
  }
  return latest
}

/** The limit of requests, if its window is known. */
function statedLimitOf(buckets: readonly QuotaBucket[]): StatedLimit | undefined {
  for (const { name, limit, windowMs } of buckets)
    if (name === 'requests' && limit !== undefined && windowMs !== undefined) return { limit, windowMs }
  return undefined
}
