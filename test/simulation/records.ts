import type { AttemptKind, FailoverEventOf, TargetRef } from '../../src/index.ts'
import type { Reception } from './fake-provider.ts'
import type { KnownLink, KnownTarget } from './mirror.ts'
import type { ManagerOptions, RequestPlan } from './plan.ts'
import type { Holder } from './window-book.ts'

/** The invariants, by name. */
export type Rule =
  /** what is cooling is not tried */
  | 'cooling_is_left_alone'
  /** after an inferred end exactly one attempt is let through */
  | 'one_trial_at_a_time'
  /** a window is passed over only where the policy allows it */
  | 'panic_is_rare'
  /** disabled, unregistered and removed ones are not tried */
  | 'out_of_use_is_left_alone'
  | 'budget_holds'
  | 'tries_of_a_target_hold'
  /** nothing is tried after the deadline, after the caller has left, or after the outcome */
  | 'nothing_is_tried_too_late'
  | 'limits_hold'
  | 'one_outcome_each'
  | 'caller_and_events_agree'
  | 'attempts_have_one_end_each'
  | 'provider_and_events_agree'
  | 'errors_tell_the_attempts'
  | 'nothing_is_left_behind'
  | 'first_in_order_goes_first'
  | 'open_targets_are_not_ignored'
  | 'healthy_answers_succeed'
  | 'windows_are_not_lengthened'
  | 'windows_keep_their_bounds'
  | 'keys_are_not_shown'
  | 'status_agrees'
  | 'everything_comes_back'

export interface Violation {
  readonly rule: Rule
  readonly text: string
}

export type Report = (rule: Rule, text: string) => void

/** Whoever asks: what he planned, and what he was told in the end. */
export interface Caller {
  readonly id: number
  readonly plan: RequestPlan
  readonly signal: AbortSignal | undefined
  requestId: string | undefined
  hasLeft: boolean
  /** How the promise ended, and for a stream how that did. */
  ending: Ending | undefined
}

type Ending = { readonly kind: 'succeeded' } | { readonly kind: 'failed'; readonly error: unknown }

export type AttemptEnd = FailoverEventOf<'attempt_succeeded' | 'attempt_failed' | 'attempt_canceled'>
export type Outcome = FailoverEventOf<'request_succeeded' | 'request_failed' | 'request_canceled'>

export interface KnownAttempt extends Holder {
  readonly number: number
  readonly target: TargetRef
  readonly known: KnownTarget
  readonly kind: AttemptKind
  isCommitted: boolean
  end: AttemptEnd | undefined
  reception: Reception | undefined
  /** The clock jumped while it was under way: its limits may have run out unfairly. */
  hasJumped: boolean
}

export interface KnownRequest {
  readonly started: FailoverEventOf<'request_started'>
  /** Undefined where the oracle cannot read all of them. */
  readonly links: readonly KnownLink[] | undefined
  readonly caller: Caller
  readonly attempts: KnownAttempt[]
  outcome: Outcome | undefined
}

export function nameOf({ provider, model, profile }: TargetRef): string {
  return `${provider}/${model}@${profile}`
}

/** Tries that count: the fast refusal of a key does not, but for the presets, which count everything. */
export function countedTries({ attempts }: KnownRequest, { policy }: ManagerOptions): number {
  const isFree = (reason: string): boolean => policy === 'evidence' && (reason === 'auth' || reason === 'billing')
  return attempts.filter(({ end }) => !(end?.type === 'attempt_failed' && isFree(end.failure.reason))).length
}

/** An attempt at its beginning. */
export function attemptOf(event: FailoverEventOf<'attempt_started'>, known: KnownTarget, order: number): KnownAttempt {
  const { at: startedAt, attempt: number, target, kind } = event
  return {
    number,
    target,
    known,
    kind,
    startedAt,
    order,
    isCommitted: false,
    end: undefined,
    reception: undefined,
    hasJumped: false,
  }
}
