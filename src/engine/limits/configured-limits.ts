import type { ProfileLimits } from '../profile.ts'
import type { Hold } from './hold.ts'
import { SlidingWindow } from './sliding-window.ts'

/** What one attempt counts as, until it is settled. */
export interface Reservation {
  /** When it began, epoch milliseconds. */
  readonly at: number
  readonly tokens: number
}

/** How much the latest answer counts in the average of what answers use. */
const USAGE_WEIGHT = 0.2
/** Where nothing is counted. */
const NOTHING: Reservation = { at: Number.NEGATIVE_INFINITY, tokens: 0 }

/**
 * Keeps the limits that are configured for a profile or a quota group, and counts what is under way. What is not limited
 * is not counted.
 */
export class ConfiguredLimits {
  #maxConcurrent = Number.POSITIVE_INFINITY
  #requests: SlidingWindow | undefined
  #tokens: SlidingWindow | undefined
  #inFlight = 0
  /** Of what answers have used: a moving average. */
  #typicalTokens = 0

  constructor(limits: ProfileLimits) {
    this.configure(limits)
  }

  /** Takes over changed limits; what was counted stays counted. */
  configure({ requestsPerMinute, tokensPerMinute, maxConcurrent }: ProfileLimits): void {
    this.#maxConcurrent = maxConcurrent ?? Number.POSITIVE_INFINITY
    this.#requests = limited(this.#requests, requestsPerMinute)
    this.#tokens = limited(this.#tokens, tokensPerMinute)
  }

  get inFlight(): number {
    return this.#inFlight
  }

  /** Is it worth knowing how many tokens a request will use? */
  get countsTokens(): boolean {
    return this.#tokens !== undefined
  }

  /**
   * What holds the next request back; undefined if nothing does.
   * @param estimatedTokens what it will use. Default: what answers used lately.
   */
  heldBy(now: number, estimatedTokens: number = this.#typicalTokens): Hold | undefined {
    if (this.#inFlight >= this.#maxConcurrent) return { limit: 'maxConcurrent' }
    const requestsAt = this.#requests?.availableAt(now) ?? now
    if (requestsAt > now) return { limit: 'requestsPerMinute', until: requestsAt }
    const tokensAt = this.#tokens?.availableAt(now, Math.max(1, estimatedTokens)) ?? now
    return tokensAt > now ? { limit: 'tokensPerMinute', until: tokensAt } : undefined
  }

  /**
   * An attempt begins: it counts from now on, with what it is expected to use.
   * @returns what `settle` or `giveBack` is to be told at its end
   */
  begin(now: number, estimatedTokens: number = this.#typicalTokens): Reservation {
    this.#inFlight += 1
    this.#requests?.add(1, now)
    if (this.#tokens === undefined) return this.#requests === undefined ? NOTHING : { at: now, tokens: 0 }
    const tokens = Math.round(Math.max(0, estimatedTokens))
    this.#tokens.add(tokens, now)
    return { at: now, tokens }
  }

  /** It is over. @param usedTokens what it used; the estimate stands where that is not known */
  settle({ at, tokens }: Reservation, usedTokens: number | undefined, now: number): void {
    this.#inFlight -= 1
    if (this.#tokens === undefined || usedTokens === undefined) return
    this.#tokens.correct(usedTokens - tokens, at, now)
    if (usedTokens > 0) this.#typicalTokens += (usedTokens - this.#typicalTokens) * this.#weight()
  }

  /** It is over without having reached the provider: it counts for nothing. */
  giveBack({ at, tokens }: Reservation, now: number): void {
    this.#inFlight -= 1
    this.#requests?.correct(-1, at, now)
    this.#tokens?.correct(-tokens, at, now)
  }

  /** Tokens that nobody reserved. */
  spend(tokens: number, now: number): void {
    if (tokens > 0) this.#tokens?.add(tokens, now)
  }

  #weight(): number {
    return this.#typicalTokens === 0 ? 1 : USAGE_WEIGHT
  }
}

function limited(window: SlidingWindow | undefined, limit: number | undefined): SlidingWindow | undefined {
  if (limit === undefined) return undefined
  if (window === undefined) return new SlidingWindow(limit)
  window.limit = limit
  return window
}
