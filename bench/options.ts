import { parseArgs } from 'node:util'

/** Kinds of answers of `gateway`, measurements of `streams`. */
const PARTS = ['json', 'stream', 'throughput', 'delay', 'memory'] as const

type Part = (typeof PARTS)[number]

/** What may follow the names of the suites. Each suite takes what concerns it. */
export interface Options {
  /** Seconds for one measured phase; default: the suite's own. */
  readonly seconds: number | undefined
  /** How often everything is measured; default: the suite's own. */
  readonly repeats: number | undefined
  /** Only this part of a suite; default: all. */
  readonly only: Part | undefined
  /** What chance goes by where a suite leaves something to it; default: 1. */
  readonly seed: number | undefined
  /** Puts a second copy of the baseline in the place of what is measured: how far its ratio is from 1.00 is the noise. */
  readonly standIn: boolean
}

export interface CommandLine {
  /** Of the suites; none: all. */
  readonly names: readonly string[]
  readonly options: Options
}

/** Takes the command line apart; throws when an option is unknown or its value makes no sense. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const { positionals: names, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      seconds: { type: 'string' },
      repeats: { type: 'string' },
      only: { type: 'string' },
      seed: { type: 'string' },
      'stand-in': { type: 'boolean', default: false },
    },
  })
  const only = PARTS.find((part) => part === values.only)
  if (values.only !== undefined && only === undefined) throw new Error(`--only ${values.only}: ${PARTS.join(', ')}`)
  const seconds = positive('--seconds', values.seconds)
  const repeats = positive('--repeats', values.repeats)
  if (repeats !== undefined && !Number.isInteger(repeats)) throw new Error(`--repeats ${repeats}: a whole number`)
  const seed = positive('--seed', values.seed)
  if (seed !== undefined && !Number.isInteger(seed)) throw new Error(`--seed ${seed}: a whole number`)
  return { names, options: { seconds, repeats, only, seed, standIn: values['stand-in'] } }
}

function positive(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (!(value > 0 && Number.isFinite(value))) throw new Error(`${name} ${text}: a number above 0`)
  return value
}
