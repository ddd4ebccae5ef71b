import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Environment, formatMistake } from '../../../config/index.ts'
import {
  readScenario,
  type Scenario,
  type Subject,
  shippedScenario,
  shippedScenarios,
} from '../../../simulate/index.ts'

interface Where {
  /** A shipped one's name, or a path. */
  readonly named: string
  readonly directory: string
  readonly environment: Environment
  readonly subject: Subject
}

export type FoundScenario =
  | { readonly state: 'found'; readonly scenario: Scenario }
  | { readonly state: 'wrong'; readonly complaints: readonly string[] }

export async function findScenario({ named, directory, environment, subject }: Where): Promise<FoundScenario> {
  const shipped = shippedScenario(named)
  if (shipped !== undefined) return { state: 'found', scenario: shipped }
  if (!/[/\\]|\.(?:ya?ml|json)$/i.test(named) && !existsSync(resolve(directory, named))) {
    const names = shippedScenarios().map(({ name }) => name)
    const complaint = `there is no scenario ${JSON.stringify(named)}; there are ${names.join(', ')}, or name a file`
    return { state: 'wrong', complaints: [complaint] }
  }
  const read = await readScenario({ path: named, directory, environment, subject })
  return read.state === 'valid'
    ? { state: 'found', scenario: read.scenario }
    : { state: 'wrong', complaints: read.mistakes.map(formatMistake) }
}
