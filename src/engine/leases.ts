import type { Clock } from './clock.ts'
import type { HealthBook } from './health/health-book.ts'
import { Lease, type LeaseDependencies } from './lease.ts'
import type { Target } from './target.ts'

/** A trial is taken from a holder who has not come back after this long. Failure policy, section 1. */
const TRIAL_LAPSE_MS = 30_000

interface LeasesOptions extends Omit<LeaseDependencies, 'onEnd'> {
  readonly clock: Clock
  readonly book: HealthBook
  /** Leases that have been forgotten end after this long. */
  readonly lapseMs: number
  readonly onEnd: () => void
}

/** Hands out leases and takes back those that were forgotten. */
export class Leases {
  readonly #options: LeasesOptions
  readonly #dependencies: LeaseDependencies
  /** Those given to users, the oldest first. The engine's own always end. */
  readonly #lent = new Set<Lease>()

  constructor(options: LeasesOptions) {
    this.#options = options
    this.#dependencies = {
      ...options,
      onEnd: (lease) => {
        this.#lent.delete(lease)
        options.onEnd()
      },
    }
  }

  open(
    target: Target,
    isTrial: boolean,
    estimatedTokens?: number,
    startedAt: number = this.#options.clock.now(),
  ): Lease {
    const { book, lapseMs } = this.#options
    const mark = { lease: book.nextLease(), startedAt }
    if (isTrial) book.takeTrial(target, mark, startedAt + Math.min(lapseMs, TRIAL_LAPSE_MS))
    return new Lease(this.#dependencies, target, mark, isTrial, estimatedTokens)
  }

  lend(target: Target, isTrial: boolean): Lease {
    const lease = this.open(target, isTrial)
    // What its holder does with it cannot be seen.
    lease.sent()
    this.#lent.add(lease)
    return lease
  }

  /** Ends what was forgotten; called before anything is decided. @returns when the next one lapses, epoch milliseconds */
  reclaim(now: number): number | undefined {
    for (const lease of this.#lent) {
      const lapsesAt = lease.startedAt + this.#options.lapseMs
      if (now < lapsesAt) return lapsesAt
      lease.release()
    }
    return undefined
  }
}
