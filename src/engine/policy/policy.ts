import type { ClassifyInput, Failure, FailureReason } from '../../failure/index.ts'
import type { WindowKind } from '../health/ladder.ts'
import type { ScopeHealth } from '../health/scope-health.ts'
import type { StayAway } from '../health/window.ts'
import type { Target } from '../target.ts'

/** What a failure does to health: which window of which scope it opens, and for how long. */
interface HealthEffect {
  readonly scope: ScopeHealth
  readonly kind: WindowKind
  readonly reason: FailureReason
  readonly stayAway: StayAway
}

/**
 * The rules by which failures are judged. `evidence` is ours; the other two reproduce the published designs, so that
 * they can be used, and compared with, as they are.
 */
export interface FailurePolicy {
  classify(input: ClassifyInput): Failure
  /** Undefined where the failure says nothing about health. */
  effectOf(failure: Failure, target: Target, now: number): HealthEffect | undefined
  /** A failure that is to be returned ends the request whatever the chain still holds; otherwise a fallback may help. */
  readonly returnsAtOnce: boolean
  /** Failures that cost so little that their attempts do not count against `budget.maxAttempts`. */
  readonly freeReasons: readonly FailureReason[]
  /** May the same target be tried again after a back-off, as the failure's next step says? */
  readonly retriesTarget: boolean
  /** Is there a back-off before the next target, too? */
  readonly pausesBetweenTargets: boolean
  /** What may be done when nothing is open. */
  readonly whenNothingIsOpen: {
    /** Wait for the soonest, within the limits of the `wait` option. */
    readonly wait: boolean
    /** Try the soonest although it is out: never, if breaker windows alone keep everything out, or in any case. */
    readonly panic: 'never' | 'breaker' | 'always'
  }
}
