import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Environment, formatMistake } from '../../../config/index.ts'
import {
  excessesOf,
  readScenario,
  type Scenario,
  type Subject,
  shippedScenario,
  shippedScenarios,
  type TrafficOverrides,
  withTraffic,
} from '../../../simulate/index.ts'

interface Where {
  /** A shipped one's name, or a path. */
  readonly named: string
  readonly directory: string
  readonly environment: Environment
  readonly subject: Subject
  /** In place of what the scenario says. */
  readonly traffic: TrafficOverrides
}

export type FoundScenario =
  | { readonly state: 'found'; readonly scenario: Scenario }
  | { readonly state: 'wrong'; readonly complaints: readonly string[] }

export async function findScenario({ named, directory, environment, subject, traffic }: Where): Promise<FoundScenario> {
  const shipped = shippedScenario(named)
  if (shipped !== undefined) {
    const scenario = withTraffic(shipped, traffic)
    const complaints = excessesOf(scenario).map(({ message }) => message)
    return complaints.length === 0 ? { state: 'found', scenario } : { state: 'wrong', complaints }
  }
  const stats = named.trim() === '' ? undefined : statSync(resolve(directory, named), { throwIfNoEntry: false })
  const isPath = named.trim() !== '' && /[/\\]|\.(?:ya?ml|json)$/i.test(named)
  if (stats?.isDirectory() === true || (stats === undefined && !isPath)) {
    const names = shippedScenarios().map(({ name }) => name)
    const complaint = `${whatIsWrong(named, stats !== undefined)}; there are ${names.join(', ')}, or name a file`
    return { state: 'wrong', complaints: [complaint] }
  }
  const read = await readScenario({ path: named, directory, environment, subject, traffic })
  return read.state === 'valid'
    ? { state: 'found', scenario: read.scenario }
    : { state: 'wrong', complaints: read.mistakes.map(formatMistake) }
}

function whatIsWrong(named: string, isDirectory: boolean): string {
  if (named.trim() === '') return 'the name of the scenario is empty'
  return isDirectory ? `${JSON.stringify(named)} is a directory` : `there is no scenario ${JSON.stringify(named)}`
}
