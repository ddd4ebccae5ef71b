import { group, number, oneOf, wholeNumber } from './schema-parts.ts'

export const streamSchema = group(
  {
    toolCalls: oneOf(
      'What becomes of the pieces of a tool call: `hold` until it is whole, so that it can be made anew elsewhere, or `pass`',
      ['hold', 'pass'],
      { default: 'hold' },
    ).exactOptional(),
    holdMaxMs: number({
      description: 'Milliseconds after which what is held is given out',
      default: 15_000,
    }).exactOptional(),
    holdBackMs: number({
      description: 'Milliseconds for which a stream is held back after its first content',
      default: 0,
    }).exactOptional(),
    keepAliveMs: number({
      description: 'Milliseconds between signs of life while a client waits for the first content; 0 sends none',
      default: 0,
    }).exactOptional(),
  },
  'Streams on their way to the client',
)

export const recoverySchema = group(
  {
    midStream: oneOf(
      'Where a stream breaks off after its first content: another target goes on from there where it is known to take a prefill, else is asked again (`continue`); is always asked again (`restart`); or the stream ends with an error (`off`)',
      ['continue', 'restart', 'off'],
      { default: 'continue' },
    ).exactOptional(),
    maxAttempts: wholeNumber({
      description: 'Tries at going on with one answer, beside `budget.maxAttempts`',
      min: 1,
      default: 4,
    }).exactOptional(),
  },
  'After the first content',
)
