import type { QuotaBucket } from '../../src/index.ts'
import { type KnownTarget, scopesOf } from './mirror.ts'
import type { KnownAttempt } from './records.ts'

interface Word {
  /** When the attempt began that it came with: of an earlier one nothing more is heard. */
  readonly startedAt: number
  /** Until then nothing is left; in the past where something is. */
  readonly spentUntil: number
  isCertain: boolean
}

/** What providers have said, or shown by refusing, of quotas that nobody has configured. */
export class QuotaBook {
  /** Where limits may have been learnt. */
  readonly #taught = new Set<string>()
  readonly #words = new Map<string, Word>()

  /** A rate limit has struck there. */
  struck(scope: string): void {
    this.#taught.add(scope)
  }

  refused(target: KnownTarget): void {
    for (const scope of scopesOf(target)) if (isOfQuota(scope)) this.#taught.add(scope)
  }

  /** A limit of our own making may hold it back. */
  isTaught(target: KnownTarget): boolean {
    for (const scope of scopesOf(target)) if (this.#taught.has(scope)) return true
    return false
  }

  /** Headers of an answer arrive. */
  told({ known, configured, startedAt }: KnownAttempt, buckets: readonly QuotaBucket[], now: number): void {
    // Whose it was when the attempt began.
    const scope = quotaScopeOf({ ...known, profile: { ...known.profile, options: configured } })
    const word = this.#words.get(scope)
    const isLate = word !== undefined && word.startedAt > startedAt
    if (isLate && word.isCertain) return
    const spentUntil = Math.max(0, ...buckets.map((bucket) => spentUntilOf(bucket, now)))
    // Where the later word may have been forgotten, either may hold.
    if (isLate) {
      this.#words.set(scope, { ...word, spentUntil: Math.max(word.spentUntil, spentUntil) })
      return
    }
    this.#words.set(scope, { startedAt, spentUntil, isCertain: known.profile.options === configured })
  }

  /** Somebody has forgotten things by hand, or changed what they are about. */
  doubt(): void {
    for (const word of this.#words.values()) word.isCertain = false
  }

  /** It has been said for certain. */
  isSurelySpent(target: KnownTarget, now: number): boolean {
    return this.isSpent(target, now) && this.#words.get(quotaScopeOf(target))?.isCertain === true
  }

  /** It may have been said to have nothing left. */
  isSpent(target: KnownTarget, now: number): boolean {
    return (this.#words.get(quotaScopeOf(target))?.spentUntil ?? 0) > now
  }
}

/** Nothing is left until the bucket is full again, or has dripped. */
function spentUntilOf({ remaining, resetAt = Infinity, windowMs, limit }: QuotaBucket, now: number): number {
  if (remaining !== 0) return 0
  const dripsAt = windowMs === undefined || limit === undefined ? Infinity : now + windowMs / limit
  const until = Math.min(resetAt, dripsAt)
  return until === Infinity ? 0 : until
}

/** Whose quota it is that a target uses: its group's on this model, or its key's on this model. */
function quotaScopeOf({ profile, model }: KnownTarget): string {
  const { id, quotaGroup } = profile.options
  return quotaGroup === undefined ? `target ${id} ${model}` : `group_model ${quotaGroup} ${model}`
}

function isOfQuota(scope: string): boolean {
  return scope.startsWith('target ') || scope.startsWith('group_model ')
}
