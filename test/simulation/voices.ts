import { COMMON, callTo, continuationOf, textIn, type Voice } from './answers.ts'
import type { RecoveryPlan, World } from './plan.ts'
import { Dice, deriveSeed } from './random.ts'

/** An answer that begins like so much of another one is seen to begin anew. */
const SEEN_CHARACTERS = 24
const MAX_PIECES = 8

/** Who answers. */
export interface Speaker {
  readonly plan: RecoveryPlan | undefined
  /** Place among the providers. */
  readonly provider: number
  /** Place among the models; -1 for one that nobody has planned. */
  readonly model: number
  readonly attempt: number
}

export interface Answer {
  /** All that would be said. */
  readonly text: string
  /** It answers from the beginning, whatever it was given. */
  readonly beginsAgain: boolean
}

/** What is said to a caller, be it from the beginning or from what he has got of it. */
export function answerTo(
  { caller, seed, prefill }: { readonly caller: number; readonly seed: number; readonly prefill?: string },
  speaker: Speaker,
): Answer {
  const { plan } = speaker
  const call = new Dice(deriveSeed(seed, -2)).chance(0.1) ? callTo(caller) : ''
  const voice = voiceOf(speaker, seed)
  const whole = textIn(voice, caller)
  if (prefill === undefined) return { text: whole + call, beginsAgain: true }
  // Whoever begins in another way, nobody could tell from one that goes on.
  const isSeen = whole.startsWith(prefill.slice(0, SEEN_CHARACTERS))
  if (plan?.prefill === 'ignores' && isSeen) return { text: whole + call, beginsAgain: true }
  return { text: continuationOf(prefill, voice, caller, plan?.space ?? 'keeps') + call, beginsAgain: false }
}

/** Is this model said to go on from a prefill? */
export function isSaidToTakePrefill({ known }: RecoveryPlan, model: string, models: World['models']): boolean {
  return known === 'unsaid' || (known === 'first_model' && model === models[0])
}

function voiceOf({ plan, provider, model, attempt }: Speaker, seed: number): Voice {
  const { wanders = 0, isSteady = true, space = 'keeps' } = plan ?? {}
  const pieces = new Dice(deriveSeed(seed, -1)).int(1, MAX_PIECES)
  const place = model + 1 + 4 * provider
  const own = new Dice(deriveSeed(seed, isSteady ? -3 - place : 1_000 + attempt))
  const isTrimmed = space === 'drops'
  if (!own.chance(wanders)) return { from: pieces, letter: COMMON, pieces, isTrimmed }
  const letter = String.fromCharCode('a'.charCodeAt(0) + ((isSteady ? place : attempt) % 26))
  return { from: own.int(0, pieces), letter, pieces: own.chance(0.3) ? own.int(1, pieces) : pieces, isTrimmed }
}
