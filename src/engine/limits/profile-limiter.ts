import { ConfiguredLimits, type Reservation } from './configured-limits.ts'

export type { Hold as Held, LimitName } from './hold.ts'

/** `ConfiguredLimits` for a caller that reserves no tokens before, and books them afterwards. */
export class ProfileLimiter extends ConfiguredLimits {
  override begin(now: number, estimatedTokens = 0): Reservation {
    return super.begin(now, estimatedTokens)
  }

  end(): void {
    this.settle(UNKNOWN, undefined, 0)
  }

  spend(tokens: number, now: number): void {
    if (tokens > 0) this.book(tokens, now)
  }
}

const UNKNOWN: Reservation = { at: Number.NEGATIVE_INFINITY, tokens: 0 }
