import { type FailoverOptions, presets } from '../engine/index.ts'
import type { Contender } from './contender.ts'
import { Dice } from './dice.ts'
import { EngineContender, type KeptOutListener, type ManagerData } from './engine-contender.ts'
import type { Journal } from './journal.ts'
import { LoneTry, type TryLimits } from './lone-try.ts'
import type { Subject } from './subject.ts'
import type { SimulatedTarget } from './target.ts'
import type { World } from './world.ts'

/** What a contender is made for. */
export interface Arena {
  readonly world: World
  readonly journal: Journal
  readonly subject: Subject
  readonly route: string
  /** The wire format the requests are in. */
  readonly dialect: string
  /** The targets of the route that speak it, in the order in which they are tried where each of them fails. */
  readonly chain: readonly [SimulatedTarget, ...SimulatedTarget[]]
  readonly seed: number
  /** Hears what an engine keeps out. */
  readonly hear: KeptOutListener | undefined
}

export type Entrant = (arena: Arena) => Contender

/** The engine with the configuration as it is. */
export const asConfigured: Entrant = (arena) => engine(arena, arena.subject.failover)

/** The engine with the rules of a published design, on the same profiles, orders, routes and limits. */
export function withRulesOf(preset: keyof typeof presets): Entrant {
  return (arena) => {
    const { profiles, order, routes, fallbacks, timeouts } = arena.subject.failover
    const kept: FailoverOptions = {
      ...(profiles !== undefined && { profiles }),
      ...(order !== undefined && { order }),
      ...(routes !== undefined && { routes }),
      ...(fallbacks !== undefined && { fallbacks }),
      ...(timeouts !== undefined && { timeouts }),
    }
    return engine(arena, { ...kept, ...presets[preset] })
  }
}

/** The first target alone, once. */
export const withoutFailover: Entrant = ({ world, chain: [first], subject }) =>
  new LoneTry(world, first, limitsOf(subject))

/** How long one try may take, as the configuration has it. */
export function limitsOf({ failover: { timeouts = {} } }: Subject): TryLimits {
  return { firstContentMs: timeouts.firstContentMs ?? 60_000, responseMs: timeouts.responseMs ?? 300_000 }
}

function engine({ world, journal, subject, route, dialect, seed, hear }: Arena, failover: ManagerData): Contender {
  const dice = new Dice(seed, 3)
  const contender = new EngineContender({
    world,
    failover,
    dialects: subject.dialects,
    takesPrefill: subject.takesPrefill,
    random: () => dice.next(),
    route,
    dialect,
    probes: journal.probes,
  })
  if (hear !== undefined) contender.on(hear)
  return contender
}
