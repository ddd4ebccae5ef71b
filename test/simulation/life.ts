import { FailoverManager } from '../../src/index.ts'
import { type Asked, FakeProvider, type Piece, type Reception } from './fake-provider.ts'
import { Oracle } from './oracle.ts'
import type { ProviderPlan, World } from './plan.ts'
import { type Machine, ProcessClock } from './process-clock.ts'
import type { Violation } from './records.ts'
import { withKeySource } from './world-profiles.ts'

export interface LifeOptions {
  readonly world: World
  /** What the oracle believes in. */
  readonly believed: World
  readonly machine: Machine
  readonly random: () => number
  /** The faults are over. */
  readonly isOver: () => boolean
  readonly violations: Violation[]
  /** What the oracle sees in place of what a provider received. */
  readonly tamper: (reception: Reception) => readonly Reception[]
}

/** One life of the process: a manager that knows nothing yet, the providers it reaches, and the oracle that watches. */
export class Life {
  readonly clock: ProcessClock
  readonly oracle: Oracle
  readonly manager: FailoverManager<Asked, Piece>
  readonly providers: ReadonlyMap<string, FakeProvider>
  /** Whoever has asked and has not been answered yet. */
  readonly underWay = new Set<Promise<void>>()

  constructor({ world, believed, machine, random, isOver, violations, tamper }: LifeOptions) {
    this.clock = new ProcessClock(machine)
    this.oracle = new Oracle(believed, violations)
    const received = (reception: Reception): void => {
      for (const seen of tamper(reception)) this.oracle.received(seen)
    }
    const { options } = world
    const faults = (): World['faults'] => (isOver() ? [] : world.faults)
    const provide = (plan: ProviderPlan): FakeProvider =>
      new FakeProvider(plan, {
        time: machine.time,
        clock: this.clock,
        options,
        models: world.models,
        faults,
        received,
        made: (id) => this.oracle.made(id),
        told: (reception, buckets) => this.oracle.told(reception, buckets, this.clock.steadyNow()),
      })
    this.providers = new Map(world.providers.map((plan) => [plan.name, provide(plan)]))
    const registered = world.providers.filter(({ isRegistered }) => isRegistered).map(({ name }) => name)
    this.manager = new FailoverManager<Asked, Piece>({
      ...options,
      profiles: world.profiles.map((profile) => withKeySource(profile, this.clock, isOver)),
      registry: Object.fromEntries([...this.providers].filter(([name]) => registered.includes(name))),
      clock: this.clock,
      random,
    })
  }

  /** The process dies. Whoever had not been answered never will be, and nobody counts what was under way. */
  die(): void {
    this.clock.die()
    this.oracle.die()
  }
}
