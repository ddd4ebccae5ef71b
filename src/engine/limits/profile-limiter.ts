import type { ProfileLimits } from '../profile.ts'
import { SlidingWindow } from './sliding-window.ts'

/** Which of a profile's own limits holds a request back. */
export type LimitName =
  | keyof ProfileLimits
  /** a limit of the provider that we have learnt */
  | 'learnt'
  /** it is just back, and traffic comes back by ramp */
  | 'ramp'

export interface Held {
  readonly limit: LimitName
  /** Epoch milliseconds; absent where it takes a running request to end. */
  readonly until?: number
}

/** Keeps the limits that are configured for one profile, and counts what is under way. */
export class ProfileLimiter {
  #maxConcurrent = Number.POSITIVE_INFINITY
  #requests: SlidingWindow | undefined
  #tokens: SlidingWindow | undefined
  #inFlight = 0

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

  /** What holds the next request back; undefined if nothing does. */
  heldBy(now: number): Held | undefined {
    if (this.#inFlight >= this.#maxConcurrent) return { limit: 'maxConcurrent' }
    const requestsAt = this.#requests?.availableAt(now) ?? now
    if (requestsAt > now) return { limit: 'requestsPerMinute', until: requestsAt }
    const tokensAt = this.#tokens?.availableAt(now) ?? now
    return tokensAt > now ? { limit: 'tokensPerMinute', until: tokensAt } : undefined
  }

  begin(now: number): void {
    this.#inFlight += 1
    this.#requests?.add(1, now)
  }

  end(): void {
    this.#inFlight -= 1
  }

  spend(tokens: number, now: number): void {
    if (tokens > 0) this.#tokens?.add(tokens, now)
  }
}

function limited(window: SlidingWindow | undefined, limit: number | undefined): SlidingWindow | undefined {
  if (limit === undefined) return undefined
  if (window === undefined) return new SlidingWindow(limit)
  window.limit = limit
  return window
}
