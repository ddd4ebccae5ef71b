import type { Reception } from './fake-provider.ts'
import { type KnownTarget, type Mirror, originOf } from './mirror.ts'
import type { ManagerOptions, RequestPlan } from './plan.ts'
import type { PrefillBook } from './prefill-book.ts'
import type { QuotaBook } from './quota-book.ts'
import type { RampBook } from './ramp-book.ts'
import {
  countedTries,
  hasRefused,
  isEvidence,
  type KnownAttempt,
  type KnownRequest,
  lastFailureOf,
  nameOf,
  type Report,
} from './records.ts'
import type { RetryBook } from './retry-book.ts'
import type { SessionBook } from './session-book.ts'
import type { TroubleBook } from './trouble-book.ts'
import { type KnownWindow, stateOf, type WindowBook } from './window-book.ts'

/** What the rules look at. */
export interface Knowledge {
  readonly mirror: Mirror
  readonly windows: WindowBook
  readonly troubles: TroubleBook
  readonly retries: RetryBook
  readonly ramps: RampBook
  readonly sessions: SessionBook
  readonly quotas: QuotaBook
  readonly prefills: PrefillBook
  readonly options: ManagerOptions
  readonly report: Report
}

/** All that must hold when an attempt begins. It is not yet among the request's attempts. */
export function checkStart(knowledge: Knowledge, request: KnownRequest, attempt: KnownAttempt, now: number): void {
  const { mirror, options, report } = knowledge
  const name = `attempt ${attempt.number} of ${request.started.requestId}, ${nameOf(attempt.target)}`
  const before = request.attempts.at(-1)
  if (attempt.number !== request.attempts.length + 1 || (before !== undefined && before.end === undefined))
    report('attempts_have_one_end_each', `${name} began before its predecessor had ended`)
  if (request.outcome !== undefined) report('nothing_is_tried_too_late', `${name} began after the outcome`)
  if (now > request.started.deadlineAt)
    report('nothing_is_tried_too_late', `${name} began ${now - request.started.deadlineAt} ms after the deadline`)
  if (request.caller.hasLeft) report('nothing_is_tried_too_late', `${name} began after the caller had left`)
  const { maxAttempts = 10 } = options.budget ?? {}
  if (attempt.resume === undefined && countedTries(request, options) >= maxAttempts)
    report('budget_holds', `${name} exceeds budget.maxAttempts ${maxAttempts}`)
  // What it said of a prefill was no try at the answer.
  const tries = request.attempts.filter((each) => isSame(each.known, attempt.known) && !wasInVain(each)).length
  const { attempts: maxTries = 3 } = options.retry ?? {}
  const origin = originOf(attempt.known.profile)
  // Where it has moved meanwhile, it may have been paid for at the place that it has left.
  const hasMoved = request.attempts.some((each) => isSame(each.known, attempt.known) && each.origin !== origin)
  const isLimited = lastFailureOf(request, attempt.known)?.reason === 'rate_limit'
  const isFree = isLimited || hasMoved || isWithoutPrefill(request, attempt)
  if (tries === 0) knowledge.retries.first(origin, now)
  else if (isEvidence(options) && !isFree && !knowledge.retries.again(origin, now))
    report('retries_are_paid', `${name} is one more retry of ${origin} than there are`)
  if (tries >= maxTries) report('tries_of_a_target_hold', `${name} exceeds retry.attempts ${maxTries}`)
  const { profile } = attempt.known
  if (!isInUse(mirror, attempt.known, request.caller.plan.door))
    report('out_of_use_is_left_alone', `${name} is disabled, removed or not registered`)
  const limit = mirror.brokenLimit(profile, now)
  if (limit !== undefined) report('limits_hold', `${name} breaks ${limit}`)
  if (attempt.kind !== 'panic' && knowledge.ramps.isFull(attempt.known, now))
    report('comebacks_are_gentle', `${name} is one too many for what is just back`)
  checkWindows(knowledge, attempt.known, attempt.kind, now, name)
}

/** Whether the windows allow this kind of attempt on this target. */
export function checkWindows(
  { windows, options, report }: Knowledge,
  target: KnownTarget,
  kind: KnownAttempt['kind'],
  now: number,
  name: string,
): void {
  const against = windows.against(target, now)
  const cooling = against.filter((window) => stateOf(window, now) === 'cooling')
  const onTrial = against.find((window) => windows.isOnTrial(window, now))
  if (onTrial !== undefined) report('one_trial_at_a_time', `${name} while ${describe(onTrial, now)} is on trial`)
  if (kind === 'panic') {
    const forbidden = cooling.find(({ started }) => !mayPanic(options.policy, started))
    if (forbidden !== undefined) report('panic_is_rare', `${name} in spite of ${describe(forbidden, now)}`)
    return
  }
  const [window] = cooling
  if (window !== undefined) report('cooling_is_left_alone', `${name} (${kind}) in spite of ${describe(window, now)}`)
  else if (kind !== 'trial' && against[0] !== undefined)
    report('one_trial_at_a_time', `${name} is ${kind}, not a trial, although ${describe(against[0], now)} is undecided`)
  else if (kind === 'trial' && against.length === 0) report('one_trial_at_a_time', `${name} is a trial of nothing`)
}

function mayPanic(policy: ManagerOptions['policy'], started: KnownWindow['started']): boolean {
  switch (policy) {
    case 'rsclaw':
      return false
    case 'praisonai':
      return started.end === 'fixed'
    default:
      return started.kind === 'breaker' && started.end === 'inferred'
  }
}

/** Is the same target asked at once without the prefill that did no good there? */
export function isWithoutPrefill({ attempts }: KnownRequest, { known, resume }: KnownAttempt): boolean {
  const before = attempts.at(-1)
  return resume === 'restart' && before !== undefined && wasInVain(before) && isSame(before.known, known)
}

/** It was given a prefill, and did not go on from it. */
export function wasInVain(attempt: KnownAttempt): boolean {
  return attempt.resume === 'prefill' && (attempt.hasDiverged || hasRefused(attempt))
}

/** May it be used at all, whatever its health? */
export function isInUse(mirror: Mirror, { profile }: KnownTarget, door: RequestPlan['door']): boolean {
  const state = mirror.stateOf(profile.provider)
  return (
    !profile.isDisabled &&
    mirror.find(profile.options.id) === profile &&
    (state === 'registered' || (door === 'run' && state === 'unknown'))
  )
}

/** One that was removed and added again is another one. */
export function isSame(a: KnownTarget, b: KnownTarget): boolean {
  return a.profile === b.profile && a.model === b.model
}

export function describe({ started }: KnownWindow, now: number): string {
  const { scope, key, kind, reason, until, end, rung } = started
  return `the ${end} ${kind} window of ${scope} ${key} (${reason}, rung ${rung}, until ${until - now} ms from now)`
}

/** What a provider receives is an attempt that was told of. @returns whether it is */
export function checkReception(
  { report }: Knowledge,
  { caller, context, at }: Reception,
  request: KnownRequest | undefined,
  attempt: KnownAttempt | undefined,
): boolean {
  const name = `caller ${caller}'s attempt ${context.attempt} at ${nameOf(context.target)}`
  if (attempt?.number !== context.attempt || nameOf(attempt.target) !== nameOf(context.target)) {
    report('provider_and_events_agree', `${name} arrived, and no event told of it`)
    return false
  }
  if (attempt.reception !== undefined) report('provider_and_events_agree', `${name} arrived twice`)
  if (attempt.end !== undefined) report('provider_and_events_agree', `${name} arrived after its end`)
  if (request?.caller.hasLeft) report('nothing_is_tried_too_late', `${name} arrived after the caller had left`)
  const { apiKey } = attempt.known.profile.options
  if (typeof apiKey !== 'function' && apiKey !== context.apiKey && attempt.startedAt === at)
    report('provider_and_events_agree', `${name} came with another key than the profile's`)
  return true
}

/** What a breaker keeps out may be asked whether it is back, by one at a time. */
export function checkProbe(knowledge: Knowledge, target: KnownTarget, now: number): void {
  const { mirror, windows, report } = knowledge
  const name = `a probe of ${target.model} at ${target.profile.options.id}`
  if (!isInUse(mirror, target, 'call')) report('out_of_use_is_left_alone', `${name} is out of use`)
  const limit = mirror.brokenLimit(target.profile, now)
  if (limit !== undefined) report('limits_hold', `${name} breaks ${limit}`)
  const isCooling = windows.against(target, now).some((window) => stateOf(window, now) === 'cooling')
  checkWindows(knowledge, target, isCooling ? 'panic' : 'trial', now, name)
}

/** What a pure look offers must not be out. */
export function checkOffer(knowledge: Knowledge, target: KnownTarget, now: number): void {
  const { id } = target.profile.options
  const kind = knowledge.windows.against(target, now).length > 0 ? 'trial' : 'regular'
  checkWindows(knowledge, target, kind, now, `the look that offers ${id}`)
  if (target.profile.isDisabled) knowledge.report('out_of_use_is_left_alone', `${id} is offered, and disabled`)
}
