import type { ClassifyInput, Failure, FailureReason } from '../../failure/index.ts'
import type { WindowKind } from '../health/ladder.ts'
import type { ScopeHealth } from '../health/scope-health.ts'
import type { StayAway } from '../health/window.ts'
import type { Target } from '../target.ts'

/** A window that a failure opens, and for how long. */
export interface FailureWindow {
  readonly kind: WindowKind
  readonly stayAway: StayAway
}

/** What a failure does to health: which window of which scope it opens. */
export interface HealthEffect extends FailureWindow {
  readonly scope: ScopeHealth
  readonly reason: FailureReason
}

/**
 * The rules by which failures are judged. `evidence` is ours; the other two reproduce the published designs, so that
 * they can be used, and compared with, as they are.
 */
export interface FailurePolicy {
  classify(input: ClassifyInput): Failure
  /**
   * Undefined where the failure says nothing about health.
   *
   * @param failuresBefore of the profile, in a row
   */
  windowOf(failure: Failure, failuresBefore: number, now: number): FailureWindow | undefined
  /** The scope that carries the window; undefined where none does. */
  scopeOf(failure: Failure, target: Target): ScopeHealth | undefined
  /** A failure that is to be returned ends the request whatever the chain still holds; otherwise a fallback may help. */
  readonly returnsAtOnce: boolean
  /**
   * The windows of a refused key: where it alone is bad, and where its origin refuses good ones too. Undefined: there is
   * no difference.
   */
  readonly ofRefusedKey?: { readonly alone: FailureWindow; readonly inIncident: FailureWindow } | undefined
  /** Do headers that say what is left order the targets? */
  readonly readsQuota: boolean
  /** Are limits learnt that nobody has told? */
  readonly learnsLimits: boolean
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

/** What a failure of this target does to health; undefined where it says nothing about it. */
export function effectOf(
  policy: FailurePolicy,
  failure: Failure,
  target: Target,
  now: number,
): HealthEffect | undefined {
  const window = policy.windowOf(failure, target.health.consecutiveFailures, now)
  const scope = window && policy.scopeOf(failure, target)
  return window && scope && { ...window, scope, reason: failure.reason }
}
