import type { ProfileLimits } from '../profile.ts'

/** What holds a request back: a limit that is configured, one that was learnt, or the ramp after an outage. */
export type LimitName = keyof ProfileLimits | 'learnt' | 'ramp'

export interface Hold {
  readonly limit: LimitName
  /** Epoch milliseconds; absent where it takes a running request to end. */
  readonly until?: number
}
