import {
  checkBoolean,
  checkFunction,
  checkName,
  checkNumber,
  checkOneOf,
  checkRecord,
  checkText,
  checkTexts,
  type FailureRule,
  invalidOption,
  isRecord,
  parseRules,
} from '../failure/index.ts'
import { type Clock, forwardOnly, type Random, systemClock, systemRandom } from './clock.ts'
import { type LadderOptions, WINDOW_KINDS } from './health/ladder.ts'
import type { Ladders } from './health/scope-health.ts'
import { checkLimits, type ProfileLimits, type ProfileOptions } from './profile.ts'
import type { AnyRequest, ModelRequest, Provider } from './provider.ts'
import { ProviderRegistry } from './provider-registry.ts'
import type { RouteOptions } from './routes.ts'
import { STRATEGY_NAMES, type Strategy, type StrategyName } from './select/strategy.ts'

/** How a target is tried again. */
export interface RetryOptions {
  /** Tries of one target in one request, the first included; at least 1. Default 3. */
  readonly attempts: number
  /** The first delay, milliseconds. Default 400. */
  readonly minDelayMs: number
  /** No delay is longer, milliseconds. Default 30 000. */
  readonly maxDelayMs: number
  /** Delays vary by up to this ratio, 0 to 1. Default 0.1. */
  readonly jitter: number
  /** Double the delay each time; `false` keeps it constant. Default true. */
  readonly exponential: boolean
}

export interface BudgetOptions {
  /** Tries of one request, over all targets; at least 1. A fast refusal of a key does not count. Default 10. */
  readonly maxAttempts: number
}

/** How long a request may wait when nothing is open. */
export interface WaitOptions {
  /** Milliseconds, over the whole request; 0 never waits. Default 10 000. */
  readonly maxMs: number
  /** Requests that may wait at the same time for one route or model. Default 100. */
  readonly maxQueued: number
}

export interface CooldownOptions extends Ladders {
  /** The longest a provider's own hint keeps something out, milliseconds. Default 86 400 000 (a day). */
  readonly maxHintMs: number
}

/** Limits, each its own, milliseconds; more than 0. */
export interface TimeoutOptions {
  /** Until a connection stands; enforced by the transport. Default 10 000. */
  readonly connectMs: number
  /** Streams: until the first content. Headers and pings are not content. Default 60 000. */
  readonly firstContentMs: number
  /** Other requests: until the whole answer. Default 300 000. */
  readonly responseMs: number
  /** Streams: between two events, once the answer has begun. Default 30 000. */
  readonly idleMs: number
  /** One attempt as a whole. Default 600 000. */
  readonly attemptMs: number
  /** One request as a whole, where the call sets no deadline. Default 900 000. */
  readonly requestMs: number
  /**
   * Streams: the fewest characters (text, reasoning, arguments of tool calls) a second, measured before anything is given
   * to the caller; a slower target is left for the next. 0 asks for none. Default 0.
   */
  readonly minCharactersPerSecond: number
  /** How long a stream that must be so fast may take to show it, from its first content on. Default 2 000. */
  readonly throughputMs: number
}

/** How streams are given to the caller. */
export interface StreamOptions {
  /**
   * `hold`: the pieces of a tool call are held until the call is whole, so that one that breaks off is made anew
   * elsewhere, and the caller gets it once. `pass`: they come as they are written. Default `hold`.
   */
  readonly toolCalls: 'hold' | 'pass'
  /** What is held is given out after so long, milliseconds; no more than 256 KB are held. Default 15 000. */
  readonly holdMaxMs: number
  /**
   * Hold a stream back for so long after its first content, milliseconds: what breaks within that time is failed over
   * unseen. Default 0.
   */
  readonly holdBackMs: number
}

/** What is done where a stream breaks off after its first content. */
export interface RecoveryOptions {
  /**
   * `continue`: another target goes on from what was delivered where it is known to take a prefill; elsewhere, and with
   * `restart` everywhere, the request is asked again, and what it repeats is suppressed. `off`: the stream ends with an
   * error. Default `continue`.
   */
  readonly midStream: 'continue' | 'restart' | 'off'
  /** Attempts at going on in one request, beside `budget.maxAttempts`; at least 1. Default 4. */
  readonly maxAttempts: number
}

/** How it is found out that something is back. */
export interface HealthOptions {
  readonly probe: {
    /** Make the smallest real request to whatever a breaker keeps out. Default false. */
    readonly enabled: boolean
    /** Milliseconds between two of them, from 100. Default 2 000. */
    readonly everyMs: number
  }
}

export interface HistoryOptions {
  /** Requests whose stories are kept, the latest of them; 0 keeps none. Default 100. */
  readonly maxRequests: number
}

/** What a `FailoverManager` takes. Everything is optional. */
export interface FailoverOptions<Request extends ModelRequest = AnyRequest, Event = unknown> {
  readonly profiles?: readonly ProfileOptions[]
  /** rsclaw's `auth.order`: the profiles of a provider in the order in which they are tried; others come after. */
  readonly order?: Readonly<Record<string, readonly string[]>>
  /** For every model without a route of its own, in order. Default: none. */
  readonly fallbacks?: readonly string[]
  readonly routes?: Readonly<Record<string, RouteOptions>>
  readonly retry?: Partial<RetryOptions>
  readonly budget?: Partial<BudgetOptions>
  readonly wait?: Partial<WaitOptions>
  readonly cooldown?: Partial<
    { readonly [K in keyof Ladders]: Partial<LadderOptions> } & { readonly maxHintMs: number }
  >
  readonly timeouts?: Partial<TimeoutOptions>
  readonly stream?: Partial<StreamOptions>
  readonly recovery?: Partial<RecoveryOptions>
  /** How a profile is chosen among those that are open: by name, or one of your own. Default `priority`. */
  readonly strategy?: StrategyName | Strategy
  /** Limits that the profiles of a quota group share, by the group's name. */
  readonly quotaGroups?: Readonly<Record<string, ProfileLimits>>
  /** Learn limits that nobody has told from refusals and headers; for policy `evidence`. Default true. */
  readonly learnLimits?: boolean
  /** Context windows in tokens by bare model id, before the package's own small table. */
  readonly contextWindows?: Readonly<Record<string, number>>
  readonly health?: { readonly probe?: Partial<HealthOptions['probe']> }
  readonly history?: Partial<HistoryOptions>
  /** Among equals, take the least recently used profile. Default false. */
  readonly rotateOnSuccess?: boolean
  /** Whose rules judge failures. Default `evidence`. */
  readonly policy?: PolicyName
  /** What failures of your providers mean, before the rules of the package; for policy `evidence`. Default: none. */
  readonly rules?: readonly FailureRule[]
  /** The providers `call` sends to. `run` needs none. */
  readonly registry?: ProviderRegistry<Request, Event> | Readonly<Record<string, Provider<Request, Event>>>
  readonly clock?: Clock
  readonly random?: Random
}

export type PolicyName = 'evidence' | 'rsclaw' | 'praisonai'

/** The options that are data. */
type DataOptions = Omit<FailoverOptions, 'registry'>

/** The options with every default filled in, except what is not data. */
export interface Settings {
  readonly order: Readonly<Record<string, readonly string[]>>
  readonly fallbacks: readonly string[]
  readonly routes: Readonly<Record<string, RouteOptions>>
  readonly retry: RetryOptions
  readonly budget: BudgetOptions
  readonly wait: WaitOptions
  readonly cooldown: CooldownOptions
  readonly timeouts: TimeoutOptions
  readonly stream: StreamOptions
  readonly recovery: RecoveryOptions
  /** Its name. */
  readonly strategy: string
  readonly quotaGroups: Readonly<Record<string, ProfileLimits>>
  readonly learnLimits: boolean
  readonly contextWindows: Readonly<Record<string, number>>
  readonly health: HealthOptions
  readonly history: HistoryOptions
  readonly rotateOnSuccess: boolean
  readonly policy: PolicyName
  readonly rules: readonly FailureRule[]
}

const FALLBACK_LISTS = ['fallbacks', 'contextWindowFallbacks', 'contentPolicyFallbacks'] as const
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Every default in one place; `docs/configuration.md` says where the numbers come from. */
export const DEFAULTS: Settings = {
  order: {},
  fallbacks: [],
  routes: {},
  retry: { attempts: 3, minDelayMs: 400, maxDelayMs: 30_000, jitter: 0.1, exponential: true },
  budget: { maxAttempts: 10 },
  wait: { maxMs: 10_000, maxQueued: 100 },
  cooldown: {
    rateLimit: { minMs: 5_000, maxMs: 5 * MINUTE },
    breaker: { minMs: 1_000, maxMs: 15_000 },
    billing: { minMs: HOUR, maxMs: DAY },
    auth: { minMs: MINUTE, maxMs: HOUR },
    permission: { minMs: 30 * MINUTE, maxMs: DAY },
    error: { minMs: 5_000, maxMs: MINUTE },
    maxHintMs: DAY,
  },
  timeouts: {
    connectMs: 10_000,
    firstContentMs: MINUTE,
    responseMs: 5 * MINUTE,
    idleMs: 30_000,
    attemptMs: 10 * MINUTE,
    requestMs: 15 * MINUTE,
    minCharactersPerSecond: 0,
    throughputMs: 2_000,
  },
  stream: { toolCalls: 'hold', holdMaxMs: 15_000, holdBackMs: 0 },
  recovery: { midStream: 'continue', maxAttempts: 4 },
  strategy: 'priority',
  quotaGroups: {},
  learnLimits: true,
  contextWindows: {},
  health: { probe: { enabled: false, everyMs: 2_000 } },
  history: { maxRequests: 100 },
  rotateOnSuccess: false,
  policy: 'evidence',
  rules: [],
}

const OPTION_KEYS = [...Object.keys(DEFAULTS), 'profiles', 'registry', 'clock', 'random']

/**
 * Checks options and fills in the defaults.
 * @throws FailoverError `INVALID_OPTION`, naming the option, its value and what is allowed
 */
export function parseSettings(options: DataOptions): Settings {
  checkRecord('', options, OPTION_KEYS)
  checkGroups(options)
  if (options.order !== undefined) checkOrderShape(options.order)
  if (options.fallbacks !== undefined) checkTexts('fallbacks', options.fallbacks)
  checkRoutes(options.routes ?? {})
  checkStrategy(options.strategy)
  for (const name of ['quotaGroups', 'contextWindows'] as const) {
    const { [name]: record = {} } = options
    checkRecord(name, record, Object.keys(record))
  }
  for (const [name, limits] of Object.entries(options.quotaGroups ?? {})) {
    checkName('quotaGroups (a name)', name)
    checkLimits(`quotaGroups.${name}`, limits)
  }
  for (const [model, tokens] of Object.entries(options.contextWindows ?? {}))
    checkNumber(`contextWindows.${model}`, tokens, { min: 1, integer: true })
  checkBoolean('learnLimits', options.learnLimits)
  checkOneOf('policy', options.policy, ['evidence', 'rsclaw', 'praisonai'] satisfies PolicyName[])
  checkBoolean('rotateOnSuccess', options.rotateOnSuccess)
  checkRules(options)
  const settings = {
    ...DEFAULTS,
    ...pick(options, ['order', 'fallbacks', 'routes', 'rotateOnSuccess', 'policy', 'rules']),
    ...pick(options, ['quotaGroups', 'learnLimits', 'contextWindows']),
    strategy: nameOf(options.strategy),
    health: { probe: { ...DEFAULTS.health.probe, ...defined(options.health?.probe) } },
    history: { ...DEFAULTS.history, ...defined(options.history) },
    retry: { ...DEFAULTS.retry, ...defined(options.retry) },
    budget: { ...DEFAULTS.budget, ...defined(options.budget) },
    wait: { ...DEFAULTS.wait, ...defined(options.wait) },
    cooldown: cooldownOf(options.cooldown ?? {}),
    timeouts: { ...DEFAULTS.timeouts, ...defined(options.timeouts) },
    stream: { ...DEFAULTS.stream, ...defined(options.stream) },
    recovery: { ...DEFAULTS.recovery, ...defined(options.recovery) },
  }
  checkBounds('retry', settings.retry.minDelayMs, settings.retry.maxDelayMs, 'DelayMs')
  for (const kind of WINDOW_KINDS)
    checkBounds(`cooldown.${kind}`, settings.cooldown[kind].minMs, settings.cooldown[kind].maxMs, 'Ms')
  return settings
}

function checkStrategy(strategy: unknown): void {
  if (!isRecord(strategy)) checkOneOf('strategy', strategy, STRATEGY_NAMES)
  else {
    checkText('strategy.name', strategy.name)
    checkFunction('strategy.choose', strategy.choose)
  }
}

function nameOf(strategy: StrategyName | Strategy = 'priority'): string {
  return typeof strategy === 'string' ? strategy : strategy.name
}

function checkRules({ rules, policy = DEFAULTS.policy }: DataOptions): void {
  if (rules === undefined) return
  parseRules(rules)
  if (rules.length > 0 && policy !== 'evidence')
    throw invalidOption(
      'rules',
      rules,
      `policy ${policy} has rules of its own; leave them out, or take policy evidence`,
    )
}

function checkOrderShape(order: unknown): void {
  if (!isRecord(order)) throw invalidOption('order', order, 'it must be an object of provider name and profile ids')
  for (const [provider, ids] of Object.entries(order)) checkTexts(`order.${provider}`, ids)
}

/** An order may name only profiles that there are, and each of them once. */
export function checkOrder(order: Settings['order'], providerOf: (profile: string) => string | undefined): void {
  for (const [provider, ids] of Object.entries(order)) {
    for (const [index, id] of ids.entries()) {
      const path = `order.${provider}[${index}]`
      if (providerOf(id) !== provider) throw invalidOption(path, id, `there is no profile of this id for ${provider}`)
      if (ids.indexOf(id) !== index) throw invalidOption(path, id, 'it is named twice')
    }
  }
}

/** A registry, whether it was given as one or as a plain record. */
export function parseRegistry<Request extends ModelRequest, Event>(
  registry: FailoverOptions<Request, Event>['registry'],
): ProviderRegistry<Request, Event> {
  if (registry instanceof ProviderRegistry) return registry
  const parsed = new ProviderRegistry<Request, Event>()
  if (registry === undefined) return parsed
  if (!isRecord(registry))
    throw invalidOption('registry', registry, 'it must be a ProviderRegistry or an object of providers by name')
  for (const [name, provider] of Object.entries(registry)) parsed.register(name, provider)
  return parsed
}

export function parseClock(clock: Clock = systemClock): Clock {
  for (const method of ['now', 'sleep', 'setTimer'] as const) checkFunction(`clock.${method}`, clock?.[method])
  return forwardOnly(clock)
}

export function parseRandom(random: Random = systemRandom): Random {
  checkFunction('random', random)
  return random
}

function checkGroups(options: DataOptions): void {
  const {
    retry = {},
    budget = {},
    wait = {},
    cooldown = {},
    timeouts = {},
    health = {},
    history = {},
    stream = {},
    recovery = {},
  } = options
  checkRecord('health', health, ['probe'])
  const { probe = {} } = health
  checkRecord('health.probe', probe, ['enabled', 'everyMs'])
  checkBoolean('health.probe.enabled', probe.enabled)
  checkNumber('health.probe.everyMs', probe.everyMs, { min: 100 })
  checkRecord('history', history, ['maxRequests'])
  checkNumber('history.maxRequests', history.maxRequests, { integer: true })
  checkRecord('retry', retry, Object.keys(DEFAULTS.retry))
  checkNumber('retry.attempts', retry.attempts, { min: 1, integer: true })
  checkNumber('retry.minDelayMs', retry.minDelayMs)
  checkNumber('retry.maxDelayMs', retry.maxDelayMs)
  checkNumber('retry.jitter', retry.jitter, { max: 1 })
  checkBoolean('retry.exponential', retry.exponential)
  checkRecord('budget', budget, ['maxAttempts'])
  checkNumber('budget.maxAttempts', budget.maxAttempts, { min: 1, integer: true })
  checkRecord('wait', wait, ['maxMs', 'maxQueued'])
  checkNumber('wait.maxMs', wait.maxMs)
  checkNumber('wait.maxQueued', wait.maxQueued, { integer: true })
  checkRecord('timeouts', timeouts, Object.keys(DEFAULTS.timeouts))
  for (const [name, value] of Object.entries(timeouts))
    checkNumber(`timeouts.${name}`, value, { min: name === 'minCharactersPerSecond' ? 0 : 1 })
  checkRecord('stream', stream, Object.keys(DEFAULTS.stream))
  checkOneOf('stream.toolCalls', stream.toolCalls, ['hold', 'pass'])
  checkNumber('stream.holdMaxMs', stream.holdMaxMs)
  checkNumber('stream.holdBackMs', stream.holdBackMs)
  checkRecord('recovery', recovery, Object.keys(DEFAULTS.recovery))
  checkOneOf('recovery.midStream', recovery.midStream, ['continue', 'restart', 'off'])
  checkNumber('recovery.maxAttempts', recovery.maxAttempts, { min: 1, integer: true })
  checkRecord('cooldown', cooldown, [...WINDOW_KINDS, 'maxHintMs'])
  checkNumber('cooldown.maxHintMs', cooldown.maxHintMs)
  for (const kind of WINDOW_KINDS) {
    const { [kind]: ladder = {} } = cooldown
    checkRecord(`cooldown.${kind}`, ladder, ['minMs', 'maxMs'])
    checkNumber(`cooldown.${kind}.minMs`, ladder.minMs)
    checkNumber(`cooldown.${kind}.maxMs`, ladder.maxMs)
  }
}

function checkRoutes(routes: Readonly<Record<string, RouteOptions>>): void {
  checkRecord('routes', routes, Object.keys(routes))
  for (const [name, route] of Object.entries(routes)) {
    checkName('routes (a route name)', name)
    checkRecord(`routes.${name}`, route, ['primary', ...FALLBACK_LISTS])
    checkText(`routes.${name}.primary`, route.primary)
    for (const list of FALLBACK_LISTS) {
      const { [list]: references } = route
      if (references !== undefined) checkTexts(`routes.${name}.${list}`, references)
    }
  }
}

function checkBounds(path: string, min: number, max: number, unit: string): void {
  if (min > max) throw invalidOption(`${path}.max${unit}`, max, `it must not be less than min${unit} (${min})`)
}

function cooldownOf(cooldown: NonNullable<FailoverOptions['cooldown']>): CooldownOptions {
  const { maxHintMs = DEFAULTS.cooldown.maxHintMs } = cooldown
  const ladders = WINDOW_KINDS.map((kind) => [kind, { ...DEFAULTS.cooldown[kind], ...defined(cooldown[kind]) }])
  return { ...(Object.fromEntries(ladders) as Ladders), maxHintMs }
}

function defined<T extends object>(value: T | undefined): Partial<T> {
  return Object.fromEntries(Object.entries(value ?? {}).filter(([, item]) => item !== undefined)) as Partial<T>
}

function pick<T extends object, K extends keyof T>(value: T, keys: readonly K[]): Partial<Pick<T, K>> {
  return Object.fromEntries(keys.flatMap((key) => (value[key] === undefined ? [] : [[key, value[key]]]))) as Partial<
    Pick<T, K>
  >
}
