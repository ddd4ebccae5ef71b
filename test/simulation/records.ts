import type {
  AttemptKind,
  FailoverEventOf,
  FailoverEventType,
  Failure,
  ProfileOptions,
  TargetRef,
} from '../../src/index.ts'
import type { Bound } from './binding-book.ts'
import type { Blow } from './blame-book.ts'
import type { Reception } from './fake-provider.ts'
import type { Trying } from './lease-book.ts'
import { type KnownLink, type KnownTarget, originOf } from './mirror.ts'
import type { ManagerOptions, RequestPlan } from './plan.ts'

/** The invariants, by name. */
export const RULES = [
  /** what is cooling is not tried */
  'cooling_is_left_alone',
  /** after an inferred end exactly one attempt is let through */
  'one_trial_at_a_time',
  /** a window is passed over only where the policy allows it */
  'panic_is_rare',
  /** what a request refers to is looked for only where it may be */
  'bindings_hold',
  /** a detour is taken only for the reason it is there for */
  'chain_is_kept',
  /** requests of one session keep to one profile */
  'sessions_stay_together',
  /** after an outage traffic comes back by ramp */
  'comebacks_are_gentle',
  /** an origin that refuses several keys at once has an incident, and the keys are not burnt */
  'incidents_burn_no_keys',
  /** where names are not found at several origins, it is our own network */
  'our_network_condemns_nobody',
  /** disabled, unregistered and removed ones are not tried */
  'out_of_use_is_left_alone',
  'budget_holds',
  'tries_of_a_target_hold',
  /** trying the same target again costs a retry of its origin */
  'retries_are_paid',
  /** nothing is tried after the deadline, after the caller has left, or after the outcome, which comes by the deadline */
  'nothing_is_tried_too_late',
  'limits_hold',
  'one_outcome_each',
  'caller_and_events_agree',
  'attempts_have_one_end_each',
  'provider_and_events_agree',
  'errors_tell_the_attempts',
  'nothing_is_left_behind',
  'first_in_order_goes_first',
  /** what is said to have nothing left goes last within its model */
  'spent_goes_last',
  /** nobody gives up, waits, or tries a failed one again while a target that has nothing to do with what failed is open */
  'open_targets_are_not_ignored',
  /** a healthy target further down the chain is reached before the deadline */
  'healthy_targets_are_reached',
  /** where there is no alternative, a breaker window keeps nobody out */
  'sole_target_is_not_refused',
  /** who waits has a prospect, room in the queue, and patience */
  'waiting_is_worth_it',
  'healthy_answers_succeed',
  'windows_are_not_lengthened',
  'windows_keep_their_bounds',
  /** what the provider says of its return is what holds */
  'stated_ends_are_respected',
  /** what a request has brought upon itself condemns nobody else */
  'requests_condemn_nobody',
  /** who has not been asked is not condemned */
  'nobody_is_condemned_unasked',
  /** a changed key is not judged by what was said of the old one */
  'new_keys_begin_anew',
  'keys_are_not_shown',
  'status_agrees',
  'stories_agree',
  'everything_comes_back',
  /** after a full recovery nothing is left that a manager without a past would not have */
  'recovery_is_complete',
  /** neither the manager nor whoever asks it breaks down */
  'nothing_breaks_down',
] as const

export type Rule = (typeof RULES)[number]

export interface Violation {
  readonly rule: Rule
  readonly text: string
}

export type Report = (rule: Rule, text: string) => void

/** Whoever asks: what he planned, and what he was told in the end. */
export interface Caller {
  readonly id: number
  readonly plan: RequestPlan
  readonly seed: number
  readonly signal: AbortSignal | undefined
  requestId: string | undefined
  hasLeft: boolean
  /** How the promise ended, and for a stream how that did. */
  ending: Ending | undefined
}

type Ending = { readonly kind: 'succeeded' } | { readonly kind: 'failed'; readonly error: unknown }

export type AttemptEnd = FailoverEventOf<'attempt_succeeded' | 'attempt_failed' | 'attempt_canceled'>
export type Outcome = FailoverEventOf<'request_succeeded' | 'request_failed' | 'request_canceled'>

export interface KnownAttempt extends Trying {
  readonly number: number
  readonly target: TargetRef
  readonly kind: AttemptKind
  isCommitted: boolean
  end: AttemptEnd | undefined
  reception: Reception | undefined
  /** The clock jumped while it was under way: its limits may have run out unfairly. */
  hasJumped: boolean
  /** The models of the chain that it may have been meant for. */
  readonly links: readonly KnownLink[]
  /** The profile as it was configured when it began. */
  readonly configured: ProfileOptions
  /** Where it was reached then. */
  readonly origin: string
  /** Whom its origin refused just before it refused this one. */
  refusedBefore: readonly Blow[]
  /** What it failed for is our own network. */
  isOurFault: boolean
}

export interface KnownRequest {
  readonly started: FailoverEventOf<'request_started'>
  /** Undefined where the oracle cannot read all of them. */
  readonly links: readonly KnownLink[] | undefined
  readonly caller: Caller
  /** Place among everything that was heard. */
  readonly order: number
  /** What is surely set aside for each of its attempts. */
  readonly reservedTokens: number
  /** What it refers to. */
  readonly bound: Bound | undefined
  readonly attempts: KnownAttempt[]
  outcome: Outcome | undefined
  /** When it ended, among everything that was heard. */
  endOrder: number
  /** The kinds of events that have been told of it. */
  readonly told: FailoverEventType[]
  hasJumped: boolean
  /** Since when it waits for something to open, epoch milliseconds. */
  waitingSince: number | undefined
  /** How long it has waited before. */
  waitedMs: number
}

export function nameOf({ provider, model, profile }: TargetRef): string {
  return `${provider}/${model}@${profile}`
}

/** Tries that count: the fast refusal of a key does not, but for the presets, which count everything. */
export function countedTries({ attempts }: KnownRequest, options: ManagerOptions): number {
  const isFree = (reason: string): boolean => isEvidence(options) && (reason === 'auth' || reason === 'billing')
  return attempts.filter(({ end }) => !(end?.type === 'attempt_failed' && isFree(end.failure.reason))).length
}

/** Our own policy, which is the default. */
export function isEvidence({ policy = 'evidence' }: ManagerOptions): boolean {
  return policy === 'evidence'
}

/** The latest failure of a target in this request. */
export function lastFailureOf({ attempts }: KnownRequest, { profile, model }: KnownTarget): Failure | undefined {
  const last = attempts.findLast(
    ({ known }) => known.model === model && known.profile.options.id === profile.options.id,
  )
  return last?.end?.type === 'attempt_failed' ? last.end.failure : undefined
}

/** An attempt at its beginning. */
export function attemptOf(
  event: FailoverEventOf<'attempt_started'>,
  known: KnownTarget,
  { links, order }: Pick<KnownAttempt, 'links' | 'order'>,
): KnownAttempt {
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
    entries: [],
    links,
    configured: known.profile.options,
    origin: originOf(known.profile),
    refusedBefore: [],
    isOurFault: false,
  }
}
