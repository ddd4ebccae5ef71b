import { resolve } from 'node:path'
import {
  checkAgainst,
  type Environment,
  type Mistake,
  Mistakes,
  type Path,
  Places,
  readDocument,
  readText,
} from '../config/index.ts'
import { FailoverError } from '../failure/index.ts'
import type { Scenario } from './scenario.ts'
import { type ScenarioFile, scenarioSchema } from './scenario-schema.ts'
import { defaultRoute, FALLBACK, nameFaults, PRIMARY, type Subject, targetsOf } from './subject.ts'
import type { SimulatedTarget } from './target.ts'
import { toScenario } from './to-scenario.ts'

export interface ScenarioSource {
  /** As the user named it. */
  readonly path: string
  readonly directory: string
  readonly environment: Environment
  /** What its names have to fit. */
  readonly subject: Subject
}

export type ReadScenario =
  | { readonly state: 'valid'; readonly scenario: Scenario }
  | { readonly state: 'invalid'; readonly mistakes: readonly Mistake[] }

/** Reads and checks a scenario. It never throws for what is written there. */
export async function readScenario({ path, directory, environment, subject }: ScenarioSource): Promise<ReadScenario> {
  const places = new Places(path)
  const mistakes = new Mistakes(places)
  const text = readText(resolve(directory, path), mistakes)
  const value = text === undefined ? undefined : readDocument(text, environment, places, mistakes)
  const file = value === undefined ? undefined : checkAgainst(scenarioSchema, value, places, mistakes)
  if (file !== undefined) {
    checkSense(file, mistakes)
    await checkNames(file, subject, mistakes)
    if (mistakes.isEmpty) return { state: 'valid', scenario: toScenario(path, file) }
  }
  return { state: 'invalid', mistakes: mistakes.list() }
}

type FaultFile = NonNullable<ScenarioFile['faults']>[number]

/** What comes and goes faster is noise: say `errors`. */
const MIN_EVERY_MS = 1_000

const EFFECTS = ['down', 'reject', 'limit', 'errors', 'latency', 'cut'] as const

/** What the shape alone does not tell. */
function checkSense({ faults = [] }: ScenarioFile, mistakes: Mistakes): void {
  for (const [index, fault] of faults.entries()) {
    const path = ['faults', index]
    const { from = 0, until, every, for: lasting, limit } = fault
    if (EFFECTS.every((effect) => fault[effect] === undefined))
      mistakes.add(path, `nothing happens here; name one of ${EFFECTS.join(', ')}`)
    if (until !== undefined && until <= from)
      mistakes.add([...path, 'until'], 'it is over before it begins; until must be later than from')
    if (every !== undefined && every < MIN_EVERY_MS)
      mistakes.add([...path, 'every'], 'it comes too often; every must be at least 1s')
    if (every !== undefined && lasting === undefined)
      mistakes.add([...path, 'every'], 'how long it lasts each time is missing; write for: beside it')
    if (lasting !== undefined && every === undefined)
      mistakes.add(
        [...path, 'for'],
        'how often it comes is missing; write every: beside it, or until: in place of for:',
      )
    if (every !== undefined && lasting !== undefined && lasting >= every)
      mistakes.add([...path, 'for'], 'it lasts until it comes again; for must be shorter than every')
    if (limit !== undefined && limit.requestsPerMinute === undefined && limit.tokensPerMinute === undefined)
      mistakes.add([...path, 'limit'], 'nothing is limited here; name requestsPerMinute or tokensPerMinute')
  }
}

async function checkNames(file: ScenarioFile, subject: Subject, mistakes: Mistakes): Promise<void> {
  const chain = await chainOf(file, subject, mistakes)
  if (chain === undefined) return
  const { failover, dialects, origins } = subject
  const known = {
    provider: Object.keys(dialects),
    profile: failover.profiles?.map(({ id }) => id) ?? [],
    model: chain.map(({ model }) => model),
    origin: Object.values(origins),
  }
  const faults = nameFaults(toScenario('', file).faults, chain)
  for (const [index, fault] of (file.faults ?? []).entries()) {
    const path = ['faults', index]
    const wrong = namesOf(fault).filter(
      ([key, name]) => name !== PRIMARY && name !== FALLBACK && !known[key].includes(name),
    )
    for (const [key, name] of wrong) {
      const allowed = [...new Set(known[key]), PRIMARY, FALLBACK].join(', ')
      mistakes.add([...path, key], `there is no ${key} ${JSON.stringify(name)}; allowed are ${allowed}`)
    }
    if (
      wrong.length === 0 &&
      faults[index]?.targets.length === 0 &&
      !namesOf(fault).some(([, name]) => name === FALLBACK)
    )
      mistakes.add(
        path,
        `no target of the route is concerned; its targets are ${chain.map(({ name }) => name).join(', ')}`,
      )
  }
}

function namesOf({ provider, profile, model, origin }: FaultFile) {
  return Object.entries({ provider, profile, model, origin }).flatMap(([key, name]) =>
    name === undefined ? [] : [[key as 'provider' | 'profile' | 'model' | 'origin', name] as const],
  )
}

/** The targets the traffic is for; undefined, and a mistake, where it leads nowhere. */
async function chainOf(
  { traffic }: ScenarioFile,
  subject: Subject,
  mistakes: Mistakes,
): Promise<readonly SimulatedTarget[] | undefined> {
  const path: Path = ['traffic', 'route']
  try {
    return await targetsOf(subject, traffic?.route ?? defaultRoute(subject))
  } catch (error) {
    if (!(error instanceof FailoverError)) throw error
    const routes = Object.keys(subject.failover.routes ?? {})
    const allowed =
      routes.length === 0 ? 'a model reference such as openai/gpt-5' : `${routes.join(', ')}, or a model reference`
    mistakes.add(path, `it leads to no target (${error.message}); allowed are ${allowed}`)
    return undefined
  }
}
