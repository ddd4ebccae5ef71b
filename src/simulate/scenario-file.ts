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
import { FailoverError, isRecord } from '../failure/index.ts'
import { excessesOf } from './bounds.ts'
import type { Scenario, Traffic } from './scenario.ts'
import { faultSchema, type ScenarioFile, scenarioSchema, trafficNamesSchema } from './scenario-schema.ts'
import {
  type Cast,
  castOf,
  defaultRoute,
  FALLBACK,
  isRouteOf,
  nameFaults,
  PRIMARY,
  routesOf,
  type Subject,
} from './subject.ts'
import type { SimulatedTarget } from './target.ts'
import { toScenario } from './to-scenario.ts'

export interface ScenarioSource {
  /** As the user named it. */
  readonly path: string
  readonly directory: string
  readonly environment: Environment
  /** What its names have to fit. */
  readonly subject: Subject
  /** What is asked in place of what the file says. */
  readonly traffic?: TrafficOverrides
}

/** What of the traffic is said elsewhere. */
export type TrafficOverrides = { readonly [Key in 'perSecond' | 'minutes' | 'route']?: Traffic[Key] | undefined }

export type ReadScenario =
  | { readonly state: 'valid'; readonly scenario: Scenario }
  | { readonly state: 'invalid'; readonly mistakes: readonly Mistake[] }

/** Reads and checks a scenario. It never throws for what is written there. */
export async function readScenario(source: ScenarioSource): Promise<ReadScenario> {
  const { path, directory, environment, subject, traffic } = source
  const places = new Places(path)
  const mistakes = new Mistakes(places)
  const text = readText(resolve(directory, path), mistakes)
  const value = text === undefined ? undefined : readDocument(text, environment, places, mistakes)
  if (value !== undefined) {
    const file = checkAgainst(scenarioSchema, value, places, mistakes)
    // What is right by itself is checked on, so that all mistakes are told at once.
    const readable = file ?? readablePart(value)
    for (const [index, fault] of (readable.faults ?? []).entries())
      if (fault !== undefined) checkSense(fault, ['faults', index], mistakes)
    await new NameCheck({ subject, places, mistakes, route: traffic?.route }).check(readable)
    if (file !== undefined) {
      const scenario = withTraffic(toScenario(path, file), traffic)
      for (const { path: at, message } of excessesOf(scenario)) mistakes.add(at, message)
      if (mistakes.isEmpty) return { state: 'valid', scenario }
    }
  }
  return { state: 'invalid', mistakes: mistakes.list() }
}

/** A scenario with other traffic than it says. */
export function withTraffic(
  { traffic, ...rest }: Scenario,
  { perSecond = traffic.perSecond, minutes = traffic.minutes, route = traffic.route }: TrafficOverrides = {},
): Scenario {
  return { ...rest, traffic: { ...traffic, perSecond, minutes, route } }
}

type FaultFile = NonNullable<ScenarioFile['faults']>[number]

/** A file as far as it is right. */
interface ReadableFile {
  readonly traffic?: Pick<NonNullable<ScenarioFile['traffic']>, 'route' | 'dialect'>
  /** Each in its place; undefined where it is wrong. */
  readonly faults?: readonly (FaultFile | undefined)[]
}

function readablePart(value: unknown): ReadableFile {
  if (!isRecord(value)) return {}
  const { traffic, faults } = value
  const read = isRecord(traffic) ? trafficNamesSchema.safeParse(traffic) : undefined
  return {
    ...(read?.success === true && { traffic: read.data }),
    ...(Array.isArray(faults) && { faults: faults.map((fault: unknown) => faultSchema.safeParse(fault).data) }),
  }
}

/** What comes and goes faster is noise: say `errors`. */
const MIN_EVERY_MS = 1_000

const EFFECTS = ['down', 'reject', 'limit', 'errors', 'latency', 'cut'] as const

/** What the shape alone does not tell. */
function checkSense(fault: FaultFile, path: Path, mistakes: Mistakes): void {
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
    mistakes.add([...path, 'for'], 'how often it comes is missing; write every: beside it, or until: in place of for:')
  if (every !== undefined && lasting !== undefined && lasting >= every)
    mistakes.add([...path, 'for'], 'it lasts until it comes again; for must be shorter than every')
  if (limit !== undefined && limit.requestsPerMinute === undefined && limit.tokensPerMinute === undefined)
    mistakes.add([...path, 'limit'], 'nothing is limited here; name requestsPerMinute or tokensPerMinute')
}

type SubjectKey = 'provider' | 'profile' | 'model' | 'origin'

/** Does what a scenario names exist in the configuration? */
class NameCheck {
  readonly #subject: Subject
  readonly #places: Places
  readonly #mistakes: Mistakes
  /** In place of the file's. */
  readonly #route: string | undefined

  constructor({
    subject,
    places,
    mistakes,
    route,
  }: {
    readonly subject: Subject
    readonly places: Places
    readonly mistakes: Mistakes
    readonly route: string | undefined
  }) {
    this.#subject = subject
    this.#places = places
    this.#mistakes = mistakes
    this.#route = route
  }

  async check({ traffic, faults = [] }: ReadableFile): Promise<void> {
    const cast = await this.#castOf(traffic)
    if (cast === undefined) return
    const { chain, leftOut } = cast
    const { failover, dialects, origins } = this.#subject
    const known = {
      provider: Object.keys(dialects),
      profile: failover.profiles?.map(({ id }) => id) ?? [],
      model: [...chain, ...leftOut].map(({ model }) => model),
      origin: Object.values(origins),
    }
    for (const [index, fault] of faults.entries()) {
      if (fault === undefined) continue
      const path = ['faults', index]
      const names = namesOf(fault)
      const wrong = names.filter(([key, name]) => name !== PRIMARY && name !== FALLBACK && !known[key].includes(name))
      for (const [key, name] of wrong) {
        const allowed = [...new Set(known[key]), PRIMARY, FALLBACK].join(', ')
        this.#mistakes.add(
          [...path, key],
          `there is no ${key} ${this.#shown([...path, key], name)}; allowed are ${allowed}`,
        )
      }
      if (wrong.length > 0 || names.some(([, name]) => name === FALLBACK)) continue
      const { faults: read } = toScenario('', { faults: [fault] })
      const isOfNone = nameFaults(read, chain).every(({ targets }) => targets.length === 0)
      if (isOfNone) this.#mistakes.add(path, `no target of the route is concerned; ${targetsIn(cast)}`)
    }
  }

  /** Who is asked; undefined, and a mistake, where that is nobody. */
  async #castOf(traffic: ReadableFile['traffic']): Promise<Cast | undefined> {
    const route = this.#route ?? traffic?.route ?? defaultRoute(this.#subject)
    const path = ['traffic', 'route']
    if (this.#route === undefined && traffic?.route !== undefined && !isRouteOf(this.#subject, route)) {
      this.#mistakes.add(
        path,
        `${this.#shown(path, route)} is neither a route nor a model of a provider that is configured; allowed are ${routesOf(this.#subject)}`,
      )
      return undefined
    }
    try {
      return await castOf(this.#subject, route, traffic?.dialect)
    } catch (error) {
      if (!(error instanceof FailoverError)) throw error
      const dialect = traffic?.dialect
      if (dialect !== undefined)
        this.#mistakes.add(
          ['traffic', 'dialect'],
          `no target that is asked speaks ${dialect}; leave it out, or ask others`,
        )
      else this.#mistakes.add(path, `it leads to no target; allowed are ${routesOf(this.#subject)}`)
      return undefined
    }
  }

  /** What came of a variable may be a secret. */
  #shown(path: Path, text: string): string {
    return this.#places.variablesOf(path).length > 0 ? 'of the name that came of this' : JSON.stringify(text)
  }
}

function targetsIn({ chain, leftOut, dialect }: Cast): string {
  const names = (targets: readonly SimulatedTarget[]): string => targets.map(({ name }) => name).join(', ')
  const others =
    leftOut.length === 0 ? '' : ` (${names(leftOut)} take no part: the requests are in the dialect ${dialect})`
  return `its targets are ${names(chain)}${others}`
}

function namesOf({ provider, profile, model, origin }: FaultFile) {
  return Object.entries({ provider, profile, model, origin }).flatMap(([key, name]) =>
    name === undefined ? [] : [[key as SubjectKey, name] as const],
  )
}
