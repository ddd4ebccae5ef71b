import type { FailoverEvent, FailoverEventOf, TargetRef } from '../../src/index.ts'
import { type Knowledge, wasInVain } from './attempt-rules.ts'
import type { Reception } from './fake-provider.ts'
import type { KnownAttempt, KnownRequest, Outcome } from './records.ts'
import { isRefusal, nameOf } from './records.ts'
import { isSaidToTakePrefill } from './voices.ts'

type RecoveryEvent = FailoverEventOf<
  'recovery_started' | 'recovery_diverged' | 'recovery_succeeded' | 'recovery_failed'
>

/** What a request may end with whose answer broke off, besides the break itself: its time was up. */
const OUT_OF_TIME: readonly string[] = ['DEADLINE_EXCEEDED', 'TIMEOUT']

/** All that must hold when an attempt begins, of its going on with an answer or not. It is not yet among the request's. */
export function checkResume(knowledge: Knowledge, request: KnownRequest, attempt: KnownAttempt): void {
  const { options, report } = knowledge
  const { resume } = attempt
  const name = `attempt ${attempt.number} of ${request.started.requestId} at ${nameOf(attempt.target)}`
  if ((resume !== undefined) !== (request.recovery === 'open'))
    report(
      'recoveries_have_one_end_each',
      `${name} ${resume === undefined ? 'begins an answer' : 'goes on with one'}, and recovery is ${request.recovery}`,
    )
  if (resume === undefined) return
  const { midStream = 'continue', maxAttempts = 4 } = options.recovery ?? {}
  const before = request.attempts.filter((each) => each.resume !== undefined)
  if (before.length >= maxAttempts)
    report('recovery_has_its_budget', `${name} exceeds recovery.maxAttempts ${maxAttempts}`)
  if (midStream === 'off' || !canGoOn(knowledge, request, attempt.target.provider))
    report('recovery_is_as_agreed', `${name} goes on with what it may not, midStream ${midStream}`)
  const ofModel = before.filter(({ target }) => isOfSameModel(target, attempt.target))
  if (ofModel.some((each) => each.hasDiverged && each.resume === 'restart'))
    report('other_answers_are_left', `${name}, whose model has said something else from the beginning`)
  const against = whyNoPrefill(knowledge, ofModel, attempt)
  if (resume === 'prefill' && against !== undefined)
    report('prefills_go_where_they_are_taken', `${name} gets a prefill, ${against}`)
  if (resume === 'restart' && against === undefined && request.caller.received.trim() !== '')
    report('prefills_go_where_they_are_taken', `${name} gets no prefill, and nothing stands against one`)
}

function isOfSameModel(one: TargetRef, other: TargetRef): boolean {
  return one.provider === other.provider && one.model === other.model
}

/** @param before what has been asked of its model to go on with the answer */
function whyNoPrefill(
  { mirror, options, prefills }: Knowledge,
  before: readonly KnownAttempt[],
  { target, origin }: KnownAttempt,
): string | undefined {
  const plan = mirror.planOf(target.provider)?.recovery
  const inVain = before.find((each) => wasInVain(each) || wasAnsweredWithError(each))
  if (options.recovery?.midStream === 'restart') return 'which is not configured'
  if (plan === undefined || !isSaidToTakePrefill(plan, target.model, mirror.models))
    return 'and is not known to take one'
  if (prefills.hasRefused(origin, target.model)) return 'and its model has refused one'
  return inVain && `as did attempt ${inVain.number}, in vain`
}

/** Whatever a server says to a prefill, it may have said it of the prefill: nobody sends its model another. */
function wasAnsweredWithError({ resume, isCommitted, end }: KnownAttempt): boolean {
  return resume === 'prefill' && !isCommitted && end?.type === 'attempt_failed' && (end.failure.status ?? 0) >= 400
}

/** What a provider receives is what the events say of it. */
export function checkBeginning(
  { report }: Knowledge,
  { prefill, context, caller }: Reception,
  request: KnownRequest,
  { resume, number }: KnownAttempt,
): void {
  const name = `attempt ${number} of ${request.started.requestId}`
  if (context.resume !== resume || (prefill !== undefined) !== (resume === 'prefill'))
    report('provider_and_events_agree', `${name} is told to go on by ${context.resume}, and the events say ${resume}`)
  const { received } = request.caller
  if (prefill !== undefined && (prefill.trimEnd() !== prefill || !prefill.startsWith(received.trimEnd())))
    report(
      'answers_are_of_a_piece',
      `${name} goes on from ${JSON.stringify(prefill)}, and caller ${caller} has got ${JSON.stringify(received)}`,
    )
}

/** What is told of answers that broke off. */
export function noteRecovery(knowledge: Knowledge, request: KnownRequest, event: RecoveryEvent): void {
  const { report } = knowledge
  const { requestId } = event
  const last = request.attempts.at(-1)
  const complain = (text: string): void =>
    report('recoveries_have_one_end_each', `${requestId}: ${event.type}, and ${text}`)
  switch (event.type) {
    case 'recovery_started':
      if (last === undefined || !isBroken(last) || last.number !== event.attempt || last.isTold)
        complain('its latest attempt has not just broken off')
      else {
        last.isTold = true
        const reason = last.end?.type === 'attempt_failed' ? last.end.failure.reason : undefined
        if (reason !== event.reason) complain(`it broke off for ${reason}, not for ${event.reason}`)
        if (last.end?.type === 'attempt_failed' && isRefusal(last.end.failure))
          report('recovery_is_as_agreed', `${requestId} is gone on with, and ${reason} is its own fault`)
      }
      request.recovery = 'open'
      return
    case 'recovery_diverged':
      if (last === undefined || !isBroken(last) || last.number !== event.attempt || last.resume !== event.resume)
        complain('its latest attempt was not going on with anything')
      else if (last.end?.type === 'attempt_failed')
        report(
          'other_answers_condemn_nobody',
          `attempt ${last.number} of ${requestId} differs, and is called a failure`,
        )
      if (last !== undefined) last.hasDiverged = true
      return
    case 'recovery_succeeded':
      if (request.recovery !== 'open') complain(`its recovery is ${request.recovery}`)
      if (!last?.isCommitted || last.end !== undefined || last.resume !== event.resume || last.number !== event.attempt)
        complain('its latest attempt is not going on with it')
      request.recovery = 'succeeded'
      return
    case 'recovery_failed':
      checkFailed(knowledge, request, event)
      request.recovery = 'failed'
  }
}

function checkFailed(
  { mirror, options, report }: Knowledge,
  request: KnownRequest,
  { cause, requestId }: FailoverEventOf<'recovery_failed'>,
): void {
  const last = request.attempts.at(-1)
  const isOpen = request.recovery === 'open'
  if (last === undefined || request.recovery === 'failed' || (!isOpen && (!isBroken(last) || last.isTold)))
    report('recoveries_have_one_end_each', `${requestId}: recovery_failed, and nothing is to be gone on with`)
  const isOff = options.recovery?.midStream === 'off'
  // Whose answer it is that is gone on with: the first that committed.
  const author = request.attempts.find(({ isCommitted }) => isCommitted)
  const canBeResumed = author !== undefined && mirror.planOf(author.target.provider)?.recovery !== undefined
  const isRejected = last !== undefined && last.end?.type === 'attempt_failed' && isRefusal(last.end.failure)
  const isRight = {
    off: isOff,
    not_supported: !isOff && !canBeResumed,
    rejected: !isOff && canBeResumed && isRejected,
    disarmed: !isOff && canBeResumed && !isRejected && author.reception?.text.endsWith('}') === true,
    exhausted: isOpen,
  }[cause]
  if (!isRight) report('recovery_is_as_agreed', `${requestId} is not gone on with: ${cause}`)
}

/** After the last word on a recovery, only the outcome comes. */
export function checkAfterFailed({ report }: Knowledge, request: KnownRequest, event: FailoverEvent): void {
  if (request.recovery === 'failed' && event.type !== 'request_failed')
    report(
      'recoveries_have_one_end_each',
      `${event.type} was told of ${request.started.requestId} after recovery_failed`,
    )
}

/** How a request ends whose answer broke off, and how one does not end whose answer did not. */
export function checkBrokenEnd({ report }: Knowledge, request: KnownRequest, outcome: Outcome): void {
  const { recovery, attempts, caller } = request
  const { requestId } = request.started
  const code = outcome.type === 'request_failed' ? outcome.code : outcome.type
  const hasBroken = attempts.some(isBroken)
  if (!hasBroken) {
    if (code === 'STREAM_INTERRUPTED')
      report('broken_answers_say_so', `${requestId} ended with ${code}, and nothing broke`)
    return
  }
  const isOpen = recovery === 'open' || attempts.at(-1)?.end?.type === 'attempt_failed'
  if (outcome.type === 'request_succeeded') {
    if (isOpen || recovery === 'failed')
      report('recoveries_have_one_end_each', `${requestId} succeeded, and its recovery is ${recovery}`)
    return
  }
  const isRight =
    outcome.type === 'request_canceled'
      ? caller.hasLeft
      : recovery === 'failed'
        ? code === 'STREAM_INTERRUPTED'
        : OUT_OF_TIME.includes(code)
  if (!isRight)
    report(
      'broken_answers_say_so',
      `the answer to ${requestId} broke off, and it ended with ${code}, recovery ${recovery}`,
    )
}

/** Can the targets of this provider have a part in what is left to be done for a request? */
export function canGoOn({ mirror }: Knowledge, request: KnownRequest, provider: string): boolean {
  return request.recovery === 'none' || mirror.planOf(provider)?.recovery !== undefined
}

/** It was answering, and came to no good end. */
function isBroken({ isCommitted, end }: KnownAttempt): boolean {
  return isCommitted && end !== undefined && end.type !== 'attempt_succeeded'
}
