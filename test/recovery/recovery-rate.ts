import { textOf } from './answer.ts'
import type { Fallback } from './fallback.ts'
import { bordersBehindText } from './promise.ts'
import { longRecording } from './recordings.ts'
import { type TallyData, table } from './tally.ts'
import { DOORS, type Trial } from './trial.ts'

/** Long enough that where the other answer differs makes a difference. */
const TOKENS = 200
const DIVERGING_AFTER_TOKENS = [1, 5, 20, 50, 100, 150]

interface Row {
  readonly title: string
  readonly fallback: Fallback
  readonly isPrefillKnown: boolean
}

function rows(text: string): Row[] {
  const charactersOf = (tokens: number) => text.split(' ').slice(0, tokens).join(' ').length + 1
  return [
    { title: 'takes a prefill, and is known to', fallback: 'continuing', isPrefillKnown: true },
    { title: 'said to take a prefill, refuses it; repeats itself', fallback: 'incapable', isPrefillKnown: true },
    { title: 'repeats itself to the letter', fallback: 'restarting', isPrefillKnown: false },
    ...DIVERGING_AFTER_TOKENS.map(
      (tokens): Row => ({
        title: `differs after ${tokens} ${tokens === 1 ? 'token' : 'tokens'}`,
        fallback: `diverging-${charactersOf(tokens)}`,
        isPrefillKnown: false,
      }),
    ),
  ]
}

/** An answer of two hundred tokens that breaks behind each of them, with every kind of fallback. */
export function rateTrials(): Trial[] {
  let made = 0
  return (['openai', 'anthropic'] as const).flatMap((dialect) => {
    const recording = longRecording(dialect, TOKENS)
    return rows(textOf(recording.answer)).flatMap(({ fallback, isPrefillKnown }) =>
      bordersBehindText(recording).map(
        (at): Trial => ({
          recording,
          breaking: { kind: 'cut', at, ending: 'fin' },
          fallback,
          isPrefillKnown,
          door: DOORS[made++ % DOORS.length] ?? 'loop',
          isShared: false,
          setting: 'standard',
        }),
      ),
    )
  })
}

/** How often each kind of fallback went on, as a Markdown table. */
export function rateTable({ counts }: TallyData): string {
  const { answer } = longRecording('openai', TOKENS)
  return table(
    ['the fallback', 'recovered', 'of'],
    rows(textOf(answer)).map(({ title, fallback }) => {
      const { recovered = 0, raised = 0 } = counts[fallback] ?? {}
      const broken = recovered + raised
      return [title, broken === 0 ? '–' : `${((100 * recovered) / broken).toFixed(1)} %`, `${broken}`]
    }),
  )
}
