import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { startGateway } from '../../src/gateway/index.ts'
import { type HttpProviderDefinition, type HttpProviders, httpProviders } from '../../src/http/index.ts'
import { FailoverManager } from '../../src/index.ts'
import { Dice } from '../simulation/random.ts'
import { PlayedClock } from '../support/virtual-time.ts'
import { startAssembly } from './assembly.ts'
import { ask, type Callers, openCallers, requestOf } from './callers.ts'
import type { Outcome } from './outcome.ts'
import { Providers, type Stage } from './providers.ts'
import { type SettingName, settingOf } from './settings.ts'
import { idOf, type Trial } from './trial.ts'
import { judge, type Verdict } from './verdict.ts'

/** Trials that go on at the same time, each at addresses of its own. */
const PLACES = 40

export interface Judged extends Verdict {
  readonly trial: Trial
}

/** Runs trials, many at a time; one set of providers does for all of them, and one gateway for a batch. */
export class TrialRunner implements AsyncDisposable {
  readonly #providers: Providers
  readonly #clock = new PlayedClock()
  readonly #real: HttpProviders
  readonly #played: HttpProviders
  readonly #seed: number
  #ran = 0

  private constructor(providers: Providers, seed: number) {
    this.#providers = providers
    this.#seed = seed
    const definitions = definitionsFor(providers)
    this.#real = httpProviders({ providers: definitions, wellKnown: false })
    this.#played = httpProviders({ providers: definitions, wellKnown: false, clock: this.#clock })
  }

  /** @param seed decides where the pieces of the answers begin and end, and how the fallbacks write */
  static async start(seed: number): Promise<TrialRunner> {
    return new TrialRunner(await Providers.start(PLACES), seed)
  }

  /** Runs them in batches of a setting each, and tells of each trial once it is judged. */
  async run(trials: Iterable<Trial>, onJudged: (judged: Judged) => void): Promise<void> {
    const waiting = new Map<SettingName, Trial[]>()
    for (const trial of trials) {
      const batch = waiting.get(trial.setting) ?? []
      waiting.set(trial.setting, batch)
      batch.push(trial)
      if (batch.length === PLACES) {
        waiting.delete(trial.setting)
        for (const judged of await this.#runBatch(trial.setting, batch)) onJudged(judged)
      }
    }
    for (const [setting, batch] of waiting) for (const judged of await this.#runBatch(setting, batch)) onJudged(judged)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#real.close(), this.#played.close()])
    await this.#providers[Symbol.asyncDispose]()
  }

  async #runBatch(settingName: SettingName, batch: readonly Trial[]): Promise<Judged[]> {
    const { isPlayed, manager: options } = settingOf(settingName)
    const routed = batch.map((trial, place) => routeOf(trial, place, `t${++this.#ran}`))
    const manager = new FailoverManager({
      ...options,
      retry: { attempts: 2, minDelayMs: 0 },
      cooldown: { breaker: { minMs: 1, maxMs: 1 } },
      profiles: [...new Set(routed.flatMap(({ providers }) => providers))].map((name) => ({
        id: `${name}:key`,
        apiKey: `sk-${name}`,
      })),
      routes: Object.fromEntries(routed.map(({ name, primary, fallbacks }) => [name, { primary, fallbacks }])),
      registry: isPlayed ? this.#played : this.#real,
      ...(isPlayed && { clock: this.#clock }),
    })
    const internalErrors: unknown[] = []
    const gateway = await startGateway({ manager, port: 0, onInternalError: (error) => internalErrors.push(error) })
    let events = 0
    const count = (): void => {
      events += 1
    }
    manager.on('*', count)
    const callers = openCallers(manager, gateway.url, count)
    const asking = routed.map(async ({ trial, name }): Promise<Judged> => {
      const stage: Stage = { trial, dice: new Dice(seedOf(this.#seed, idOf(trial))), asked: [], silent: [] }
      this.#providers.enter(name, stage)
      const body = requestOf(trial, name)
      const verdict = judge(stage, body, await askPatiently(trial, body, callers))
      return { trial, ...verdict, violations: [...verdict.violations, ...(await leftOpen(stage.silent))] }
    })
    const all = Promise.all(asking)
    const judged = await (isPlayed ? this.#clock.playOut(all, () => events + this.#providers.activity) : all)
    await gateway.cutOff()
    this.#providers.clear()
    if (internalErrors.length > 0) throw new AggregateError(internalErrors, 'the gateway itself failed')
    return judged
  }
}

const DIALECTS = ['openai', 'anthropic'] as const

/** Of each place and dialect: the first target's provider and another, each with and without the word on prefills. */
function definitionsFor(providers: Providers): Record<string, HttpProviderDefinition> {
  const definitions: Record<string, HttpProviderDefinition> = {}
  for (let place = 0; place < PLACES; place++) {
    const { first, other } = providers.addressesOf(place)
    for (const dialect of DIALECTS) {
      for (const prefill of [true, false]) {
        definitions[providerAt(place, dialect, 'first', prefill)] = { dialect, baseUrl: first, prefill }
        definitions[providerAt(place, dialect, 'other', prefill)] = { dialect, baseUrl: other, prefill }
      }
    }
  }
  return definitions
}

function providerAt(place: number, dialect: string, which: string, isPrefillKnown: boolean): string {
  return `${which}-${dialect}-${isPrefillKnown ? 'known' : 'unknown'}-${place}`
}

function routeOf(trial: Trial, place: number, name: string) {
  const { recording, isPrefillKnown, isShared, fallback } = trial
  const first = providerAt(place, recording.dialect, 'first', isPrefillKnown)
  const other = isShared ? first : providerAt(place, recording.dialect, 'other', isPrefillKnown)
  const second = `${other}/${name}-second`
  return {
    trial,
    name,
    providers: [first, other],
    primary: `${first}/${name}-first`,
    fallbacks: fallback === 'faltering' ? [second, `${other}/${name}-third`] : [second],
  }
}

/** Chance goes by the trial alone, so that it goes the same way among others and by itself (FNV-1a). */
function seedOf(seed: number, id: string): number {
  let hash = 0x811c9dc5 ^ seed
  for (const unit of id) hash = Math.imul(hash ^ (unit.codePointAt(0) ?? 0), 0x01000193)
  return hash >>> 0
}

/** Long after everything that a trial waits for. */
const LONGEST_TRIAL_MS = 60_000

/** An answer that never comes to an end is told as well. */
async function askPatiently(trial: Trial, body: ReturnType<typeof requestOf>, callers: Callers): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>()
  const error = new Error(`it did not end within ${LONGEST_TRIAL_MS} ms`)
  const assembly = startAssembly(trial.recording.dialect)
  const timer = setTimeout(() => resolve({ kind: 'raised', error, assembly }), LONGEST_TRIAL_MS)
  try {
    return await Promise.race([ask(trial, body, callers), promise])
  } finally {
    clearTimeout(timer)
  }
}

const PATIENCE_MS = 5_000

/** Whoever stays silent must be hung up on. */
async function leftOpen(sockets: readonly Socket[]): Promise<string[]> {
  for (let waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += 5) {
    if (sockets.every((socket) => socket.destroyed)) return []
    await sleep(5)
  }
  return ['a connection to a silent provider stays open']
}
