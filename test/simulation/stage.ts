import { type FailoverEvent, FailoverManager } from '../../src/index.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { type Asked, FakeProvider, type Piece, type Reception } from './fake-provider.ts'
import { Oracle } from './oracle.ts'
import type { ManagerOptions, ProviderPlan, World } from './plan.ts'
import { Dice } from './random.ts'

/** What may be put between the manager and the oracle, to prove that the oracle notices. */
export interface Tampering {
  /** What the oracle hears in place of an event. */
  readonly event?: (event: FailoverEvent) => readonly FailoverEvent[]
  /** What the oracle sees in place of what a provider received. */
  readonly reception?: (reception: Reception) => readonly Reception[]
  /** Options that the oracle believes in, in place of the manager's own. */
  readonly believed?: Partial<ManagerOptions>
  /** Runs once everything is set up. */
  readonly setUp?: (stage: Stage) => void
}

/** How many of the latest events are kept for the story of a failure. */
const KEPT_EVENTS = 40

/** A world that has come to life: a manager on a virtual clock, fake providers, and the oracle that watches. */
export class Stage {
  readonly world: World
  readonly clock: VirtualClock
  readonly dice: Dice
  readonly oracle: Oracle
  readonly manager: FailoverManager<Asked, Piece>
  readonly providers: ReadonlyMap<string, FakeProvider>
  /** The latest events, the last of them last. */
  readonly latest: FailoverEvent[] = []
  /** Whoever wants to act in the middle of being told. */
  readonly listeners = new Set<(event: FailoverEvent) => void>()
  readonly counts = { attempts: 0, succeeded: 0 }
  hasEnded = false

  constructor(world: World, tampering: Tampering = {}) {
    this.world = world
    this.clock = new VirtualClock(world.startsAt)
    this.dice = new Dice(world.seed ^ 0x5eed)
    this.oracle = new Oracle({ ...world, options: { ...world.options, ...tampering.believed } })
    const dice = this.dice.fork()
    const tamperReception = tampering.reception ?? ((reception: Reception) => [reception])
    const received = (reception: Reception): void => {
      for (const seen of tamperReception(reception)) this.oracle.received(seen)
    }
    const faults = (): World['faults'] => (this.hasEnded ? [] : world.faults)
    const provide = (plan: ProviderPlan): FakeProvider =>
      new FakeProvider(plan, { clock: this.clock, dice, options: world.options, faults, received })
    this.providers = new Map(world.providers.map((plan) => [plan.name, provide(plan)]))
    const registered = world.providers.filter(({ isRegistered }) => isRegistered).map(({ name }) => name)
    this.manager = new FailoverManager<Asked, Piece>({
      ...world.options,
      profiles: world.profiles,
      registry: Object.fromEntries([...this.providers].filter(([name]) => registered.includes(name))),
      clock: this.clock,
      random: this.dice.fork().next,
    })
    this.#listen(tampering.event ?? ((event) => [event]))
    for (const id of world.disabled) this.disable(id)
    tampering.setUp?.(this)
  }

  /** The fake behind a provider's name; every world has the first. */
  provider(name: string): FakeProvider {
    const provider = this.providers.get(name) ?? this.providers.get('p0')
    if (provider === undefined) throw new Error('a world without a provider')
    return provider
  }

  disable(id: string): void {
    this.manager.disable(id, 'switched off')
    const profile = this.oracle.mirror.find(id)
    if (profile !== undefined) profile.isDisabled = true
  }

  enable(id: string): void {
    this.manager.enable(id)
    const profile = this.oracle.mirror.find(id)
    if (profile !== undefined) profile.isDisabled = false
  }

  compareStatus(): void {
    this.oracle.compare(this.manager.status(), this.clock.now())
  }

  #listen(tamper: NonNullable<Tampering['event']>): void {
    this.manager.on('*', (event) => {
      if (event.type === 'attempt_started') this.counts.attempts += 1
      if (event.type === 'request_succeeded') this.counts.succeeded += 1
      // The story ends with what was wrong first.
      if (this.oracle.violations.length === 0) this.latest.push(event)
      if (this.latest.length > KEPT_EVENTS) this.latest.shift()
      for (const told of tamper(event)) this.oracle.heard(told)
      for (const listener of this.listeners) listener(event)
    })
  }
}
