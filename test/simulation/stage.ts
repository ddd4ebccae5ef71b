import type { FailoverEvent, FailoverEventType, FailoverManager } from '../../src/index.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import type { Asked, FakeProvider, Piece, Reception } from './fake-provider.ts'
import { Life } from './life.ts'
import type { Oracle } from './oracle.ts'
import type { ManagerOptions, World } from './plan.ts'
import type { Machine, ProcessClock } from './process-clock.ts'
import { Dice, deriveSeed } from './random.ts'
import type { Violation } from './records.ts'

/** What may be put between the manager and the oracle, to prove that the oracle notices. */
export interface Tampering {
  /** What the oracle hears in place of an event. */
  readonly event?: (event: FailoverEvent) => readonly FailoverEvent[]
  /** What the oracle sees in place of what a provider received. */
  readonly reception?: (reception: Reception) => readonly Reception[]
  /** Options that the oracle believes in, in place of the manager's own. */
  readonly believed?: Partial<ManagerOptions>
  /** Runs once everything is set up, in each life of the process. */
  readonly setUp?: (stage: Stage) => void
}

/** How often each kind of event was told. */
export type Counts = Partial<Record<FailoverEventType, number>>

/** How many of the latest events are kept for the story of a failure. */
const KEPT_EVENTS = 40

/** A world that has come to life: a manager on a virtual clock, fake providers, and the oracle that watches. */
export class Stage {
  readonly world: World
  readonly violations: Violation[] = []
  /** The latest events, the last of them last. */
  readonly latest: FailoverEvent[] = []
  /** Whoever wants to act in the middle of being told. */
  readonly listeners = new Set<(event: FailoverEvent) => void>()
  /** How often each kind of event was told. */
  readonly told: Counts = {}
  /** The faults are over. */
  hasEnded = false
  readonly #tampering: Tampering
  readonly #machine: Machine
  #lives = 0
  #life: Life

  constructor(world: World, tampering: Tampering = {}) {
    this.world = world
    this.#tampering = tampering
    this.#machine = { time: new VirtualClock(world.startsAt, { promisesOnly: true }), wallOffsetMs: 0 }
    this.#life = this.#begin()
    this.#setUp()
  }

  /** Real time passes, for whatever process there is. */
  get time(): VirtualClock {
    return this.#machine.time
  }

  get clock(): ProcessClock {
    return this.#life.clock
  }

  get oracle(): Oracle {
    return this.#life.oracle
  }

  get manager(): FailoverManager<Asked, Piece> {
    return this.#life.manager
  }

  get underWay(): Set<Promise<void>> {
    return this.#life.underWay
  }

  /** The time as the manager tells it. */
  now(): number {
    return this.clock.steadyNow()
  }

  /** The fake behind a provider's name; every world has the first. */
  provider(name: string): FakeProvider {
    const { providers } = this.#life
    const provider = providers.get(name) ?? providers.get('p0')
    if (provider === undefined) throw new Error('a world without a provider')
    return provider
  }

  disable(id: string): void {
    this.manager.disable(id, 'switched off')
    this.oracle.setDisabled(id, true)
  }

  enable(id: string): void {
    this.manager.enable(id)
    this.oracle.setDisabled(id, false)
  }

  /** The machine sleeps: time passes, nothing runs. */
  sleep(ms: number): void {
    this.oracle.jumped()
    this.time.jump(ms)
  }

  /** The wall clock is set. A process that looks at it before and after notices at once when it has been set back. */
  setClock(ms: number): void {
    this.manager.nextAvailableAt()
    if (ms > 0) this.oracle.jumped()
    this.clock.set(ms)
    this.manager.nextAvailableAt()
  }

  /** The process dies, and another begins, with the configuration that it was given and no memory. */
  restart(): void {
    this.#life.die()
    this.listeners.clear()
    this.#life = this.#begin()
    this.#setUp()
  }

  /** Does the manager say of itself what has been seen of it? */
  compareStatus(): void {
    this.oracle.compare(this.manager.status(), this.now())
  }

  #begin(): Life {
    const { world } = this
    const { believed, reception = (each) => [each] } = this.#tampering
    this.#lives += 1
    return new Life({
      world,
      believed: { ...world, options: { ...world.options, ...believed } },
      machine: this.#machine,
      random: new Dice(deriveSeed(world.seed, this.#lives)).next,
      isOver: () => this.hasEnded,
      violations: this.violations,
      tamper: reception,
    })
  }

  #setUp(): void {
    const { event = (each) => [each], setUp } = this.#tampering
    this.#listen(this.#life, event)
    for (const id of this.world.disabled) this.disable(id)
    setUp?.(this)
  }

  #listen(life: Life, tamper: NonNullable<Tampering['event']>): void {
    life.manager.on('*', (event) => {
      this.told[event.type] = (this.told[event.type] ?? 0) + 1
      // The story ends with what was wrong first.
      if (this.violations.length === 0) this.latest.push(event)
      if (this.latest.length > KEPT_EVENTS) this.latest.shift()
      for (const told of tamper(event)) life.oracle.heard(told)
      for (const listener of this.listeners) listener(event)
    })
  }
}
