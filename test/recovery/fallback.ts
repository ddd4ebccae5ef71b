import type { Dice } from '../simulation/random.ts'
import { type Answer, anywhere, type Hand, otherAfter, remainderOf, rethought } from './answer.ts'
import { type Recording, write } from './recordings.ts'

/**
 * What the fallback does.
 *
 * - `continuing`: takes a prefill, and answers with only the rest where it begins its answer
 * - `incapable`: refuses a request that ends with an assistant's message
 * - `restarting`: gives the full answer whatever it is asked
 * - `rethinking`: the same, after other thoughts
 * - `diverging-N`: gives another answer, which agrees for N characters of its text
 * - `faltering`: gives the full answer and breaks off in the midst of it as well; a third target is `restarting`
 */
export type Fallback = 'continuing' | 'incapable' | 'restarting' | 'rethinking' | 'faltering' | `diverging-${number}`

/** Nobody but a log may ever see this. */
export const REFUSAL_MARK = 'refused-the-prefill'

export interface FallbackAnswer {
  readonly status: number
  readonly body: string
  /** Whether only the remainder is in it. */
  readonly isRemainder: boolean
  readonly outputTokens: number
}

/** After how many characters it differs. */
export function divergesAfter(fallback: Fallback): number | undefined {
  return fallback.startsWith('diverging-') ? Number(fallback.slice('diverging-'.length)) : undefined
}

/** The whole answer that this fallback has in mind. */
export function answerOf(fallback: Fallback, answer: Answer): Answer {
  const characters = divergesAfter(fallback)
  if (characters !== undefined) return otherAfter(answer, characters)
  return fallback === 'rethinking' ? rethought(answer) : answer
}

/** @param prefill the text of the assistant's message at the end of the request, where there is one */
export function answerWith(
  { dialect, answer }: Recording,
  fallback: Fallback,
  { prefill, inputTokens, role, dice }: { prefill: string | undefined; inputTokens: number; role: string; dice: Dice },
): FallbackAnswer {
  if (prefill !== undefined && fallback === 'incapable') return refusal(dialect)
  const own = answerOf(fallback, answer)
  const rest = prefill === undefined || fallback !== 'continuing' ? undefined : remainderOf(own, prefill)
  const hand: Hand = {
    id: `${role}${dice.int(100_000, 999_999)}`,
    model: `${role}-model-2026`,
    created: 1_780_000_000 + dice.int(0, 1_000),
    newline: '\n',
    isEscaped: dice.chance(0.3),
    hasPings: dice.chance(0.3),
    hasUsage: true,
    inputTokens,
    split: anywhere(dice),
  }
  const { events, outputTokens } = write(dialect, rest ?? own, hand)
  const shown = fallback === 'faltering' && role === 'second' ? firstPart(events) : events
  return { status: 200, body: shown.join(''), isRemainder: rest !== undefined, outputTokens }
}

/** Without its finish reason in any case. */
function firstPart(events: readonly string[]): readonly string[] {
  return events.slice(0, Math.min(Math.ceil(events.length * 0.6), events.length - 3))
}

function refusal(dialect: Recording['dialect']): FallbackAnswer {
  const message = `This model does not support assistant message prefill (${REFUSAL_MARK}).`
  const error = { type: 'invalid_request_error', message }
  const body = dialect === 'openai' ? { error: { ...error, param: 'messages', code: null } } : { type: 'error', error }
  return { status: 400, body: JSON.stringify(body), isRemainder: false, outputTokens: 0 }
}
