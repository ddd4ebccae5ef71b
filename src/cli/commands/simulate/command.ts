import { type Environment, formatMistake, loadConfiguration } from '../../../config/index.ts'
import { FailoverError } from '../../../index.ts'
import {
  EXAMPLE_SUBJECT,
  prepare,
  type Scenario,
  type Stage,
  type Subject,
  shippedScenarios,
  simulate,
} from '../../../simulate/index.ts'
import { findScenario } from './find-scenario.ts'
import { linesOf } from './lines.ts'
import { subjectOf } from './subject-of.ts'

export interface SimulateOptions {
  /** A shipped one's name, or a path; default: the first provider is down. */
  readonly scenario: string | undefined
  /** The configuration, as for `serve`; without any, an example. */
  readonly configPath: string | undefined
  /** In place of what the scenario says. */
  readonly perSecond: number | undefined
  readonly minutes: number | undefined
  readonly seed: number
  readonly isJson: boolean
  readonly isList: boolean
  readonly environment: Environment
  readonly directory: string
  readonly output: { readonly isTTY?: boolean; write(text: string): unknown }
  readonly errors: { write(text: string): unknown }
}

const DEFAULT_SCENARIO = 'provider-down'
/** More would take minutes and gigabytes. */
const MAX_REQUESTS = 500_000

/** Shows what an outage would do to a configuration. @returns the exit code */
export async function runSimulate(options: SimulateOptions): Promise<0 | 2> {
  const { scenario: named = DEFAULT_SCENARIO, seed, isJson, isList, environment, directory, output, errors } = options
  if (isList) {
    output.write(isJson ? toJson(shippedScenarios()) : `${listLines().join('\n')}\n`)
    return 0
  }
  const complain = (complaints: readonly string[]): 2 => {
    for (const complaint of complaints) errors.write(`${complaint}\n`)
    return 2
  }
  const configured = await configuration(options)
  if ('complaints' in configured) return complain(configured.complaints)
  const { source, subject } = configured
  const found = await findScenario({ named, directory, environment, subject })
  if (found.state === 'wrong') return complain(found.complaints)
  const scenario = withTraffic(found.scenario, options)
  const requests = scenario.traffic.perSecond * scenario.traffic.minutes * 60
  if (requests > MAX_REQUESTS)
    return complain([
      `${Math.round(requests)} requests are too many; with --rate and --minutes at most ${MAX_REQUESTS}`,
    ])
  const stage = await stageOf(subject, scenario, seed)
  if (typeof stage === 'string') return complain([stage])
  const report = await simulate(stage)
  const isColored = output.isTTY === true && environment.NO_COLOR === undefined
  output.write(isJson ? toJson({ source, ...report }) : `${linesOf(source, report, isColored).join('\n')}\n`)
  return 0
}

async function configuration({
  configPath,
  environment,
  directory,
}: SimulateOptions): Promise<
  { readonly source: string; readonly subject: Subject } | { readonly complaints: readonly string[] }
> {
  const loaded = loadConfiguration({
    path: configPath,
    environment,
    directory,
    isInsecureAllowed: true,
    areKeysNeeded: false,
  })
  if (loaded.state === 'valid') return { source: loaded.source, subject: await subjectOf(loaded.setup) }
  if (loaded.source === 'nothing')
    return { source: 'none was found; an example with two providers and five keys', subject: EXAMPLE_SUBJECT }
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

function withTraffic(scenario: Scenario, { perSecond, minutes }: SimulateOptions): Scenario {
  const { traffic } = scenario
  return {
    ...scenario,
    traffic: { ...traffic, perSecond: perSecond ?? traffic.perSecond, minutes: minutes ?? traffic.minutes },
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
