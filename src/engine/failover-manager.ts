import { FailoverError, type Failure, invalidOption, redactKnown } from '../failure/index.ts'
import { timeoutPhaseOf } from './attempt.ts'
import { AttemptLoop } from './attempt-loop.ts'
import { isOpen, soonestOpening } from './availability.ts'
import { checkFunction, checkNumber, checkOneOf, checkRecord, checkText, checkTexts, isRecord } from './checks.ts'
import type { Clock, Random } from './clock.ts'
import { Credentials } from './credentials.ts'
import type { Committed, Engine, Work } from './engine.ts'
import {
  EVENT_TYPES,
  EventHub,
  type FailoverEvent,
  type FailoverEventOf,
  type FailoverEventType,
  type SkipCause,
} from './events.ts'
import { FailoverStream, type OpenedStream, openStream } from './failover-stream.ts'
import { BY_HAND, HealthBook } from './health/health-book.ts'
import { standingOf } from './health/standing.ts'
import type { Lease } from './lease.ts'
import { Leases } from './leases.ts'
import {
  checkOrder,
  type FailoverOptions,
  parseClock,
  parseRandom,
  parseRegistry,
  parseSettings,
  type Settings,
} from './options.ts'
import { policyOf } from './policy/index.ts'
import type { FailurePolicy } from './policy/policy.ts'
import { Profile, type ProfileOptions } from './profile.ts'
import type { AnyRequest, AttemptContext, ModelRequest, Provider, Usage } from './provider.ts'
import type { ProviderRegistry } from './provider-registry.ts'
import { RequestLife } from './request-life.ts'
import { retryDelayMs } from './retry-delay.ts'
import { RetryTokens } from './retry-tokens.ts'
import { Routes } from './routes.ts'
import { priorityStrategy } from './select/priority.ts'
import { type FailoverStatus, isProfileAvailable, profileStatus } from './status.ts'
import type { Target } from './target.ts'
import { TargetTable } from './target-table.ts'
import { WaitingRoom } from './waiting.ts'

/** Which profiles a look or a lease is about. Everything is optional. */
export interface ProfileQuery {
  readonly provider?: string
  /** The provider's bare model id; windows that are about a model count only where it is named. */
  readonly model?: string
  /** Requests of one session keep to one profile among equals. */
  readonly sessionKey?: string
}

/** What a single request may set. */
export interface CallOptions {
  readonly signal?: AbortSignal
  readonly sessionKey?: string
  /** Milliseconds for the whole request, retries and failover included. Default `timeouts.requestMs`. */
  readonly deadlineMs?: number
  /** In place of the configured fallbacks; empty is strict. */
  readonly fallbacks?: readonly string[]
}

/** What `markFailure` may be told besides the error. */
export interface FailureMark {
  /** The provider's bare model id; without it the failure counts against the whole profile. */
  readonly model?: string
  /** Take it for a rate limit, whatever the error says. */
  readonly isRateLimit?: boolean
  /** How long the provider asked to stay away, milliseconds. */
  readonly retryAfterMs?: number
}

export interface SuccessMark {
  readonly model?: string
  readonly latencyMs?: number
  readonly usage?: Usage
}

type FailoverCallback = (failed: Profile, next: Profile, failure: Failure) => void

/**
 * Named credentials of many providers, tried in order: knows what each failure means, keeps out what failed for as
 * long as it should, and moves on to the next key, then the next model.
 *
 * ```ts
 * const manager = new FailoverManager({
 *   profiles: [{ id: 'openai:primary', apiKey: '…' }, { id: 'openai:backup', apiKey: '…', priority: 1 }],
 *   fallbacks: ['anthropic/claude-sonnet-4-5'],
 *   registry: httpProviders(),
 * })
 * const stream = await manager.call({ model: 'gpt-5', messages, stream: true })
 * ```
 *
 * Any number of requests may run at the same time on one manager. No key shows up in its status, events, errors, JSON
 * or inspection.
 */
export class FailoverManager<Request extends ModelRequest = AnyRequest, Event = unknown> {
  readonly #settings: Settings
  readonly #clock: Clock
  readonly #random: Random
  readonly #registry: ProviderRegistry<Request, Event>
  readonly #policy: FailurePolicy
  readonly #hub: EventHub
  readonly #book: HealthBook
  readonly #table: TargetTable<Request, Event>
  readonly #routes: Routes<Request, Event>
  readonly #leases: Leases
  readonly #waiting: WaitingRoom
  readonly #credentials = new Credentials()
  readonly #engine: Engine
  readonly #onFailover = new Set<FailoverCallback>()
  readonly #idPrefix: string
  #lastRequest = 0

  /** @throws FailoverError `INVALID_OPTION`, naming the option, its value and what is allowed */
  constructor(options: FailoverOptions<Request, Event> = {}) {
    const settings = parseSettings(options)
    this.#settings = settings
    this.#clock = parseClock(options.clock)
    this.#random = parseRandom(options.random)
    this.#registry = parseRegistry(options.registry)
    this.#hub = new EventHub(() => this.#clock.now())
    this.#waiting = new WaitingRoom(this.#clock, settings.wait.maxQueued)
    this.#policy = policyOf(settings, this.#random)
    const onChange = (): void => this.#waiting.wakeAll()
    this.#book = new HealthBook({ policy: this.#policy, emit: (event) => this.#hub.emit(event), onChange })
    this.#table = new TargetTable(this.#registry, settings.order, this.#book)
    this.#routes = new Routes(this.#table, settings.routes, settings.fallbacks)
    const classify = (error: unknown, target: Target): Failure => this.#classify(error, target)
    const { attemptMs } = settings.timeouts
    this.#leases = new Leases({
      clock: this.#clock,
      book: this.#book,
      classify,
      lapseMs: attemptMs,
      onEnd: onChange,
    })
    this.#engine = {
      clock: this.#clock,
      settings,
      policy: this.#policy,
      strategy: priorityStrategy({
        areEqual: (a, b) => this.#areEqual(a, b),
        rotateOnSuccess: settings.rotateOnSuccess,
      }),
      waiting: this.#waiting,
      tokens: new RetryTokens(),
      credentials: this.#credentials,
      hub: this.#hub,
      classify,
      lease: (target, isTrial) => this.#leases.open(target, isTrial),
      retryDelayMs: (failures) => this.getRetryDelayMs(failures),
      onFailover: (from, to, failure, requestId) => this.#announceFailover(from, to, failure, requestId),
    }
    this.#idPrefix = Math.floor(this.#random() * 0x1_0000_0000).toString(36)
    if (options.profiles !== undefined && !Array.isArray(options.profiles)) {
      throw invalidOption('profiles', options.profiles, 'it must be an array of profiles')
    }
    for (const [index, profile] of (options.profiles ?? []).entries())
      this.#table.add(new Profile(profile, `profiles[${index}]`))
    checkOrder(settings.order, (id) => this.#table.find(id)?.provider)
  }

  /** A manager with every option at its default and no profile yet. */
  static withDefaults<Request extends ModelRequest = AnyRequest, Event = unknown>(): FailoverManager<Request, Event> {
    return new FailoverManager<Request, Event>()
  }

  /** Where providers are registered, disabled and aliased. */
  get registry(): ProviderRegistry<Request, Event> {
    return this.#registry
  }

  get size(): number {
    return this.#table.size
  }

  get isEmpty(): boolean {
    return this.#table.size === 0
  }

  /** @throws FailoverError `INVALID_OPTION` where a field is wrong or the id is taken */
  addProfile(options: ProfileOptions): Profile {
    const profile = new Profile(options)
    this.#table.add(profile)
    this.#hub.emit({ type: 'profile_added', profile: profile.id })
    this.#waiting.wakeAll()
    return profile
  }

  /** @returns whether there was such a profile. Requests under way with it go on. */
  removeProfile(id: string): boolean {
    const removed = this.#table.remove(id)
    if (removed === undefined) return false
    this.#hub.emit({ type: 'profile_removed', profile: id })
    this.#waiting.wakeAll()
    return true
  }

  /**
   * Changes some options of a profile. A changed key clears what stood against the old one (auth, permission and
   * billing windows).
   * @throws FailoverError `UNKNOWN_PROFILE`, `INVALID_OPTION`
   */
  updateProfile(id: string, patch: Partial<Omit<ProfileOptions, 'id'>>): Profile {
    const { credential: before, origin } = this.#table.profileTarget(id)
    const profile = before.with(patch)
    this.#table.replace(profile)
    this.#book.profile(profile).limiter.configure(profile.limits)
    if (profile.apiKey !== before.apiKey) {
      this.#book.clear(this.#book.scopesOf(profile, origin), 'key_change', ['auth', 'billing', 'permission'])
    }
    this.#hub.emit({ type: 'profile_changed', profile: id })
    this.#waiting.wakeAll()
    return profile
  }

  /** @throws FailoverError `UNKNOWN_PROFILE` */
  getProfile(id: string): Profile {
    return this.#table.profileTarget(id).credential
  }

  /** All profiles in the order in which they would be tried: `order`, then priority, then declaration. */
  listProfiles(): Profile[] {
    return this.#table.profileTargets().map(({ credential }) => credential)
  }

  /** The profile that would be tried next, without taking it; undefined where all are out. */
  getNextProfile(query: ProfileQuery & { readonly exclude?: readonly string[] } = {}): Profile | undefined {
    checkRecord('query', query, ['provider', 'model', 'sessionKey', 'exclude'])
    if (query.exclude !== undefined) checkTexts('query.exclude', query.exclude)
    return this.#nextTarget(query, query.exclude ?? [])?.credential
  }

  /** When the soonest profile may be tried, epoch milliseconds: now if one may; undefined if none will by itself. */
  nextAvailableAt(query: ProfileQuery = {}): number | undefined {
    checkRecord('query', query, ['provider', 'model', 'sessionKey'])
    const now = this.#clock.now()
    this.#leases.reclaim(now)
    return soonestOpening(this.#targetsOf(query), now)
  }

  /**
   * The right to make one attempt with the next profile; undefined where all are out. It counts against the profile's
   * limits, and is the profile's trial where its window has just run out.
   *
   * ```ts
   * using lease = manager.acquire({ provider: 'openai', model: 'gpt-5' })
   * if (lease) try { …; lease.succeed() } catch (error) { lease.fail(error) }
   * ```
   */
  acquire(query: ProfileQuery = {}): Lease | undefined {
    checkRecord('query', query, ['provider', 'model', 'sessionKey'])
    const target = this.#nextTarget(query, [])
    if (target === undefined) return undefined
    return this.#leases.lend(target, standingOf(target, this.#clock.now()).state === 'trial')
  }

  /**
   * Reports a failure by hand. What the error says decides, as for attempts of the engine's own, but at once: the first
   * failure opens the window. An error that is the request's own fault changes nothing.
   * @throws FailoverError `UNKNOWN_PROFILE`
   */
  markFailure(id: string, error: unknown, mark: FailureMark = {}): Failure {
    checkRecord('mark', mark, ['model', 'isRateLimit', 'retryAfterMs'])
    checkNumber('mark.retryAfterMs', mark.retryAfterMs)
    const target = this.#table.target(id, mark.model)
    const now = this.#clock.now()
    const failure = this.#markedFailure(this.#classify(error, target), mark, now)
    this.#book.fail(target, failure, { lease: BY_HAND, startedAt: now }, now)
    const next =
      this.#nextTarget({ provider: target.provider, ...(mark.model !== undefined && { model: mark.model }) }, []) ??
      this.#nextTarget({}, [])
    if (next !== undefined && next.profile !== id) this.#announceFailover(target, next, failure)
    return failure
  }

  /** Reports a success by hand: whatever stood against the profile (on this model, where one is named) is over. */
  markSuccess(id: string, mark: SuccessMark = {}): void {
    checkRecord('mark', mark, ['model', 'latencyMs', 'usage'])
    const target = this.#table.target(id, mark.model)
    this.#book.succeed(target, { lease: BY_HAND, startedAt: this.#clock.now() }, this.#clock.now())
    this.#book.clear(target.allScopes, 'success')
  }

  /** Tells of every move from one target to another. @returns a function that unsubscribes */
  onFailover(callback: FailoverCallback): () => void {
    checkFunction('callback', callback)
    const entry: FailoverCallback = (...args) => callback(...args)
    this.#onFailover.add(entry)
    return () => {
      this.#onFailover.delete(entry)
    }
  }

  /** Listens to one kind of event, or to all with `'*'`. @returns a function that unsubscribes */
  on<Type extends FailoverEventType>(type: Type, listener: (event: FailoverEventOf<Type>) => void): () => void
  on(type: '*', listener: (event: FailoverEvent) => void): () => void
  on(type: FailoverEventType | '*', listener: (event: never) => void): () => void {
    checkOneOf('type', type, ['*', ...EVENT_TYPES])
    checkFunction('listener', listener)
    return this.#hub.on(type, (event) => listener(event as never))
  }

  /** The delay before the try after the n-th failure (0 is the first), milliseconds; see the `retry` option. */
  getRetryDelayMs(attempt: number): number {
    checkNumber('attempt', attempt, { integer: true })
    return retryDelayMs(attempt, this.#settings.retry, this.#random)
  }

  status(): FailoverStatus {
    const now = this.#clock.now()
    this.#leases.reclaim(now)
    const profiles = this.#table
      .profileTargets()
      .map((target) => ({ target, targets: this.#table.knownTargets(target.credential) }))
    return {
      totalProfiles: profiles.length,
      availableProfiles: profiles.filter(({ target, targets }) => isProfileAvailable(target, targets, now)).length,
      profiles: profiles.map(({ target, targets }) => profileStatus(target, targets, now)),
      config: this.#settings,
    }
  }

  /**
   * Forgets everything that stands against a profile, its group, and the origin it is reached at. A profile that was
   * disabled stays so.
   * @throws FailoverError `UNKNOWN_PROFILE`
   */
  reset(id: string): void {
    const { credential, health, origin } = this.#table.profileTarget(id)
    health.forgetErrors()
    this.#book.clear(this.#book.scopesOf(credential, origin), 'reset')
    this.#hub.emit({ type: 'profile_reset', profile: id })
  }

  /** Forgets everything that stands against anything, and enables every profile. */
  resetAll(): void {
    for (const { health } of this.#table.profileTargets()) {
      health.forgetErrors()
      health.disabled = undefined
    }
    this.#book.clear(this.#book.allScopes(), 'reset')
  }

  /** Takes a profile out until `enable`. @throws FailoverError `UNKNOWN_PROFILE` */
  disable(id: string, reason: string): void {
    checkText('reason', reason)
    this.#table.profileTarget(id).health.disabled = { reason, since: this.#clock.now() }
    this.#hub.emit({ type: 'profile_disabled', profile: id, reason })
  }

  /** @throws FailoverError `UNKNOWN_PROFILE` */
  enable(id: string): void {
    this.#table.profileTarget(id).health.disabled = undefined
    this.#hub.emit({ type: 'profile_enabled', profile: id })
    this.#waiting.wakeAll()
  }

  /**
   * Sends a request to the first target that answers, and resolves with its stream at the first content. Until then
   * failover is invisible.
   *
   * @throws FailoverError `INVALID_REQUEST`, `NO_TARGET`, `REQUEST_REJECTED` (the request's own fault),
   *   `ALL_TARGETS_FAILED`, `DEADLINE_EXCEEDED`, `CANCELED`
   */
  async call(request: Request, options: CallOptions = {}): Promise<FailoverStream<Event>> {
    if (!isRecord(request)) throw new FailoverError('INVALID_REQUEST', 'the request must be an object')
    const work: Work<OpenedStream<Event>> = {
      start: async (context, attempt) => {
        const provider = this.#providerOf(attempt.target)
        const events = await provider.stream({ ...request, model: context.target.model }, context)
        return openStream(events, (event) => provider.isContent?.(event) ?? true, context.signal)
      },
      unusable: (target) => this.#unusable(target),
      phase: (target) => (this.#providerOf(target).isStreaming?.(request) === false ? 'response' : 'first_content'),
    }
    return this.#request(request.model, options, work, ({ attempt, value }, life, attempts) => {
      const { target } = attempt
      const knownKey = (): string | undefined => this.#credentials.knownKeyOf(target.credential)
      const dependencies = {
        clock: this.#clock,
        timeouts: this.#settings.timeouts,
        provider: this.#providerOf(target),
        attempt,
        attempts,
        life,
        knownKey,
      }
      return new FailoverStream(dependencies, value)
    })
  }

  /**
   * Runs any function with the first target that lets it succeed: it is called once for each attempt, and what it
   * throws is diagnosed as a provider's failure. Resolves with what it returns.
   *
   * @param model a route's name or a model reference
   * @throws FailoverError as `call`
   */
  async run<Result>(
    model: string,
    work: (context: AttemptContext) => Result | Promise<Result>,
    options: CallOptions = {},
  ): Promise<Result> {
    checkFunction('work', work)
    const doors: Work<{ readonly result: Result }> = {
      start: async (context) => ({ result: await work(context) }),
      // A function needs no registered provider; one that is disabled is still not to be used.
      unusable: (target) => {
        const cause = this.#unusable(target)
        return cause?.kind === 'provider_disabled' ? cause : undefined
      },
      phase: () => 'response',
    }
    return this.#request(model, options, doors, ({ attempt, value }, life, attempts) => {
      life.succeed(attempt, attempts.length, undefined)
      return value.result
    })
  }

  /** The one way in for every door. */
  async #request<Value, Result>(
    model: unknown,
    options: CallOptions,
    work: Work<Value>,
    commit: (committed: Committed<Value>, life: RequestLife, attempts: AttemptLoop<Value>['attempts']) => Result,
  ): Promise<Result> {
    checkCallOptions(options)
    if (typeof model !== 'string' || model.trim() === '') {
      throw new FailoverError(
        'INVALID_REQUEST',
        'the request has no model: request.model must be a text such as "openai/gpt-5"',
      )
    }
    this.#housekeep()
    const { signal, sessionKey, deadlineMs = this.#settings.timeouts.requestMs, fallbacks } = options
    const chain = this.#routes.chain(model, fallbacks)
    this.#lastRequest += 1
    const id = `${this.#idPrefix}-${this.#lastRequest}`
    const life = new RequestLife(
      { clock: this.#clock, hub: this.#hub, classify: this.#engine.classify },
      { id, deadlineMs, signal },
    )
    if (this.#hub.isHeard) {
      this.#hub.emit({
        type: 'request_started',
        requestId: id,
        model,
        chain: chain.map(({ reference }) => reference),
        deadlineAt: life.deadlineAt,
      })
    }
    const loop = new AttemptLoop(this.#engine, { chain, queue: model, sessionKey, life, work })
    try {
      return commit(await loop.run(), life, loop.attempts)
    } catch (error) {
      if (error instanceof FailoverError) life.end(error, loop.attempts.length)
      throw error
    }
  }

  #housekeep(): void {
    const now = this.#clock.now()
    this.#leases.reclaim(now)
    if (!this.#book.needsSweep) return
    this.#table.dropTargets()
    this.#book.sweep(now)
  }

  #nextTarget(query: ProfileQuery, exclude: readonly string[]): Target | undefined {
    const now = this.#clock.now()
    this.#leases.reclaim(now)
    const open = this.#targetsOf(query).filter((target) => !exclude.includes(target.profile) && isOpen(target, now))
    const [first, ...others] = open
    return first === undefined ? undefined : this.#engine.strategy.choose([first, ...others], query.sessionKey)
  }

  /** A profile is looked at on the model that is asked for, else on its default one, else as such. */
  #targetsOf({ provider, model }: ProfileQuery): Target[] {
    return this.#table
      .profileTargets(provider)
      .map((target) => this.#table.target(target.profile, model ?? target.credential.model))
  }

  #areEqual(a: Target, b: Target): boolean {
    const order = this.#settings.order[a.provider]
    const isOrdered = order?.includes(a.profile) || order?.includes(b.profile)
    return a.provider === b.provider && !isOrdered && a.credential.priority === b.credential.priority
  }

  #classify(error: unknown, target: Target): Failure {
    const entry = this.#registry.get(target.provider)
    const dialect = entry.state === 'registered' ? entry.provider.dialect : undefined
    const failure = this.#policy.classify({
      provider: target.provider,
      dialect,
      model: target.model,
      error,
      timeoutPhase: timeoutPhaseOf(error),
      nowMs: this.#clock.now(),
    })
    const knownKey = this.#credentials.knownKeyOf(target.credential)
    return knownKey === undefined ? failure : { ...failure, message: redactKnown(failure.message, [knownKey]) }
  }

  #markedFailure(failure: Failure, { isRateLimit = false, retryAfterMs }: FailureMark, now: number): Failure {
    const asked: Failure =
      isRateLimit && failure.reason !== 'rate_limit'
        ? {
            ...failure,
            reason: 'rate_limit',
            scope: 'target',
            nextStep: 'next_profile',
            isRetryable: true,
            ruleId: 'marked.rate_limit',
          }
        : failure
    return retryAfterMs === undefined ? asked : { ...asked, retryAfterMs, resetAt: now + retryAfterMs }
  }

  #unusable({ provider }: Target): SkipCause | undefined {
    const entry = this.#registry.get(provider)
    switch (entry.state) {
      case 'registered':
        return undefined
      case 'disabled':
        return { kind: 'provider_disabled', reason: entry.reason }
      case 'unknown':
        return { kind: 'provider_not_registered' }
    }
  }

  #providerOf({ provider }: Target): Provider<Request, Event> {
    const entry = this.#registry.get(provider)
    if (entry.state === 'registered') return entry.provider
    throw new FailoverError('NO_TARGET', `provider ${provider} is not registered`)
  }

  #announceFailover(from: Target, to: Target, failure: Failure, requestId?: string): void {
    this.#hub.emit({
      type: 'failover',
      from: from.toJSON(),
      to: to.toJSON(),
      failure,
      ...(requestId !== undefined && { requestId }),
    })
    for (const callback of this.#onFailover)
      this.#hub.guard('failover', () => callback(from.credential, to.credential, failure))
  }
}

function checkCallOptions(options: CallOptions): void {
  checkRecord('options', options, ['signal', 'sessionKey', 'deadlineMs', 'fallbacks'])
  const { signal, sessionKey, deadlineMs, fallbacks } = options
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw invalidOption('options.signal', signal, 'it must be an AbortSignal')
  if (sessionKey !== undefined) checkText('options.sessionKey', sessionKey)
  checkNumber('options.deadlineMs', deadlineMs, { min: 1 })
  if (fallbacks !== undefined) checkTexts('options.fallbacks', fallbacks)
}
