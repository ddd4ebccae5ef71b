import type { FailoverEventOf, Failure } from '../../src/index.ts'
import type { Knowledge } from './attempt-rules.ts'
import { describe } from './attempt-rules.ts'
import { isEvidence, type KnownAttempt } from './records.ts'
import { type Holder, type KnownWindow, stateOf } from './window-book.ts'

/** Bounds of inferred windows where a world does not set its own. */
const DAY = 86_400_000
/** A limit that was learnt lets the next request through by then. */
const LONGEST_LEARNT_MS = 60_000

/** What is known of whoever failed. */
interface Blame {
  readonly failure: Failure | undefined
  readonly isOurFault: boolean
  /** The provider has got the request, as far as is known. */
  readonly wasAsked: boolean
}

/** All that must hold when a window opens or changes. `cause` is whoever failed; undefined: it was reported by hand. `failure` is known of a request's own. */
export function checkWindow(
  { options, report }: Knowledge,
  started: FailoverEventOf<'cooldown_started'>,
  before: KnownWindow | undefined,
  cause: Holder | undefined,
  { failure, isOurFault, wasAsked }: Blame,
): void {
  const { at, until, end, rung, kind } = started
  const name = `${started.scope} ${started.key}`
  const { [kind]: ladder, maxHintMs = DAY } = options.cooldown ?? {}
  const { minMs = 0, maxMs = DAY } = ladder ?? {}
  const lengthMs = until - at
  if (end === 'inferred' && isEvidence(options) && (lengthMs < minMs || lengthMs > maxMs))
    report('windows_keep_their_bounds', `${name}: an inferred ${kind} window of ${lengthMs} ms`)
  if (end === 'stated' && (lengthMs < 0 || lengthMs > maxHintMs))
    report('windows_keep_their_bounds', `${name}: a stated ${kind} window of ${lengthMs} ms`)
  if (rung > (before?.started.rung ?? -1) + 1) report('windows_keep_their_bounds', `${name}: jumps to rung ${rung}`)
  if (isEvidence(options) && failure !== undefined && (failure.scope === 'none' || failure.scope === 'request'))
    report('requests_condemn_nobody', `${name}: a ${failure.reason} of scope ${failure.scope} opens a ${kind} window`)
  if (isEvidence(options) && !wasAsked && started.scope !== 'profile')
    report('nobody_is_condemned_unasked', `${name}: a ${kind} window for ${failure?.reason}, and it has not been asked`)
  if (end === 'learnt' && lengthMs > LONGEST_LEARNT_MS)
    report('windows_keep_their_bounds', `${name}: a learnt ${kind} window of ${lengthMs} ms`)
  if (isOurFault && isEvidence(options))
    report('our_network_condemns_nobody', `${name}: names are not found at several origins`)
  if (before === undefined || end === 'fixed') return
  const stood = describe(before, at)
  if (stateOf(before, at) === 'cooling') {
    const isItsTrial = cause !== undefined && before.trial === cause
    if ((end === 'inferred' || end === 'learnt') && !isItsTrial)
      report('windows_are_not_lengthened', `${stood} was changed by a failure that was not its trial`)
    if (end === 'stated' && before.started.end === 'stated' && until < before.started.until)
      report('windows_are_not_lengthened', `${stood} was cut short by another stated end`)
  } else if ((end === 'inferred' || end === 'learnt') && cause !== undefined && cause.order < before.order) {
    report('windows_are_not_lengthened', `${stood} was opened again by an attempt that began before it`)
  }
}

/** What the provider has said of its return: the window that stands now is not shorter. */
export function checkStated(
  { mirror, windows, options, report }: Knowledge,
  { known, configured }: KnownAttempt,
  { at, failure }: FailoverEventOf<'attempt_failed'>,
): void {
  const { retryAfterMs, scope, reason } = failure
  if (retryAfterMs === undefined || !isEvidence(options) || scope === 'none' || scope === 'request') return
  // Where its origin has an incident, it is that which is out, for as long as its breaker says.
  if (reason === 'auth') return
  // What was said of a profile says nothing of what has taken its place meanwhile.
  if (!mirror.isKnown(known.profile) || known.profile.options !== configured) return
  const { maxHintMs = DAY } = options.cooldown ?? {}
  const returnsAt = at + Math.min(retryAfterMs, maxHintMs)
  const holds = windows.against(known, at).some(({ started }) => started.end === 'stated' && started.until >= returnsAt)
  if (!holds && returnsAt > at)
    report('stated_ends_are_respected', `${known.profile.options.id} was to come back in ${retryAfterMs} ms`)
}

/** Where an origin refuses several keys at once and serves nobody, none of them is condemned for it. */
export function checkIncident({ windows, options, report }: Knowledge, attempt: KnownAttempt, now: number): void {
  const { refusedBefore, known, origin } = attempt
  if (refusedBefore.length === 0 || !isEvidence(options)) return
  const { id } = known.profile.options
  const isBurnt = ({ started, cause }: KnownWindow): boolean =>
    started.scope === 'profile' &&
    started.until > now &&
    started.kind === 'auth' &&
    ((refusedBefore.some(({ profile, at }) => profile === started.key && at <= started.at) && isAt(cause, origin)) ||
      (started.key === id && cause === attempt))
  const burnt = [...windows.all()].find(isBurnt)
  if (burnt !== undefined)
    report('incidents_burn_no_keys', `${origin} refuses several, ${id} among them, and ${describe(burnt, now)}`)
}

function isAt(cause: Holder | undefined, origin: string): boolean {
  return cause !== undefined && 'origin' in cause && cause.origin === origin
}

/** Its own windows of auth, billing and permission were the old key's. */
export function checkNewKey({ windows, report }: Knowledge, id: string, now: number): void {
  const isOfKey = ({ started: { scope, key, kind } }: KnownWindow): boolean =>
    (scope === 'profile' || scope === 'target') &&
    (key === id || key.startsWith(`${id} `)) &&
    (kind === 'auth' || kind === 'billing' || kind === 'permission')
  const old = [...windows.all()].find(isOfKey)
  if (old !== undefined) report('new_keys_begin_anew', `${id} has a new key, and ${describe(old, now)}`)
}
