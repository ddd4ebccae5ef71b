import type { QuotaBucket } from '../failure/index.ts'
import type { LimitEffect } from './scenario.ts'

const MINUTE_MS = 60_000
/** Refilling adds fractions, and their sum may miss 1 by less than a nanosecond's worth. */
const HAIR = 1e-9

/** What a provider counts for one account, as a token bucket or in fixed windows. */
class Bucket {
  readonly #perMinute: number
  readonly #size: number
  readonly #isFixed: boolean
  #left: number
  #at = 0

  constructor(perMinute: number, { window, burst = perMinute }: Pick<LimitEffect, 'window' | 'burst'>) {
    this.#perMinute = perMinute
    this.#isFixed = window === 'fixed'
    this.#size = this.#isFixed ? perMinute : burst
    this.#left = this.#size
  }

  /** Milliseconds until `amount` may be taken; 0 where it may be now. */
  waitMs(amount: number, atMs: number): number {
    this.#refill(atMs)
    const missing = Math.min(amount, this.#size) - this.#left
    if (missing <= HAIR) return 0
    return this.#isFixed ? windowEnd(atMs) - atMs : Math.ceil((missing * MINUTE_MS) / this.#perMinute - HAIR)
  }

  take(amount: number): void {
    this.#left -= amount
  }

  quota(name: string, startMs: number, atMs: number): QuotaBucket {
    const fullInMs = this.#isFixed
      ? windowEnd(atMs) - atMs
      : Math.ceil(((this.#size - this.#left) * MINUTE_MS) / this.#perMinute)
    return {
      name,
      limit: this.#size,
      remaining: Math.max(0, Math.floor(this.#left + HAIR)),
      resetAt: startMs + atMs + fullInMs,
      window: MINUTE_MS,
      windowMs: MINUTE_MS,
    }
  }

  #refill(atMs: number): void {
    if (this.#isFixed) {
      if (windowEnd(atMs) > windowEnd(this.#at)) this.#left = this.#size
    } else {
      this.#left = Math.min(this.#size, this.#left + ((atMs - this.#at) * this.#perMinute) / MINUTE_MS)
    }
    this.#at = atMs
  }
}

/** The end of the minute that a moment belongs to. */
function windowEnd(atMs: number): number {
  return (Math.floor(atMs / MINUTE_MS) + 1) * MINUTE_MS
}

/** A limit that a provider keeps, for each account that comes to it. Times are milliseconds since the beginning. */
export class ProviderLimit {
  readonly #effect: LimitEffect
  readonly #accounts = new Map<string, { readonly requests?: Bucket; readonly tokens?: Bucket }>()

  constructor(effect: LimitEffect) {
    this.#effect = effect
  }

  /** Milliseconds until a request of so many tokens would be let in; 0 where it would be now. */
  waitMs(account: string, tokens: number, atMs: number): number {
    const buckets = this.#bucketsOf(account)
    return Math.max(buckets.requests?.waitMs(1, atMs) ?? 0, buckets.tokens?.waitMs(tokens, atMs) ?? 0)
  }

  /** Lets one in, which `waitMs` must have allowed. */
  take(account: string, tokens: number): void {
    const buckets = this.#bucketsOf(account)
    buckets.requests?.take(1)
    buckets.tokens?.take(tokens)
  }

  /** What the headers of an answer say. */
  quota(account: string, startMs: number, atMs: number): QuotaBucket[] {
    if (!this.#effect.quotaHeaders) return []
    const { requests, tokens } = this.#bucketsOf(account)
    return [requests?.quota('requests', startMs, atMs), tokens?.quota('tokens', startMs, atMs)].filter(
      (bucket) => bucket !== undefined,
    )
  }

  /** The headers of a refusal. */
  refusalHeaders(waitMs: number): Readonly<Record<string, string>> {
    return this.#effect.retryAfter === 'header' ? { 'retry-after': `${Math.ceil(waitMs / 1_000)}` } : {}
  }

  #bucketsOf(account: string) {
    const { requestsPerMinute, tokensPerMinute, shared } = this.#effect
    const key = shared ? '' : account
    const known = this.#accounts.get(key)
    if (known !== undefined) return known
    const buckets = {
      ...(requestsPerMinute !== undefined && { requests: new Bucket(requestsPerMinute, this.#effect) }),
      ...(tokensPerMinute !== undefined && { tokens: new Bucket(tokensPerMinute, { window: this.#effect.window }) }),
    }
    this.#accounts.set(key, buckets)
    return buckets
  }
}
