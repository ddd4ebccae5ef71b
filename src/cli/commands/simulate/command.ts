import { type Environment, formatMistake, loadConfiguration } from '../../../config/index.ts'
import { FailoverError } from '../../../index.ts'
import {
  EXAMPLE_SUBJECT,
  isRouteOf,
  prepare,
  routesOf,
  type Scenario,
  type Stage,
  type Subject,
  shippedScenarios,
  simulate,
} from '../../../simulate/index.ts'
import { findScenario } from './find-scenario.ts'
import { layoutFor } from './layout.ts'
import { type ConfigurationReport, linesOf } from './lines.ts'
import { onOneLine, readable } from './readable.ts'
import { subjectOf } from './subject-of.ts'

export interface SimulateOptions {
  /** A shipped one's name, or a path; default: the first provider is down. */
  readonly scenario: string | undefined
  /** The configuration, as for `serve`; without any, an example. */
  readonly configPath: string | undefined
  /** In place of what the scenario says. */
  readonly perSecond: number | undefined
  readonly minutes: number | undefined
  readonly route: string | undefined
  readonly seed: number
  readonly isJson: boolean
  readonly isList: boolean
  readonly environment: Environment
  readonly directory: string
  readonly output: {
    readonly isTTY?: boolean
    /** Characters in a line; absent where it is no terminal. */
    readonly columns?: number
    write(text: string): unknown
  }
  readonly errors: { write(text: string): unknown }
}

const DEFAULT_SCENARIO = 'provider-down'

/** Shows what an outage would do to a configuration. @returns the exit code */
export async function runSimulate(options: SimulateOptions): Promise<0 | 2> {
  const { scenario: named = DEFAULT_SCENARIO, route, seed, isJson, isList } = options
  const { environment, directory, output, errors } = options
  if (isList) {
    output.write(isJson ? toJson(shippedScenarios()) : `${listLines().join('\n')}\n`)
    return 0
  }
  const complain = (complaints: readonly string[]): 2 => {
    for (const complaint of complaints) errors.write(`${onOneLine(complaint)}\n`)
    return 2
  }
  const configured = await configuration(options)
  if ('complaints' in configured) return complain(configured.complaints)
  const { source, subject, keyless } = configured
  if (route !== undefined && !isRouteOf(subject, route))
    return complain([
      `--route: ${JSON.stringify(route)} is neither a route nor a model of a provider that is configured; allowed are ${routesOf(subject)}`,
    ])
  const found = await findScenario({ named, directory, environment, subject, traffic: options })
  if (found.state === 'wrong') return complain(found.complaints)
  const stage = await stageOf(subject, found.scenario, seed)
  if (typeof stage === 'string') return complain([stage])
  const layout = layoutFor(output.columns)
  const played = isJson ? await simulate(stage) : await simulate(stage, layout.columns)
  const report: ConfigurationReport = { source, keyless, ...played }
  output.write(
    isJson ? toJson(report) : `${linesOf(readable(report), layout, isColored(output, environment)).join('\n')}\n`,
  )
  return 0
}

/** https://no-color.org: what is empty does not count. */
function isColored({ isTTY }: SimulateOptions['output'], { NO_COLOR = '', TERM }: Environment): boolean {
  return isTTY === true && NO_COLOR === '' && TERM !== 'dumb'
}

type Configured =
  | { readonly source: string; readonly subject: Subject; readonly keyless: readonly string[] }
  | { readonly complaints: readonly string[] }

async function configuration({ configPath, environment, directory }: SimulateOptions): Promise<Configured> {
  const loaded = loadConfiguration({
    path: configPath,
    environment,
    directory,
    isInsecureAllowed: true,
    areKeysNeeded: false,
  })
  const { source } = loaded
  if (loaded.state === 'valid') return { source, subject: await subjectOf(loaded.setup), keyless: loaded.keyless }
  if (source === 'nothing')
    return {
      source: 'none was found; an example with two providers and five keys',
      subject: EXAMPLE_SUBJECT,
      keyless: [],
    }
  return { complaints: loaded.mistakes.map(formatMistake) }
}

/** A text says what is wrong. */
async function stageOf(subject: Subject, scenario: Scenario, seed: number): Promise<Stage | string> {
  try {
    return await prepare(subject, scenario, seed)
  } catch (error) {
    if (!(error instanceof FailoverError)) throw error
    return `no target can be asked: ${error.message}`
  }
}

function listLines(): string[] {
  const scenarios = shippedScenarios()
  const width = Math.max(...scenarios.map(({ name }) => name.length))
  return scenarios.map(({ name, description }) => `${name.padEnd(width)}  ${description}`)
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
