import { type HttpProviders, httpProviders } from '../../src/http/index.ts'
import { FailoverManager, type FailoverOptions } from '../../src/index.ts'
import {
  type DialectName,
  type Fault,
  type FaultProvider,
  type FaultProviderOptions,
  startFaultProvider,
} from '../../src/testing/index.ts'
import { type Door, type DoorName, type Outcome, openDoor } from '../support/doors.ts'
import type { PlayedClock } from '../support/virtual-time.ts'

/** `shared`: primary, fallback and the health request share one host and one key. `own`: each host its own. */
type Layout = 'shared' | 'own'

export interface Setting {
  readonly door: DoorName
  readonly dialect: DialectName
  readonly isStreaming: boolean
  readonly layout: Layout
}

export interface WorldOptions extends Setting {
  readonly primary: Fault | readonly Fault[]
  /** When the primary is healthy again, milliseconds. Default: never. */
  readonly primaryUntilMs?: number
  readonly fallback?: Fault
  readonly prefill?: FaultProviderOptions['prefill']
  /** Is it configured that the models take a prefill? Default: nothing is known of them. */
  readonly isPrefillKnown?: boolean
  /** Beside those of the crash test. */
  readonly settings?: Partial<FailoverOptions>
  /** Pace of the healthy parts, milliseconds. */
  readonly tokenDelayMs?: number
  /** Default: the real one. */
  readonly clock?: PlayedClock
}

/** The settings the crash test is run with; everything else is at its default. */
const SETTINGS = { retry: { attempts: 3 }, timeouts: { firstContentMs: 10_000, responseMs: 10_000, idleMs: 12_000 } }

/** A primary that misbehaves, a fallback, a manager in front of them and a door to it, on real sockets. */
export class World {
  readonly #providers: readonly FaultProvider[]
  readonly #registry: HttpProviders
  readonly #door: Door
  readonly #manager: FailoverManager
  readonly #clock: PlayedClock | undefined
  readonly #countEvents: () => number

  private constructor(
    providers: readonly FaultProvider[],
    registry: HttpProviders,
    door: Door,
    manager: FailoverManager,
    clock: PlayedClock | undefined,
    countEvents: () => number,
  ) {
    this.#providers = providers
    this.#registry = registry
    this.#door = door
    this.#manager = manager
    this.#clock = clock
    this.#countEvents = countEvents
  }

  static async start({
    primary,
    primaryUntilMs,
    fallback = {},
    prefill = 'continue',
    isPrefillKnown = false,
    tokenDelayMs = 0,
    settings = {},
    clock,
    ...setting
  }: WorldOptions): Promise<World> {
    const { dialect, layout } = setting
    const time = clock === undefined ? {} : { clock }
    const until = primaryUntilMs === undefined ? {} : { untilMs: primaryUntilMs }
    const script = [
      { model: 'primary-model', fault: primary, ...until },
      { model: 'fallback-model', fault: fallback },
    ]
    const options = { ...time, prefill, tokenDelayMs, script }
    const count = layout === 'shared' ? 1 : 2
    const providers = await Promise.all(Array.from({ length: count }, () => startFaultProvider(options)))
    const [main, spare = main] = providers.map(({ url }) => url)
    const known = isPrefillKnown ? { prefill: true } : {}
    const registry = httpProviders({
      ...time,
      providers: {
        main: { dialect, baseUrl: `${main}/v1`, ...known },
        spare: { dialect, baseUrl: `${spare}`, ...known },
      },
    })
    const manager = new FailoverManager({
      ...SETTINGS,
      ...settings,
      timeouts: { ...SETTINGS.timeouts, ...settings.timeouts },
      ...time,
      profiles: [
        { id: 'main:key', apiKey: 'sk-main-000000000001' },
        { id: 'spare:key', apiKey: 'sk-spare-00000000002' },
      ],
      routes: {
        chat: {
          primary: 'main/primary-model',
          fallbacks: [layout === 'shared' ? 'main/fallback-model' : 'spare/fallback-model'],
        },
      },
      registry,
    })
    let events = 0
    manager.on('*', () => {
      events += 1
    })
    return new World(providers, registry, await openDoor(setting.door, manager, setting), manager, clock, () => events)
  }

  ask(model = 'chat'): Promise<Outcome> {
    const outcome = this.#door.ask(model)
    return this.#clock === undefined ? outcome : this.#clock.playOut(outcome, this.#countEvents)
  }

  /** A request to a healthy model at the same host and with the same key as the primary. */
  askHealthy(): Promise<Outcome> {
    return this.ask('main/healthy-model')
  }

  /** When the primary was asked, milliseconds from the first time on. */
  primaryAttempts(): number[] {
    const times = this.#times('primary-model')
    return times.map((time) => time - (times[0] ?? 0))
  }

  /** When the primary's connections closed, milliseconds after their requests came in. */
  primaryEnds(): (number | undefined)[] {
    return this.#providers.flatMap(({ attempts }) =>
      attempts
        .filter(({ model }) => model === 'primary-model')
        .map(({ at, endedAt }) => (endedAt === undefined ? undefined : endedAt - at)),
    )
  }

  get manager(): FailoverManager {
    return this.#manager
  }

  fallbackAttempts(): number {
    return this.#times('fallback-model').length
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#door[Symbol.asyncDispose]()
    await this.#registry.close()
    await Promise.all(this.#providers.map((provider) => provider.close()))
  }

  #times(model: string): number[] {
    return this.#providers.flatMap(({ attempts }) =>
      attempts.filter((attempt) => attempt.model === model).map(({ at }) => at),
    )
  }
}
