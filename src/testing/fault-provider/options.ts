import { type Clock, systemClock } from '../../engine/clock.ts'
import { type Answer, type AnswerSource, DEFAULT_ANSWER, splitTokens } from './answer.ts'
import type { Fault, FaultRule } from './fault.ts'
import { checkAnswer, checkFault, checkRule } from './fault-checks.ts'
import {
  type Checks,
  hasFields,
  isDuration,
  isFlag,
  isFunction,
  isListOf,
  isMapOf,
  isOneOf,
  isOneOrMore,
  isPositive,
  isText,
  isWhole,
} from './option-checks.ts'
import { PREFILL_MODES, type PrefillMode } from './prefill.ts'
import { LIMIT_ALGORITHMS, LIMIT_SCOPES, type RateLimitOptions, RETRY_AFTER_FORMS } from './rate-limit.ts'

export interface FaultProviderOptions {
  /** Default 0: one that is free. */
  readonly port?: number
  /** Default `127.0.0.1`. */
  readonly host?: string
  /** What a healthy answer says. Default: `DEFAULT_ANSWER`, sixty tokens. */
  readonly answer?: string | Answer | AnswerSource
  /** How text is cut into tokens. Default: words with the white space behind them. */
  readonly splitTokens?: (text: string) => readonly string[]
  /** Pace of answers where a fault does not say otherwise, milliseconds. Default 0. */
  readonly delayHeadersMs?: number
  readonly firstTokenDelayMs?: number
  readonly tokenDelayMs?: number
  /**
   * What happens when the last message is the assistant's. `continue`: if it is an exact prefix of the answer, only the
   * rest is sent; else the full answer. `reject`: 400. `restart`: the full answer. Default `continue`.
   */
  readonly prefill?: PrefillMode
  /** Faults by model name. */
  readonly models?: Readonly<Record<string, Fault | readonly Fault[]>>
  /** Faults by API key. */
  readonly keys?: Readonly<Record<string, Fault | readonly Fault[]>>
  /** Rules with any condition, times among them; the first that holds decides. */
  readonly script?: readonly FaultRule[]
  /** Times, in milliseconds since the start, in which the port is closed: connections are refused. */
  readonly down?: readonly DownTime[]
  /** Limits that count; each one must let a request pass. */
  readonly rateLimit?: RateLimitOptions | readonly RateLimitOptions[]
  /** The only keys that are let in; any other gets 401. Default: every key, and none. */
  readonly requireKey?: readonly string[]
  /** The only models there are; any other gets 404. Default: every name. Also what `GET /v1/models` lists. */
  readonly knownModels?: readonly string[]
  readonly clock?: Clock
}

export interface DownTime {
  readonly fromMs: number
  readonly untilMs: number
}

export interface Settings extends Omit<Required<FaultProviderOptions>, 'rateLimit' | 'requireKey' | 'knownModels'> {
  readonly rateLimits: readonly RateLimitOptions[]
  readonly requireKey: readonly string[] | undefined
  readonly knownModels: readonly string[] | undefined
}

/** Fills in the defaults. Throws `INVALID_OPTION` naming the field that is wrong or unknown. */
export function parseOptions(options: FaultProviderOptions): Settings {
  checkOptions('options', options)
  return {
    port: options.port ?? 0,
    host: options.host ?? '127.0.0.1',
    answer: options.answer ?? DEFAULT_ANSWER,
    splitTokens: options.splitTokens ?? splitTokens,
    delayHeadersMs: options.delayHeadersMs ?? 0,
    firstTokenDelayMs: options.firstTokenDelayMs ?? 0,
    tokenDelayMs: options.tokenDelayMs ?? 0,
    prefill: options.prefill ?? 'continue',
    models: options.models ?? {},
    keys: options.keys ?? {},
    script: options.script ?? [],
    down: options.down ?? [],
    rateLimits: [options.rateLimit ?? []].flat(),
    requireKey: options.requireKey,
    knownModels: options.knownModels,
    clock: options.clock ?? systemClock,
  }
}

const DOWN_TIME: Checks<DownTime> = { fromMs: isDuration, untilMs: isDuration }

const RATE_LIMIT: Checks<RateLimitOptions> = {
  requestsPerMinute: isPositive,
  by: isOneOf(LIMIT_SCOPES),
  algorithm: isOneOf(LIMIT_ALGORITHMS),
  burst: isPositive,
  retryAfter: isOneOf(RETRY_AFTER_FORMS),
  headers: isFlag,
  key: isOneOrMore(isText),
  model: isOneOrMore(isText),
}

const OPTIONS: Checks<FaultProviderOptions> = {
  port: isWhole(0, 65_535),
  host: isText,
  answer: checkAnswer,
  splitTokens: isFunction,
  delayHeadersMs: isDuration,
  firstTokenDelayMs: isDuration,
  tokenDelayMs: isDuration,
  prefill: isOneOf(PREFILL_MODES),
  models: isMapOf(isOneOrMore(checkFault)),
  keys: isMapOf(isOneOrMore(checkFault)),
  script: isListOf(checkRule),
  down: isListOf(hasFields(DOWN_TIME, ['fromMs', 'untilMs'])),
  rateLimit: isOneOrMore(hasFields(RATE_LIMIT, ['requestsPerMinute'])),
  requireKey: isListOf(isText),
  knownModels: isListOf(isText),
  clock: (path, value) => {
    for (const method of ['now', 'sleep', 'setTimer']) {
      const member: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, method) : undefined
      isFunction(`${path}.${method}`, member)
    }
  },
}

const checkOptions = hasFields(OPTIONS)
