import {
  checkFunction,
  checkNumber,
  checkOneOf,
  checkRecord,
  checkText,
  checkTexts,
  FailoverError,
  type Failure,
  invalidOption,
  isRecord,
} from '../failure/index.ts'
import { BindingBook } from './binding.ts'
import type { Clock, Random } from './clock.ts'
import { contextWindowOf } from './context-windows.ts'
import { Credentials } from './credentials.ts'
import { Diagnosis } from './diagnosis.ts'
import type { Engine, OpenRequest, Work } from './engine.ts'
import { EVENT_TYPES, EventHub, type FailoverEvent, type FailoverEventOf, type FailoverEventType } from './events.ts'
import { FailoverStream } from './failover-stream.ts'
import { HealthBook } from './health/health-book.ts'
import { standingOf } from './health/standing.ts'
import { BY_HAND } from './health/window.ts'
import { History, type RequestStory } from './history.ts'
import { KeyWatch } from './key-watch.ts'
import type { Lease } from './lease.ts'
import { Leases } from './leases.ts'
import { OpenAnswer } from './open-answer.ts'
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
import { PrefillBook } from './prefill-book.ts'
import { Prober } from './prober.ts'
import { Profile, type ProfileOptions } from './profile.ts'
import { ProfileQueries } from './profile-queries.ts'
import type { AnswerWork, AnyRequest, AttemptContext, ModelRequest } from './provider.ts'
import type { ProviderRegistry } from './provider-registry.ts'
import { withoutPrompt } from './redaction.ts'
import {
  type CallOptions,
  checkFailureMark,
  checkQuery,
  type FailureMark,
  type ProfileQuery,
  type SuccessMark,
} from './request-options.ts'
import { Requests } from './requests.ts'
import { retryDelayMs } from './retry-delay.ts'
import { RetryTokens } from './retry-tokens.ts'
import { Routes } from './routes.ts'
import { ruleOf } from './select/rules.ts'
import { Selection } from './select/selection.ts'
import { isSpent } from './select/spent.ts'
import { type FailoverStatus, isProfileAvailable, outagesOf, profileStatus } from './status.ts'
import type { Target } from './target.ts'
import { TargetTable } from './target-table.ts'
import { WaitingRoom } from './waiting.ts'
import { FunctionWork, OpenWork, StreamWork } from './work.ts'

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
  readonly #diagnosis: Diagnosis<Request, Event>
  readonly #hub: EventHub
  /** Only where it is to keep any. */
  readonly #history: History | undefined
  readonly #book: HealthBook
  readonly #table: TargetTable<Request, Event>
  readonly #requests: Requests<Request, Event>
  readonly #leases: Leases
  readonly #waiting: WaitingRoom
  readonly #credentials: Credentials
  readonly #engine: Engine
  /** Only where probing is asked for. */
  readonly #prober: Prober | undefined
  readonly #onFailover = new Set<FailoverCallback>()
  readonly #queries: ProfileQueries<Request, Event>
  readonly #bindings = new BindingBook()
  readonly #keys: KeyWatch

  /** @throws FailoverError `INVALID_OPTION`, naming the option, its value and what is allowed */
  constructor(options: FailoverOptions<Request, Event> = {}) {
    const settings = parseSettings(options)
    this.#settings = settings
    this.#clock = parseClock(options.clock)
    this.#random = parseRandom(options.random)
    this.#registry = parseRegistry(options.registry)
    const { maxRequests } = settings.history
    this.#history = maxRequests === 0 ? undefined : new History(maxRequests)
    this.#hub = new EventHub(() => this.#clock.now(), this.#history)
    this.#credentials = new Credentials(this.#clock, (profile, outcome) =>
      this.#hub.emit({ type: outcome === 'refreshed' ? 'credential_fetched' : 'credential_failed', profile }),
    )
    this.#waiting = new WaitingRoom(this.#clock, settings.wait.maxQueued)
    const policy = policyOf(settings, this.#random)
    const onEnd = (): void => this.#waiting.wakeAll()
    const onChange = (): void => {
      this.#waiting.wakeAll()
      this.#prober?.wake()
    }
    this.#book = new HealthBook({
      policy,
      quotaGroups: settings.quotaGroups,
      emit: (event) => this.#hub.emit(event),
      onChange,
    })
    this.#keys = new KeyWatch(
      this.#clock,
      this.#credentials,
      (profile) => this.#book.isKeyOut(profile),
      (profile) => this.#keyChanged(profile),
    )
    const { strategy = 'priority' } = options
    this.#table = new TargetTable(this.#registry, settings.order, this.#book, strategy === 'priority')
    const routes = new Routes(this.#table, settings.routes, settings.fallbacks)
    this.#diagnosis = new Diagnosis({
      clock: this.#clock,
      policy,
      registry: this.#registry,
      credentials: this.#credentials,
    })
    const classify: Engine['classify'] = (error, target, secrets) => this.#diagnosis.of(error, target, secrets)
    const { attemptMs } = settings.timeouts
    this.#leases = new Leases({
      clock: this.#clock,
      book: this.#book,
      classify,
      lapseMs: attemptMs,
      onEnd,
    })
    const rule = ruleOf(strategy, {
      rotateOnSuccess: settings.rotateOnSuccess,
      keepsSessions: settings.policy === 'evidence',
      tallies: this.#book.tallies,
      random: this.#random,
      emit: (event) => this.#hub.emit(event),
    })
    const selection = new Selection({ rule, reopenings: () => this.#book.reopenings, isSpent })
    this.#queries = new ProfileQueries(this.#table, selection, (target) => this.#disabledReason(target) === undefined)
    this.#engine = {
      clock: this.#clock,
      settings,
      policy,
      selection,
      bindings: this.#bindings,
      prefills: new PrefillBook(),
      waiting: this.#waiting,
      tokens: new RetryTokens(),
      credentials: this.#credentials,
      refuseKey: (profile, keys) => {
        this.#credentials.wasRefused(profile, keys)
        this.#keys.refused(profile, keys)
      },
      hub: this.#hub,
      ...(this.#history !== undefined && { history: this.#history }),
      classify,
      reclaim: (now) => this.#leases.reclaim(now),
      lease: (target, isTrial, tokens, now) => this.#leases.open(target, isTrial, tokens, now),
      retryDelayMs: (failures) => this.getRetryDelayMs(failures),
      contextWindowOf: (model) => contextWindowOf(model, settings.contextWindows),
      onFailover: (from, to, failure, requestId) => this.#announceFailover(from, to, failure, requestId),
    }
    const { enabled, everyMs } = settings.health.probe
    if (enabled) {
      this.#prober = new Prober({
        engine: this.#engine,
        everyMs,
        scopes: () => this.#book.allScopes(),
        targets: () => [...this.#table.knownTargets().values()].flat(),
        probeOf: (target) => this.#probeOf(target),
      })
    }
    this.#requests = new Requests(this.#engine, routes, this.#random)
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

  /** As inspection shows it: how many profiles, never a key. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    const { totalProfiles, availableProfiles } = this.status()
    return `FailoverManager { ${availableProfiles} of ${totalProfiles} profiles available }`
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
    this.#bindings.forgetProfile(id)
    this.#hub.emit({ type: 'profile_removed', profile: id })
    this.#waiting.wakeAll()
    return true
  }

  /**
   * Changes some options of a profile. A changed key clears what stood against the old one: its own auth, permission and
   * billing windows, and its quota group's billing; what else stands against the group or the origin is not the key's.
   * @throws FailoverError `UNKNOWN_PROFILE`, `INVALID_OPTION`
   */
  updateProfile(id: string, patch: Partial<Omit<ProfileOptions, 'id'>>): Profile {
    const before = this.#table.profileTarget(id).credential
    const profile = before.with(patch)
    this.#table.replace(profile)
    if (profile.apiKey !== before.apiKey) this.#keyChanged(profile)
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
    checkQuery(query, ['exclude'])
    if (query.exclude !== undefined) checkTexts('query.exclude', query.exclude)
    return this.#queries.next(query, query.exclude ?? [], this.#housekeep())?.credential
  }

  /** When the soonest profile may be tried, epoch milliseconds: now if one may; undefined if none will by itself. */
  nextAvailableAt(query: ProfileQuery = {}): number | undefined {
    checkQuery(query)
    return this.#queries.soonest(query, this.#housekeep())
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
    checkQuery(query)
    const target = this.#queries.take(query, this.#housekeep())
    if (target === undefined) return undefined
    return this.#leases.lend(target, standingOf(target, this.#clock.now()).state === 'trial')
  }

  /**
   * Reports a failure by hand. What the error says decides, as for attempts of the engine's own, but at once: the first
   * failure opens the window. An error that is the request's own fault changes nothing.
   * @throws FailoverError `UNKNOWN_PROFILE`
   */
  markFailure(id: string, error: unknown, mark: FailureMark = {}): Failure {
    checkFailureMark(mark)
    const now = this.#housekeep()
    const target = this.#table.target(id, mark.model)
    const failure = this.#diagnosis.ofMark(error, target, mark)
    this.#book.fail(target, failure, { lease: BY_HAND, startedAt: now }, now)
    const next =
      this.#queries.next(
        { provider: target.provider, ...(mark.model !== undefined && { model: mark.model }) },
        [],
        now,
      ) ?? this.#queries.next({}, [], now)
    if (next !== undefined && next.profile !== id) this.#announceFailover(target, next, failure)
    return failure
  }

  /** Reports a success by hand: whatever stood against the profile (on this model, where one is named) is over. */
  markSuccess(id: string, mark: SuccessMark = {}): void {
    checkRecord('mark', mark, ['model', 'latencyMs', 'usage'])
    checkNumber('mark.latencyMs', mark.latencyMs)
    const now = this.#housekeep()
    const target = this.#table.target(id, mark.model)
    this.#book.succeed(target, { lease: BY_HAND, startedAt: now }, now)
    const { latencyMs, usage } = mark
    if (latencyMs !== undefined) target.noteLatency(latencyMs, now)
    if (usage !== undefined) target.health.spend(usage, now)
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
    const known = this.#table.knownTargets()
    const targets = this.#table
      .profileTargets()
      .map((target) => [target, ...(known.get(target.profile) ?? [])] as const)
    return {
      totalProfiles: targets.length,
      availableProfiles: targets.filter(
        ([profile, ...models]) =>
          this.#disabledReason(profile) === undefined && isProfileAvailable(profile, models, now),
      ).length,
      profiles: targets.map(([profile, ...models]) =>
        profileStatus(profile, models, now, this.#disabledReason(profile)),
      ),
      outages: outagesOf(this.#book.allScopes(), now),
      config: this.config,
    }
  }

  /** The stories of the latest requests that have ended, the newest first; see the `history` option. */
  recentRequests(): readonly RequestStory[] {
    return this.#history?.recent() ?? []
  }

  /** Is at least one profile available, as `status()` counts them? It builds no status. */
  get isAvailable(): boolean {
    const now = this.#clock.now()
    this.#leases.reclaim(now)
    const open = this.#table
      .profileTargets()
      .filter((target) => this.#disabledReason(target) === undefined && isProfileAvailable(target, [], now))
    if (open.length === 0) return false
    const known = this.#table.knownTargets()
    return open.some((target) => isProfileAvailable(target, known.get(target.profile) ?? [], now))
  }

  /** The options in effect, defaults filled in, as far as they are data. A copy. */
  get config(): Settings {
    return structuredClone(this.#settings)
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
    this.#book.clear(this.#book.allScopes(), 'reset')
    for (const { credential, health } of this.#table.everyProfileTarget()) {
      health.forgetErrors()
      this.#hub.emit({ type: 'profile_reset', profile: credential.id })
      if (health.disabled !== undefined) this.enable(credential.id)
    }
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
  call(request: Request, options: CallOptions = {}): Promise<FailoverStream<Event>> {
    if (!isRecord(request)) {
      return Promise.reject(new FailoverError('INVALID_REQUEST', 'the request must be an object'))
    }
    const work = new StreamWork(this.#registry, request)
    return this.#open(request.model, options, work, (open) => new FailoverStream(this.#answerOf(open), this.#engine))
  }

  /**
   * Runs any function with the first target that lets it succeed: it is called once for each attempt, and what it
   * throws is diagnosed as a provider's failure. Resolves with what it returns.
   *
   * @param model a route's name or a model reference
   * @throws FailoverError as `call`
   */
  run<Result>(
    model: string,
    work: (context: AttemptContext) => Result | Promise<Result>,
    options: CallOptions = {},
  ): Promise<Result> {
    if (typeof work !== 'function') return Promise.reject(invalidOption('work', work, 'it must be a function'))
    return this.#open(model, options, new FunctionWork(this.#registry, work), resultOf)
  }

  /**
   * The door under `call` and `run`, for answers that are passed on by other means than an iterator, as a gateway or a
   * `fetch` does: resolves at commit with whatever the work resolved with, and leaves it to the caller to say how the
   * answer ends. Until it has ended the attempt counts as under way.
   *
   * @param model a route's name or a model reference
   * @throws FailoverError as `call`
   */
  open<T>(model: string, work: AnswerWork<T>, options: CallOptions = {}): Promise<OpenAnswer<T>> {
    if (!isRecord(work) || typeof work.start !== 'function') {
      const error = invalidOption('work', work, 'it must be an object with start() and isStreaming')
      return Promise.reject(error)
    }
    return this.#open(model, options, new OpenWork(this.#registry, work), (open) => this.#answerOf(open))
  }

  /** Not an async function: between a request and its work there is one promise. */
  #open<T, Result>(
    model: unknown,
    options: CallOptions,
    work: Work<T>,
    deliver: (open: OpenRequest<T>) => Result,
  ): Promise<Result> {
    try {
      return this.#requests.open(model, options, work, deliver, this.#housekeep())
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #answerOf<T>(open: OpenRequest<T>): OpenAnswer<T> {
    return new OpenAnswer(this.#engine, open)
  }

  /** What was forgotten is taken back, and what nobody needs is dropped. @returns the time */
  #housekeep(): number {
    const now = this.#clock.now()
    this.#leases.reclaim(now)
    this.#keys.look(now)
    if (this.#book.needsSweep) {
      this.#table.dropTargets()
      this.#book.sweep(now)
    }
    return now
  }

  #probeOf({ provider: name }: Target): ((context: AttemptContext) => Promise<void>) | undefined {
    const entry = this.#registry.get(name)
    if (entry.state !== 'registered') return undefined
    const { provider } = entry
    return provider.probe && ((context) => provider.probe?.(context) ?? Promise.resolve())
  }

  #keyChanged(profile: Profile): void {
    if (this.#table.find(profile.id) === profile)
      this.#book.keyChanged(profile, this.#table.profileTarget(profile.id).origin)
  }

  /** Why its provider is switched off as a whole. */
  #disabledReason({ provider }: Target): string | undefined {
    const entry = this.#registry.get(provider)
    return entry.state === 'disabled' ? `provider ${provider}: ${entry.reason}` : undefined
  }

  #announceFailover(from: Target, to: Target, failure: Failure, requestId?: string): void {
    this.#hub.emit({
      type: 'failover',
      from: from.ref,
      to: to.ref,
      failure: withoutPrompt(failure),
      ...(requestId !== undefined && { requestId }),
    })
    for (const callback of this.#onFailover)
      this.#hub.guard('failover', () => callback(from.credential, to.credential, failure))
  }
}

/** A function's result is whole when it comes. */
function resultOf<Result>({ attempt, attempts, committedAt, life, value }: OpenRequest<Result>): Result {
  life.succeed(attempt, attempts, undefined, committedAt)
  return value
}
