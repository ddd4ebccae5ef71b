import type { FailoverEventOf } from '../../src/index.ts'
import type { Knowledge } from './attempt-rules.ts'
import { describe } from './attempt-rules.ts'
import { type Holder, type KnownWindow, stateOf } from './window-book.ts'

/** Bounds of inferred windows where a world does not set its own. */
const DAY = 86_400_000

/** All that must hold when a window opens or changes. `cause` is whoever failed; undefined: it was reported by hand. */
export function checkWindow(
  { options, report }: Knowledge,
  started: FailoverEventOf<'cooldown_started'>,
  before: KnownWindow | undefined,
  cause: Holder | undefined,
): void {
  const { at, until, end, rung, kind } = started
  const name = `${started.scope} ${started.key}`
  const { [kind]: ladder, maxHintMs = DAY } = options.cooldown ?? {}
  const { minMs = 0, maxMs = DAY } = ladder ?? {}
  const lengthMs = until - at
  if (end === 'inferred' && options.policy === 'evidence' && (lengthMs < minMs || lengthMs > maxMs))
    report('windows_keep_their_bounds', `${name}: an inferred ${kind} window of ${lengthMs} ms`)
  if (end === 'stated' && (lengthMs < 0 || lengthMs > maxHintMs))
    report('windows_keep_their_bounds', `${name}: a stated ${kind} window of ${lengthMs} ms`)
  if (rung > (before?.started.rung ?? -1) + 1) report('windows_keep_their_bounds', `${name}: jumps to rung ${rung}`)
  if (before === undefined || end === 'fixed') return
  const stood = describe(before, at)
  if (stateOf(before, at) === 'cooling') {
    const isItsTrial = cause !== undefined && before.trial === cause
    if (end === 'inferred' && !isItsTrial)
      report('windows_are_not_lengthened', `${stood} was changed by a failure that was not its trial`)
    if (end === 'stated' && before.started.end === 'stated' && until < before.started.until)
      report('windows_are_not_lengthened', `${stood} was cut short by another stated end`)
  } else if (end === 'inferred' && cause !== undefined && cause.order < before.order) {
    report('windows_are_not_lengthened', `${stood} was opened again by an attempt that began before it`)
  }
}
