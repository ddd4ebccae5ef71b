import {
  type AnswerWork,
  type FailoverEventOf,
  FailoverManager,
  type FailoverOptions,
  type OpenAnswer,
  type Provider,
  type Random,
} from '../engine/index.ts'
import { FailoverError, type TargetRef } from '../failure/index.ts'
import { Diverged } from '../recovery/index.ts'
import { type Contender, conclude, serve } from './contender.ts'
import { whyUnfit } from './dialect.ts'
import type { AttemptEntry, RequestEntry } from './journal.ts'
import type { Reply } from './reply.ts'
import type { World } from './world.ts'

/** Hears of everything that is kept out, of its end, and of what is passed over. */
export type KeptOutListener = (event: FailoverEventOf<'cooldown_started' | 'cooldown_ended' | 'target_skipped'>) => void

/** The options of a manager, as far as they are about the world outside. */
export type ManagerData = Omit<FailoverOptions, 'registry' | 'clock' | 'random'>

export interface EngineContenderOptions {
  readonly world: World
  readonly failover: ManagerData
  /** The wire format of each provider, by name. */
  readonly dialects: Readonly<Record<string, string>>
  /** Is this target known to go on from a prefill? Default: none is. */
  readonly takesPrefill: ((target: TargetRef) => boolean) | undefined
  readonly random: Random
  /** A route or a model reference. */
  readonly route: string
  /** The wire format the requests are in. */
  readonly dialect: string
  readonly probes: AttemptEntry[]
}

/** Asks a `FailoverManager`: the real engine, with the configured options, on the simulation's clock. */
export class EngineContender implements Contender {
  readonly #world: World
  readonly #route: string
  readonly #dialect: string
  readonly #dialects: EngineContenderOptions['dialects']
  readonly #takesPrefill: EngineContenderOptions['takesPrefill']
  readonly #manager: FailoverManager
  readonly #signOfLifeMs: number

  constructor(options: EngineContenderOptions) {
    const { world, failover, dialects, takesPrefill, random, route, dialect, probes } = options
    this.#world = world
    this.#route = route
    this.#dialect = dialect
    this.#dialects = dialects
    this.#takesPrefill = takesPrefill
    const registry = Object.fromEntries(
      Object.entries(dialects).map(([name, dialect]) => [name, providerOf(world, name, dialect, probes)]),
    )
    // Nobody reads its stories, and keeping them means that every event is made.
    const history = { maxRequests: 0 }
    this.#manager = new FailoverManager({ ...failover, history, registry, clock: world.clock, random })
    // Tokens come far more often; all that counts is that the limit between two of them never runs out.
    this.#signOfLifeMs = this.#manager.config.timeouts.idleMs / 2
  }

  on(listener: KeptOutListener): void {
    this.#manager.on('cooldown_started', listener)
    this.#manager.on('cooldown_ended', listener)
    this.#manager.on('target_skipped', listener)
  }

  async ask(entry: RequestEntry): Promise<void> {
    const world = this.#world
    try {
      const reading: Reading = { stop: () => {} }
      const answer = await this.#manager.open(this.#route, this.#work(entry, reading))
      serve(world, entry, answer.value)
      if (world.isStreaming) await this.#read(answer, reading)
      else answer.complete(answer.value.usage)
      conclude(world, entry)
    } catch (error) {
      conclude(world, entry, error instanceof FailoverError ? error.code : String(error))
    }
  }

  #work(entry: RequestEntry, reading: Reading): AnswerWork<Reply> {
    const world = this.#world
    return {
      isStreaming: world.isStreaming,
      start(context) {
        reading.stop()
        return world.attempt(entry, context.target, context, context.resume)
      },
      takesPrefill: (target) => this.#takesPrefill?.(target) ?? false,
      unfit: (provider) => whyUnfit(this.#dialects, this.#dialect, provider),
      estimateTokens: () => world.usualTokens,
    }
  }

  #read(answer: OpenAnswer<Reply>, reading: Reading): Promise<void> {
    return new Promise((resolve, reject) => {
      const read = (reply: Reply): void => {
        // That shows with its first words.
        if (reply.isDivergent) {
          answer.fail(new Diverged(0))
          return
        }
        answer.waitForProvider()
        reading.stop = reply.readRest(this.#signOfLifeMs, {
          sign: () => answer.noteActivity(),
          end(error) {
            if (error !== undefined) answer.fail(error)
            else if (answer.complete(reply.usage)) resolve()
          },
        })
      }
      answer.begin({
        onEnded(error) {
          reading.stop()
          reject(error)
        },
        onResumed: read,
      })
      if (answer.error === undefined) read(answer.value)
    })
  }
}

/** What of an answer is being read at present. */
interface Reading {
  stop: () => void
}

/** Requests come through `open`; the provider itself is asked only whether a target is back. */
function providerOf(world: World, name: string, dialect: string, probes: AttemptEntry[]): Provider {
  return {
    name,
    dialect,
    originOf: (profile) => world.locate({ provider: name, model: '', profile: profile.id }).origin,
    stream: () => Promise.reject(new Error('a simulation asks by open()')),
    probe: (context) => world.probe(probes, context.target, context),
  }
}
