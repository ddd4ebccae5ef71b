import { VirtualClock } from '../testing/index.ts'
import type { Entrant } from './contenders.ts'
import type { KeptOutListener } from './engine-contender.ts'
import { Journal } from './journal.ts'
import { arrivals, play } from './play.ts'
import type { Scenario } from './scenario.ts'
import { defaultRoute, locateIn, type NamedFault, nameFaults, type Subject, targetsOf } from './subject.ts'
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
  readonly chain: readonly [SimulatedTarget, ...SimulatedTarget[]]
  readonly faults: readonly NamedFault[]
  /** When requests come, milliseconds since the beginning. */
  readonly times: readonly number[]
}

/** @throws FailoverError where the route leads nowhere */
export async function prepare(subject: Subject, scenario: Scenario, seed: number): Promise<Stage> {
  const route = scenario.traffic.route ?? defaultRoute(subject)
  const [first, ...others] = await targetsOf(subject, route)
  if (first === undefined) throw new Error(`the route ${route} leads to no target`)
  const chain = [first, ...others] as const
  return {
    subject,
    scenario,
    seed,
    route,
    chain,
    faults: nameFaults(scenario.faults, chain),
    times: arrivals(scenario.traffic, seed),
  }
}

/** Plays a scenario once, with one way of having requests answered. The same seed brings the same luck to each. */
export async function runOn(
  { subject, scenario, seed, route, chain, faults, times }: Stage,
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
  const contender = enter({ world, journal, subject, route, chain, seed, hear })
  await play(world, contender, journal, times)
  return journal
}
