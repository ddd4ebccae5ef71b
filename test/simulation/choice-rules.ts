import type { FailoverEventOf, Failure } from '../../src/index.ts'
import { describe, isInUse, isSame, isWithoutPrefill, type Knowledge } from './attempt-rules.ts'
import { isServed } from './binding-book.ts'
import { type KnownLink, type KnownTarget, type Mirror, originOf, scopesOf } from './mirror.ts'
import type { ManagerOptions } from './plan.ts'
import {
  countedTries,
  isEvidence,
  isRefusal,
  type KnownAttempt,
  type KnownRequest,
  lastFailureOf,
  nameOf,
  type Outcome,
} from './records.ts'
import { canGoOn } from './resume-rules.ts'
import { limitNames, useName } from './trouble-book.ts'
import { type KnownWindow, stateOf } from './window-book.ts'

/** A target of a request's chain, and its place there. */
interface Place {
  readonly link: KnownLink
  readonly linkIndex: number
  readonly target: KnownTarget
}

/** All that must hold of the choice of a target. The attempt is not yet among the request's. */
export function checkChoice(knowledge: Knowledge, request: KnownRequest, attempt: KnownAttempt, now: number): void {
  checkSession(knowledge, request, attempt, now)
  const { options, report } = knowledge
  const before = request.attempts.at(-1)
  const failure = lastFailureOf(request, attempt.known)
  // By its name: a request goes on with a profile that was removed and added again meanwhile.
  const isAgain = attempt.kind === 'retry' && before !== undefined && nameOf(before.target) === nameOf(attempt.target)
  if (isWithoutPrefill(request, attempt)) return
  // A back-off before the same target is waited for although others are open.
  if (isAgain && failure?.nextStep === 'retry_target' && triesOf(request, attempt.known) === 1) return
  const name = `attempt ${attempt.number} of ${request.started.requestId} at ${nameOf(attempt.target)}`
  if (isServed(request.bound, attempt.known) === false)
    report('bindings_hold', `${name} cannot serve what the request refers to: ${JSON.stringify(request.bound)}`)
  const places = placesOf(knowledge, request)
  const own = places.find(({ target }) => isSame(target, attempt.known))
  if (own === undefined) {
    if (request.links !== undefined && !mayTakeDetour(request))
      report('chain_is_kept', `${name} is not in the chain ${request.started.chain.join()}`)
    return
  }
  const isOverdue = (place: Place): boolean =>
    isIgnored(knowledge, request, place, now) && !mayShare(knowledge, request, place, attempt)
  const passedOver = places.slice(0, places.indexOf(own)).find(isOverdue)
  if (passedOver !== undefined)
    report('first_in_order_goes_first', `${name} was made before one at ${placeName(passedOver)}`)
  const others = places.filter(({ link, target }) => link === own.link && !knowledge.quotas.isSpent(target, now))
  const isSpent = attempt.links.length === 1 && knowledge.quotas.isSurelySpent(attempt.known, now)
  const better = others.find((place) => isIgnored(knowledge, request, place, now))
  const isPinned = own.link.pinned === attempt.target.profile
  if (isEvidence(options) && attempt.kind === 'regular' && isSpent && !isPinned && better !== undefined)
    report('spent_goes_last', `${name} was made, which has nothing left, before one at ${placeName(better)}`)
  const isRepeated = attempt.kind === 'retry' && triesOf(request, attempt.known) > 0
  const untried = isRepeated && isEvidence(options) ? places.find(isOverdue) : undefined
  if (untried !== undefined)
    report('open_targets_are_not_ignored', `${name} again, although ${placeName(untried)} is open`)
}

/** Nobody gives up while a target that has nothing to do with what failed stands open. */
function checkGivingUp(knowledge: Knowledge, request: KnownRequest, now: number): void {
  const { options } = knowledge
  const { maxAttempts = 10 } = options.budget ?? {}
  if (countedTries(request, options) < maxAttempts) checkNothingLeft(knowledge, request, now)
}

function checkNothingLeft(knowledge: Knowledge, request: KnownRequest, now: number): void {
  if (isTurnedDown(request)) return
  const ignored = placesOf(knowledge, request).find((place) => isIgnored(knowledge, request, place, now))
  if (ignored !== undefined)
    knowledge.report(
      'open_targets_are_not_ignored',
      `${request.started.requestId} gave up although ${placeName(ignored)} was open`,
    )
}

/** Nobody gives up a broken answer while his recovery has a budget, and a target that nothing is known against is open. */
export function checkExhausted(knowledge: Knowledge, request: KnownRequest, now: number): void {
  const { maxAttempts = 4 } = knowledge.options.recovery ?? {}
  const made = request.attempts.filter(({ resume }) => resume !== undefined).length
  if (made < maxAttempts) checkNothingLeft(knowledge, request, now)
}

/**
 * The deadline has passed. What lies behind the first model was to be reached before: each attempt leaves a reserve for
 * it, and no back-off is waited for that ends too late.
 */
function checkDeadline(knowledge: Knowledge, request: KnownRequest, now: number): void {
  const { options, report } = knowledge
  const hasCommitted = request.attempts.some(({ isCommitted }) => isCommitted)
  if (hasCommitted || request.hasJumped || isTurnedDown(request) || !isEvidence(options)) return
  const missed = placesOf(knowledge, request).find(
    (place) =>
      place.linkIndex > 0 &&
      !isUnderWayThere(request, place.target) &&
      isIgnored(knowledge, request, place, now) &&
      !hadTrouble(knowledge, place.target, request, now),
  )
  if (missed !== undefined)
    report(
      'healthy_targets_are_reached',
      `the deadline of ${request.started.requestId} passed, and ${placeName(missed)} was open all the time`,
    )
}

/** All that must hold when a request waits. */
export function checkWaiting(
  knowledge: Knowledge,
  request: KnownRequest,
  { until, cause, at: now }: FailoverEventOf<'request_waiting'>,
): void {
  const { mirror, options, report } = knowledge
  const { requestId, deadlineAt } = request.started
  if (cause === 'backoff') return
  const { maxMs = 10_000 } = options.wait ?? {}
  const places = placesOf(knowledge, request)
  const ignored = places.find((place) => isIgnored(knowledge, request, place, now))
  if (ignored !== undefined)
    report('open_targets_are_not_ignored', `${requestId} waits although ${placeName(ignored)} is open`)
  if (!isEvidence(options)) report('waiting_is_worth_it', `${requestId} waits under a preset that never does`)
  if (until > deadlineAt) report('waiting_is_worth_it', `${requestId} waits beyond its deadline`)
  if (until - now > maxMs - request.waitedMs)
    report('waiting_is_worth_it', `${requestId} waits for ${until - now} ms after ${request.waitedMs} of ${maxMs}`)
  const inUse = places.filter(
    ({ target }) =>
      isInUse(mirror, target, request.caller.plan.door) &&
      canGoOn(knowledge, request, target.profile.provider) &&
      isServed(request.bound, target) !== false,
  )
  const isHopeless = ({ target }: Place): boolean => opensAt(knowledge, target, now) >= deadlineAt
  if (request.links !== undefined && !mayTakeDetour(request) && inUse.every(isHopeless))
    report('waiting_is_worth_it', `${requestId} waits for what does not open before its deadline`)
  const [only, ...others] = inUse
  if (only !== undefined && others.length === 0) checkSole(knowledge, request, only, now)
}

/** A limit may be held by somebody's attempt, and a trial may end, at any moment. */
function opensAt(knowledge: Knowledge, target: KnownTarget, now: number): number {
  const { mirror, windows, ramps } = knowledge
  const against = windows.against(target, now)
  if (ramps.mayHold(target, now) || mayBePaced(knowledge, target)) return now
  if (against.some((window) => windows.isOnTrial(window, now))) return now
  if (!mirror.hasRoom(target.profile, now)) return now
  return Math.max(now, ...against.map(({ started }) => started.until))
}

/** The only target there is waits for nothing but its own breaker. */
function checkSole(knowledge: Knowledge, request: KnownRequest, { target, link }: Place, now: number): void {
  const { mirror, windows, report } = knowledge
  const against = windows.against(target, now)
  const isBreaker = (window: KnownWindow): boolean =>
    stateOf(window, now) === 'cooling' && window.started.kind === 'breaker' && window.started.end === 'inferred'
  if (against.length === 0 || !against.every(isBreaker) || !mirror.hasRoom(target.profile, now)) return
  if (mayBePaced(knowledge, target)) return
  if (against.some((window) => windows.isOnTrial(window, now)) || request.attempts.length > 0) return
  if (isServed(request.bound, target) !== true) return
  const [window] = against
  const stands = window === undefined ? '' : describe(window, now)
  report(
    'sole_target_is_not_refused',
    `${request.started.requestId} waits for ${placeName({ link, target })}: ${stands}`,
  )
}

/** Every target of the chain in the order in which they are tried, each once; none where the oracle cannot read it. */
function placesOf({ mirror }: Knowledge, { links = [] }: KnownRequest): Place[] {
  const places: Place[] = []
  for (const [linkIndex, link] of links.entries()) {
    for (const target of mirror.targetsOf(link))
      if (!places.some((place) => isSame(place.target, target))) places.push({ link, linkIndex, target })
  }
  return places
}

/** It is open, this request has not tried it, and nothing that it has tried says anything against it. */
function isIgnored(knowledge: Knowledge, request: KnownRequest, { target }: Place, now: number): boolean {
  return (
    !mayTakeDetour(request) &&
    isPlainlyOpen(knowledge, target, request, now) &&
    canGoOn(knowledge, request, target.profile.provider) &&
    isServed(request.bound, target) === true &&
    triesOf(request, target) === 0 &&
    request.attempts.every((attempt) => !isTouchedBy(knowledge.mirror, target, attempt))
  )
}

function isPlainlyOpen(knowledge: Knowledge, target: KnownTarget, { caller }: KnownRequest, now: number): boolean {
  const { mirror, windows, ramps } = knowledge
  return (
    isInUse(mirror, target, caller.plan.door) &&
    mirror.hasRoom(target.profile, now) &&
    !ramps.mayHold(target, now) &&
    !mayBePaced(knowledge, target) &&
    windows.against(target, now).length === 0
  )
}

/** A limit that has been learnt may hold it back. */
function mayBePaced({ options, quotas }: Knowledge, target: KnownTarget): boolean {
  return learnsLimits(options) && quotas.isTaught(target)
}

/** Is it heard what providers say and show of their quotas? */
function learnsLimits(options: ManagerOptions): boolean {
  return isEvidence(options) && options.learnLimits !== false
}

/** The latest attempt goes to the same model at the same origin: its other keys fare no better where it is slow. */
function isUnderWayThere({ attempts }: KnownRequest, { profile, model }: KnownTarget): boolean {
  const latest = attempts.at(-1)?.known
  return latest !== undefined && latest.model === model && originOf(latest.profile) === originOf(profile)
}

/** What failed may be the model's fault, or the origin's: then it is no surprise that others of them are not tried. */
function isTouchedBy(mirror: Mirror, target: KnownTarget, attempt: KnownAttempt): boolean {
  const { links, origin, end, hasDiverged } = attempt
  // Its other keys say the same.
  if (hasDiverged) return links.some((link) => serves(mirror, link, target))
  if (end?.type !== 'attempt_failed') return false
  const { nextStep, reason } = end.failure
  // A key that is refused says nothing about another.
  if (nextStep === 'next_profile' && reason !== 'model_not_found') return false
  // Where it was reached then; the profile may have moved since.
  return origin === originOf(target.profile) || links.some((link) => serves(mirror, link, target))
}

/** The models of the chain that a target serves, as things stand now. */
export function linksOf(mirror: Mirror, { links = [] }: Pick<KnownRequest, 'links'>, target: KnownTarget): KnownLink[] {
  return links.filter((link) => serves(mirror, link, target))
}

function serves(mirror: Mirror, link: KnownLink, target: KnownTarget): boolean {
  return mirror.targetsOf(link).some((other) => isSame(other, target))
}

/** Has it failed for a reason for which another way may be configured? */
function mayTakeDetour({ attempts }: KnownRequest): boolean {
  return attempts.some(
    ({ end }) =>
      end?.type === 'attempt_failed' &&
      (end.failure.reason === 'context_length' || end.failure.reason === 'content_policy'),
  )
}

/** Has the request itself been refused, so that nobody is asked any more? What goes on with an answer is only left. */
function isTurnedDown({ attempts }: KnownRequest): boolean {
  const failed = attempts.filter(({ end }) => end?.type === 'attempt_failed')
  const failureOf = ({ end }: KnownAttempt): Failure | undefined =>
    end?.type === 'attempt_failed' ? end.failure : undefined
  const unknown = failed.filter((attempt) => failureOf(attempt)?.reason === 'unknown').length
  const turnsDown = (attempt: KnownAttempt): boolean => {
    const failure = failureOf(attempt)
    return failure !== undefined && attempt.resume === undefined && (isRefusal(failure) || failure.scope === 'request')
  }
  return unknown > 1 || failed.some(turnsDown)
}

/** Has anything stood in its way since the request began? */
function hadTrouble(
  { windows, troubles }: Knowledge,
  target: KnownTarget,
  request: KnownRequest,
  now: number,
): boolean {
  const scopes = scopesOf(target)
  const { profile } = target
  const names = [...scopes, ...limitNames(profile), useName(profile.options.id), useName(profile.provider)]
  const stood = ({ started }: KnownWindow): boolean =>
    scopes.has(`${started.scope} ${started.key}`) && started.until > request.started.at && started.at <= now
  return troubles.hasSince(names, request.order) || [...windows.all()].some(stood)
}

/** Requests of one session are served by one profile, as long as nothing is out. */
function checkSession(knowledge: Knowledge, request: KnownRequest, attempt: KnownAttempt, now: number): void {
  const { mirror, options, report, sessions } = knowledge
  const { sessionKey } = request.caller.plan
  const [link] = attempt.links
  if (sessionKey === undefined || link === undefined || typeof options.strategy === 'object') return
  // The published designs know no sessions.
  if (!isEvidence(options) && (options.strategy ?? 'priority') === 'priority') return
  const tier = mirror.targetsOf(link).filter(({ profile }) => mirror.areEqual(profile, attempt.known.profile))
  if (tier.length < 2) return
  const isFree = attempt.number === 1 && request.bound === undefined && link.pinned === undefined
  const isAtHome = (target: KnownTarget): boolean =>
    isPlainlyOpen(knowledge, target, request, now) && !knowledge.quotas.isSpent(target, now)
  const isTierOpen = isFree && tier.every(isAtHome)
  const { provider, model } = attempt.target
  const home = sessions.seated(`${sessionKey} ${provider} ${model}`, tier, attempt.known, isTierOpen, now)
  if (home !== undefined)
    report('sessions_stay_together', `${sessionKey} went from ${home} to ${attempt.known.profile.options.id}`)
}

/** May the one be taken in place of the other, since they are equals? */
function mayShare(knowledge: Knowledge, request: KnownRequest, place: Place, attempt: KnownAttempt): boolean {
  const { mirror, options, quotas } = knowledge
  const { link, target } = place
  // What has nothing left goes last within its model.
  if (isEvidence(options) && quotas.isSpent(target, attempt.startedAt) && serves(mirror, link, attempt.known))
    return true
  const { plan } = request.caller
  const { strategy = 'priority', rotateOnSuccess = false } = options
  const hasSession = plan.sessionKey !== undefined || plan.guess?.isNamed === true
  const isAnyoneFirst = hasSession || rotateOnSuccess || strategy !== 'priority'
  const isPinned = link.pinned === target.profile.options.id
  return (
    isAnyoneFirst &&
    !isPinned &&
    serves(mirror, link, attempt.known) &&
    mirror.areEqual(target.profile, attempt.known.profile)
  )
}

function triesOf({ attempts }: KnownRequest, { profile, model }: KnownTarget): number {
  const { id } = profile.options
  return attempts.filter(({ known }) => known.model === model && known.profile.options.id === id).length
}

function placeName({ link, target }: Pick<Place, 'link' | 'target'>): string {
  return `${link.provider}/${target.model}@${target.profile.options.id}`
}

/** What may be checked only where everything has come to rest: how many wait at once. */
export function checkQueues({ options, report }: Knowledge, requests: Iterable<KnownRequest>): void {
  const { maxQueued = 100 } = options.wait ?? {}
  const queues = new Map<string, number>()
  for (const { waitingSince, started } of requests)
    if (waitingSince !== undefined) queues.set(started.model, (queues.get(started.model) ?? 0) + 1)
  for (const [model, queued] of queues)
    if (queued > maxQueued) report('waiting_is_worth_it', `${queued} requests wait for ${model}`)
}

/** The story of a request goes on, or ends. */
export function checkOutcome(knowledge: Knowledge, request: KnownRequest, outcome: Outcome): void {
  const { requestId, deadlineAt } = request.started
  if (outcome.at > deadlineAt && !request.hasJumped)
    knowledge.report('nothing_is_tried_too_late', `${requestId} ended ${outcome.at - deadlineAt} ms after its deadline`)
  if (outcome.type !== 'request_failed') return
  if (outcome.code === 'ALL_TARGETS_FAILED' || outcome.code === 'NO_TARGET')
    checkGivingUp(knowledge, request, outcome.at)
  if (outcome.code === 'DEADLINE_EXCEEDED') checkDeadline(knowledge, request, outcome.at)
}
