import { textOf } from './answer.ts'
import { type Assembly, startAssembly } from './assembly.ts'
import { divergesAfter } from './fallback.ts'
import type { Recording } from './recordings.ts'
import { settingOf } from './settings.ts'
import { eventsIn, unendedEvent } from './sse-text.ts'
import type { Trial } from './trial.ts'

/** How far the caller had got when the first answer broke. */
interface Progress {
  readonly stage: 'nothing' | 'open' | 'finished'
  readonly text: string
  /** A call has reached it, or its beginning; or reasoning that nobody else can close. */
  readonly isDisarmed: boolean
}

/** What is promised of this trial. */
export interface Promised {
  /** The whole answer, not only a clear error. */
  readonly isWhole: boolean
  readonly progress: Progress
}

/**
 * What the policy promises. An event that lacks nothing but its blank line may be taken for one or not, so that only
 * what holds in both cases is promised.
 */
export function promiseOf(trial: Trial): Promised {
  const { recording, breaking } = trial
  if (breaking.kind === 'none') return { isWhole: true, progress: progressAt(trial, recording.bytes.length, false) }
  const progress = progressAt(trial, breaking.at, false)
  return { progress, isWhole: isWhole(trial, progress) && isWhole(trial, progressAt(trial, breaking.at, true)) }
}

function isWhole(trial: Trial, { stage, text, isDisarmed }: Progress): boolean {
  const { recording, breaking, fallback, setting } = trial
  // Whether the error or the finish reason counts is open.
  if (stage === 'finished') return breaking.kind !== 'error'
  if (breaking.kind === 'error' && breaking.error === 'refused') return false
  if (fallback === 'faltering' && !isFalterable(trial)) return false
  if (stage === 'nothing') return true
  if (isDisarmed || !settingOf(setting).recovers) return false
  const same = divergesAfter(fallback) ?? textOf(recording.answer).length
  return text.length <= same
}

/**
 * Does it make no difference that the fallback breaks off as well? What it has delivered may disarm; and where each target
 * but the first gets a prefill in vain, both take two attempts, all that a recovery has.
 */
function isFalterable({ recording: { answer }, isPrefillKnown, setting }: Trial): boolean {
  const isPlain = answer.every(
    (piece) => piece.kind !== 'call' && !(piece.kind === 'reasoning' && piece.signature !== undefined),
  )
  return isPlain && !isPrefillKnown && settingOf(setting).recovers
}

function progressAt({ recording, setting }: Trial, at: number, withUnended: boolean): Progress {
  const assembly = assembledAt(recording, at, withUnended)
  const { text, reasoning, calls, finish, isSignedOpen } = assembly
  const passed = settingOf(setting).passesCalls ? calls : calls.filter(({ isWhole }) => isWhole)
  const isOpen = text !== '' || reasoning.some((block) => block.text !== '') || passed.length > 0
  return {
    stage: finish !== undefined ? 'finished' : isOpen ? 'open' : 'nothing',
    text,
    isDisarmed: isOpen && (isSignedOpen || passed.length > 0),
  }
}

function assembledAt({ dialect, bytes, borders }: Recording, at: number, withUnended: boolean): Assembly {
  const whole = borders.findLast((border) => border <= at) ?? 0
  const assembly = startAssembly(dialect)
  for (const event of eventsIn(bytes.subarray(0, whole))) assembly.take(event)
  const unended = withUnended ? unendedEvent(bytes.subarray(whole, at)) : undefined
  if (unended !== undefined) assembly.take(unended)
  return assembly
}

/** Where an answer breaks whose caller has some of its text, but not its end: behind each event of text. */
export function bordersBehindText(recording: Recording): number[] {
  const texts = recording.borders.map((at) => ({ at, ...assembledAt(recording, at, false) }))
  return texts.flatMap(({ at, text, finish }, index) =>
    finish === undefined && text !== (texts[index - 1]?.text ?? '') ? [at] : [],
  )
}
