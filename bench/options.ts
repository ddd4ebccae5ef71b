import { parseArgs } from 'node:util'

/** What may follow the names of the suites. Each suite takes what concerns it. */
export interface Options {
  /** Seconds for one measured phase; default: the suite's own. */
  readonly seconds: number | undefined
  /** How often everything is measured; default: the suite's own. */
  readonly repeats: number | undefined
  /** Only this kind of answer; default: both. */
  readonly only: 'json' | 'stream' | undefined
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
      'stand-in': { type: 'boolean', default: false },
    },
  })
  const { only } = values
  if (only !== undefined && only !== 'json' && only !== 'stream') throw new Error(`--only ${only}: json or stream`)
  const seconds = positive('--seconds', values.seconds)
  const repeats = positive('--repeats', values.repeats)
  if (repeats !== undefined && !Number.isInteger(repeats)) throw new Error(`--repeats ${repeats}: a whole number`)
  return { names, options: { seconds, repeats, only, standIn: values['stand-in'] } }
}

function positive(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (!(value > 0 && Number.isFinite(value))) throw new Error(`${name} ${text}: a number above 0`)
  return value
}
