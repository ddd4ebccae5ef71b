import { getEventListeners } from 'node:events'
import { inspect } from 'node:util'
import { type AttemptRecord, FailoverError, type FailoverStatus } from '../../src/index.ts'
import type { Knowledge } from './attempt-rules.ts'
import { shownKey } from './faults.ts'
import type { Caller, KnownAttempt, KnownRequest } from './records.ts'
import { nameOf } from './records.ts'
import { checkText } from './text-rules.ts'
import { stateOf } from './window-book.ts'

/** All that must hold of a request when everything is over. */
export function checkRest({ report }: Knowledge, request: KnownRequest): void {
  const { outcome, attempts, started } = request
  const id = started.requestId
  if (outcome === undefined) {
    report('one_outcome_each', `${id} has no outcome`)
    return
  }
  if (outcome.attempts !== attempts.length)
    report(
      'one_outcome_each',
      `${id} tells of ${outcome.attempts} attempts in its outcome, and of ${attempts.length} before`,
    )
  for (const attempt of attempts) {
    const name = `attempt ${attempt.number} of ${id}`
    if (attempt.end === undefined) report('attempts_have_one_end_each', `${name} has no end`)
    const { reception } = attempt
    if (reception !== undefined && !reception.isDone && !reception.context.signal.aborted)
      report('nothing_is_left_behind', `${name} is over, and its provider was not told`)
    checkHealthy(report, attempt, name, request.caller)
  }
}

/** An answer that was good and in time is no failure. */
function checkHealthy(report: Knowledge['report'], attempt: KnownAttempt, name: string, { plan }: Caller): void {
  const { end, reception, hasJumped } = attempt
  if (reception === undefined || reception.fault !== undefined || hasJumped || end?.type !== 'attempt_failed') return
  const { failure } = end
  // Where the key had to be fetched first, the answer had less time than it may take.
  if (failure.reason === 'timeout' && reception.at > attempt.startedAt) return
  const isReadersFault = plan.reading.mode === 'slow' && failure.timeoutPhase === 'attempt'
  if (failure.scope !== 'none' && !isReadersFault)
    report(
      'healthy_answers_succeed',
      `${name} is called a ${failure.reason} (${failure.ruleId}), and nothing was wrong`,
    )
}

/** What the caller was told must be what the events say. */
export function checkCaller(knowledge: Knowledge, caller: Caller, request: KnownRequest | undefined): void {
  const { report } = knowledge
  checkText(knowledge, caller, request)
  const { ending, signal } = caller
  const name = `caller ${caller.id} (${request?.started.requestId ?? 'no request'})`
  if (signal !== undefined && getEventListeners(signal, 'abort').length > 0)
    report('nothing_is_left_behind', `${name} has a listener left on its signal`)
  if (ending === undefined) {
    report('one_outcome_each', `${name} never heard how it ended`)
    return
  }
  if (request === undefined) {
    if (ending.kind === 'succeeded') report('caller_and_events_agree', `${name} succeeded without any event`)
    return
  }
  const { outcome } = request
  if (ending.kind === 'succeeded') {
    if (outcome?.type !== 'request_succeeded')
      report('caller_and_events_agree', `${name} succeeded, and the events say ${outcome?.type}`)
    return
  }
  const { error } = ending
  if (!(error instanceof FailoverError)) {
    report('caller_and_events_agree', `${name} got ${inspect(error)}`)
    return
  }
  const told = error.code === 'CANCELED' ? 'request_canceled' : 'request_failed'
  const code = outcome?.type === 'request_failed' ? outcome.code : undefined
  if (outcome?.type !== told || (code !== undefined && code !== error.code))
    report('caller_and_events_agree', `${name} got ${error.code}, and the events say ${outcome?.type} ${code ?? ''}`)
  const shown = `${inspect(error, { depth: 8, showHidden: true })} ${jsonOf(error)}`
  const key = shownKey(shown)
  if (key !== undefined) report('keys_are_not_shown', `in what ${name} got, ${error.code}: ${key}`)
  checkRecords(report, name, error.attempts ?? [], request.attempts)
}

/** A provider's body may hold itself. */
function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch {
    return ''
  }
}

function checkRecords(
  report: Knowledge['report'],
  name: string,
  records: readonly AttemptRecord[],
  attempts: readonly KnownAttempt[],
): void {
  const told = records.map(({ target, outcome, reason }) => `${nameOf(target)} ${outcome} ${reason ?? ''}`.trim())
  const heard = attempts.map(({ target, end }) => {
    const reason = end?.type === 'attempt_failed' ? end.failure.reason : ''
    return `${nameOf(end?.target ?? target)} ${end?.type.slice('attempt_'.length)} ${reason}`.trim()
  })
  if (told.join() !== heard.join())
    report('errors_tell_the_attempts', `${name}: its error says ${told.join()}; the events say ${heard.join()}`)
}

/** No key is in the manager's own view of its profiles. */
export function checkStatusIsDiscreet({ report }: Knowledge, status: FailoverStatus): void {
  const key = shownKey(`${JSON.stringify(status)} ${inspect(status, { depth: 8 })}`)
  if (key !== undefined) report('keys_are_not_shown', `in status(): ${key}`)
}

/** What the manager says is out is what has been seen to go out and not to come back. */
function checkOutages({ windows, report }: Knowledge, { outages }: FailoverStatus, now: number): void {
  const told = outages.map((each) => {
    const { scope, key, kind, reason, until, end, rung, state, isOnTrial } = each
    return [scope, key, kind, reason, until, end, rung, state, isOnTrial].join(' ')
  })
  const seen = [...windows.all()].flatMap((window) => {
    const state = stateOf(window, now)
    const { scope, key, kind, reason, until, end, rung } = window.started
    const isOnTrial = windows.isOnTrial(window, now)
    return state === 'reopened' ? [] : [[scope, key, kind, reason, until, end, rung, state, isOnTrial].join(' ')]
  })
  const [more] = told.filter((each) => !seen.includes(each))
  const [less] = seen.filter((each) => !told.includes(each))
  if (more !== undefined || less !== undefined)
    report('status_agrees', `it tells of ${more ?? 'nothing more'}, and not of ${less ?? 'nothing'}`)
}

/** The manager's own view of its profiles. */
export function checkStatus(knowledge: Knowledge, status: FailoverStatus, now: number): void {
  const { mirror, windows, report } = knowledge
  checkOutages(knowledge, status, now)
  const ids = status.profiles.map(({ id }) => id).sort()
  const expected = mirror.profiles.map(({ options }) => options.id).sort()
  if (ids.join() !== expected.join()) report('status_agrees', `it lists ${ids.join()} instead of ${expected.join()}`)
  for (const view of status.profiles) {
    const profile = mirror.find(view.id)
    if (profile === undefined) continue
    const { inFlight } = profile.meter
    if (view.inFlight !== inFlight)
      report('status_agrees', `${view.id} has ${view.inFlight} in flight instead of ${inFlight}`)
    for (const { model, status: state, until } of view.models) {
      const against = windows.against({ profile, model }, now)
      const cooling = against.filter((window) => stateOf(window, now) === 'cooling')
      const isOut = cooling.length > 0 || against.some((window) => windows.isOnTrial(window, now))
      const name = `${view.id} on ${model}`
      if ((state === 'disabled') !== profile.isDisabled) report('status_agrees', `${name} is ${state}`)
      else if (state !== 'disabled' && (state === 'available') === isOut)
        report('status_agrees', `${name} is ${state}, and ${against.length} windows stand against it`)
      // One that is on trial was out until its window ended.
      else if (
        until !== undefined &&
        cooling.length > 0 &&
        until !== Math.max(...cooling.map(({ started }) => started.until))
      )
        report('status_agrees', `${name} is out until ${until}`)
    }
  }
}
