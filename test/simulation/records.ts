import type {
  AttemptKind,
  FailoverEventOf,
  FailoverEventType,
  Failure,
  ProfileOptions,
  ResumeMode,
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
  /** going on with an answer that broke off has a budget of its own */
  'recovery_has_its_budget',
  /** an answer is gone on with only where that is configured, possible and of any use */
  'recovery_is_as_agreed',
  'recoveries_have_one_end_each',
  /** what goes on from a prefill is known to do so, and has not refused one */
  'prefills_go_where_they_are_taken',
  /** who says something else than what was delivered has not failed */
  'other_answers_condemn_nobody',
  /** a model that says something else from the beginning is not asked again */
  'other_answers_are_left',
  /** an answer that broke off, and that nobody goes on with, ends with the error that says so */
  'broken_answers_say_so',
  /** what a caller gets is one target's answer, or pieces that fit together: without gap, repetition or mixture */
  'answers_are_of_a_piece',
  /** nobody is told that an answer is complete that lacks something; it ends once */
  'answers_are_whole',
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
  /** All the text that he has got, and calls. */
  received: string
  /** How many last events he has got. */
  ends: number
  /** The stream, once there is one. */
  stream: { cancel(): void } | undefined
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
  /** How it goes on with an answer that broke off; undefined where it begins one. */
  readonly resume: ResumeMode | undefined
  /** It has been told to have said something else than what was delivered. */
  hasDiverged: boolean
  /** It broke off, and has been told to be gone on with. */
  isTold: boolean
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
  /** What has become of its latest answer that broke off, if there is one: `open` where that is still to be seen. */
  recovery: 'none' | 'open' | 'succeeded' | 'failed'
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

/** Tries that count: those that go on with an answer and the fast refusal of a key do not; the presets count those, too. */
export function countedTries({ attempts }: KnownRequest, options: ManagerOptions): number {
  const isFree = (reason: string): boolean => isEvidence(options) && (reason === 'auth' || reason === 'billing')
  const counts = ({ end, resume }: KnownAttempt): boolean =>
    resume === undefined && !(end?.type === 'attempt_failed' && isFree(end.failure.reason))
  return attempts.filter(counts).length
}

/** The failure is the request's own. */
export function isRefusal({ nextStep }: Failure): boolean {
  return nextStep === 'return'
}

/** Has it been asked to go on from a prefill, and would not? */
export function hasRefused({ resume, end, isCommitted }: KnownAttempt): boolean {
  return resume === 'prefill' && !isCommitted && end?.type === 'attempt_failed' && isRefusal(end.failure)
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
  const { at: startedAt, attempt: number, target, kind, resume } = event
  return {
    number,
    target,
    known,
    kind,
    resume,
    hasDiverged: false,
    isTold: false,
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
