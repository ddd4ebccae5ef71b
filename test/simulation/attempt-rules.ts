import type { Reception } from './fake-provider.ts'
import { brokenLimit, hasRoom, type KnownTarget, type Mirror } from './mirror.ts'
import type { ManagerOptions, RequestPlan } from './plan.ts'
import { countedTries, type KnownAttempt, type KnownRequest, nameOf, type Report } from './records.ts'
import { type KnownWindow, stateOf, type WindowBook } from './window-book.ts'

/** What the rules look at. */
export interface Knowledge {
  readonly mirror: Mirror
  readonly windows: WindowBook
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
  if (countedTries(request, options) >= maxAttempts)
    report('budget_holds', `${name} exceeds budget.maxAttempts ${maxAttempts}`)
  const tries = request.attempts.filter(({ known }) => isSame(known, attempt.known)).length
  const { attempts: maxTries = 3 } = options.retry ?? {}
  if (tries >= maxTries) report('tries_of_a_target_hold', `${name} exceeds retry.attempts ${maxTries}`)
  const { profile } = attempt.known
  if (!isInUse(mirror, attempt.known, request.caller.plan.door))
    report('out_of_use_is_left_alone', `${name} is disabled, removed or not registered`)
  const limit = brokenLimit(profile, now)
  if (limit !== undefined) report('limits_hold', `${name} breaks ${limit}`)
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

/** The first target in order, if it is plainly open, is the first to be tried. */
export function checkFirst(knowledge: Knowledge, request: KnownRequest, attempt: KnownAttempt, now: number): void {
  const { mirror, options, report } = knowledge
  const [link] = request.links ?? []
  const { plan } = request.caller
  if (attempt.number > 1 || link === undefined || now > request.started.at) return
  const [leader] = mirror.targetsOf(link)
  if (leader === undefined || !isPlainlyOpen(knowledge, leader, plan.door, now)) return
  const { profile, model } = attempt.known
  if (isSame(leader, attempt.known)) return
  const mayShare = link.pinned === undefined && (plan.sessionKey !== undefined || options.rotateOnSuccess === true)
  if (mayShare && model === leader.model && mirror.areEqual(leader.profile, profile)) return
  report('first_in_order_goes_first', `${nameOf(attempt.target)} was tried before ${leader.profile.options.id}`)
}

/** Nobody gives up while a target that has nothing to do with what failed stands open. */
export function checkGivingUp(knowledge: Knowledge, request: KnownRequest, now: number): void {
  const { mirror, options, report } = knowledge
  const { maxAttempts = 10 } = options.budget ?? {}
  if (request.links === undefined || countedTries(request, options) >= maxAttempts) return
  const failures = request.attempts.flatMap(({ end }) => (end?.type === 'attempt_failed' ? [end.failure] : []))
  const counts = (reason: string): number => failures.filter((failure) => failure.reason === reason).length
  if (failures.some(({ nextStep, reason }) => nextStep === 'return' && reason !== 'context_length')) return
  if (counts('unknown') > 1 || counts('context_length') > 1 || failures.some(({ scope }) => scope === 'request')) return
  const touched = new Set(request.attempts.map(({ target }) => target.provider))
  for (const link of request.links) {
    if (touched.has(link.provider)) continue
    for (const target of mirror.targetsOf(link)) {
      if (!isPlainlyOpen(knowledge, target, request.caller.plan.door, now)) continue
      if (request.attempts.some(({ known }) => sharesOrigin(known, target))) continue
      const name = `${link.provider}/${link.model}@${target.profile.options.id}`
      report('open_targets_are_not_ignored', `${request.started.requestId} gave up although ${name} was open`)
    }
  }
}

function isPlainlyOpen(
  { mirror, windows }: Knowledge,
  target: KnownTarget,
  door: RequestPlan['door'],
  now: number,
): boolean {
  return isInUse(mirror, target, door) && hasRoom(target.profile, now) && windows.against(target, now).length === 0
}

function isInUse(mirror: Mirror, { profile }: KnownTarget, door: RequestPlan['door']): boolean {
  const state = mirror.stateOf(profile.provider)
  return (
    !profile.isDisabled &&
    mirror.find(profile.options.id) === profile &&
    (state === 'registered' || (door === 'run' && state === 'unknown'))
  )
}

/** One that was removed and added again is another one. */
function isSame(a: KnownTarget, b: KnownTarget): boolean {
  return a.profile === b.profile && a.model === b.model
}

function sharesOrigin(a: KnownTarget, b: KnownTarget): boolean {
  return a.profile.options.baseUrl !== undefined || b.profile.options.baseUrl !== undefined
    ? new URL(a.profile.options.baseUrl ?? 'none:/').origin === new URL(b.profile.options.baseUrl ?? 'none:/').origin
    : a.profile.provider === b.profile.provider
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

/** What a pure look offers must not be out. */
export function checkOffer(knowledge: Knowledge, target: KnownTarget, now: number): void {
  const { id } = target.profile.options
  const kind = knowledge.windows.against(target, now).length > 0 ? 'trial' : 'regular'
  checkWindows(knowledge, target, kind, now, `the look that offers ${id}`)
  if (target.profile.isDisabled) knowledge.report('out_of_use_is_left_alone', `${id} is offered, and disabled`)
}
