import { VirtualClock } from '../testing/index.ts'
import type { Entrant } from './contenders.ts'
import type { KeptOutListener } from './engine-contender.ts'
import { Journal } from './journal.ts'
import { arrivals, play } from './play.ts'
import type { Scenario } from './scenario.ts'
import { castOf, defaultRoute, locateIn, type NamedFault, nameFaults, type Subject } from './subject.ts'
import type { SimulatedTarget } from './target.ts'
import { World } from './world.ts'

/** When every simulation begins, epoch milliseconds. */
export const START_MS = Date.UTC(2026, 0, 1)

/** A scenario on a configuration: who is asked, and what goes wrong with whom. */
export interface Stage {
  readonly subject: Subject
  readonly scenario: Scenario
  readonly seed: number
  readonly route: string
  /** The wire format the requests are in. */
  readonly dialect: string
  readonly chain: readonly [SimulatedTarget, ...SimulatedTarget[]]
  /** Targets of the route that speak another dialect, and so are never asked. */
  readonly leftOut: readonly SimulatedTarget[]
  readonly faults: readonly NamedFault[]
  /** When requests come, milliseconds since the beginning. */
  readonly times: readonly number[]
}

/** @throws FailoverError where the route leads nowhere, or to nobody who speaks the dialect */
export async function prepare(subject: Subject, scenario: Scenario, seed: number): Promise<Stage> {
  const route = scenario.traffic.route ?? defaultRoute(subject)
  const { dialect, chain, leftOut } = await castOf(subject, route, scenario.traffic.dialect)
  return {
    subject,
    scenario,
    seed,
    route,
    dialect,
    chain,
    leftOut,
    faults: nameFaults(scenario.faults, chain),
    times: arrivals(scenario.traffic, seed),
  }
}

/** Plays a scenario once, with one way of having requests answered. The same seed brings the same luck to each. */
export async function runOn(
  { subject, scenario, seed, route, dialect, chain, faults, times }: Stage,
  enter: Entrant,
  hear?: KeptOutListener,
): Promise<Journal> {
  const { answers, traffic } = scenario
  const world = new World({
    clock: new VirtualClock(START_MS, { promisesOnly: true }),
    seed,
    answers,
    isStreaming: traffic.isStreaming,
    faults: faults.filter(({ targets }) => targets.length > 0).map(({ fault }) => fault),
    locate: locateIn(subject),
  })
  const journal = new Journal()
  const contender = enter({ world, journal, subject, route, dialect, chain, seed, hear })
  await play(world, contender, journal, times)
  return journal
}
