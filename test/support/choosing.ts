import { BindingBook } from '../../src/engine/binding.ts'
import type { Choice } from '../../src/engine/choice.ts'
import { Chooser } from '../../src/engine/chooser.ts'
import type { Clock, Random } from '../../src/engine/clock.ts'
import { Credentials } from '../../src/engine/credentials.ts'
import type { Engine, LoopRequest, Work } from '../../src/engine/engine.ts'
import { EventHub } from '../../src/engine/events.ts'
import { HealthBook } from '../../src/engine/health/health-book.ts'
import { History } from '../../src/engine/history.ts'
import { Leases } from '../../src/engine/leases.ts'
import { type FailoverOptions, parseSettings } from '../../src/engine/options.ts'
import { policyOf } from '../../src/engine/policy/index.ts'
import { PrefillBook } from '../../src/engine/prefill-book.ts'
import { Profile, type ProfileOptions } from '../../src/engine/profile.ts'
import { ProviderRegistry } from '../../src/engine/provider-registry.ts'
import { RequestId } from '../../src/engine/request-id.ts'
import { RequestLife } from '../../src/engine/request-life.ts'
import { RetryTokens } from '../../src/engine/retry-tokens.ts'
import { Routes } from '../../src/engine/routes.ts'
import { ruleOf } from '../../src/engine/select/rules.ts'
import { Selection } from '../../src/engine/select/selection.ts'
import type { Target } from '../../src/engine/target.ts'
import { TargetTable } from '../../src/engine/target-table.ts'
import { WaitingRoom } from '../../src/engine/waiting.ts'
import { classifyFailure } from '../../src/failure/index.ts'

type ChoosingOptions = Pick<
  FailoverOptions,
  'profiles' | 'strategy' | 'order' | 'rotateOnSuccess' | 'fallbacks' | 'history'
> & {
  readonly clock: Clock
  readonly random: Random
  readonly isSpent?: (target: Target, now: number) => boolean
}

type ChoosingRequest = ConstructorParameters<typeof Chooser>[1] & { readonly id: RequestId }

type Asked = Partial<Pick<LoopRequest<unknown>, 'sessionKey'>> & Pick<Work<unknown>, 'bindings' | 'guessSession'>

/** The parts of a manager that choosing goes through, put together as a manager does, so that choices can be looked at. */
export class Choosing {
  readonly book: HealthBook
  readonly table: TargetTable<{ readonly model: string }, unknown>
  readonly hub: EventHub
  readonly history: History | undefined
  readonly bindings = new BindingBook()
  readonly leases: Leases
  readonly routes: Routes<{ readonly model: string }, unknown>
  readonly #engine: Engine
  readonly #clock: Clock
  #requests = 0

  constructor({ clock, random, isSpent = () => false, profiles = [], ...options }: ChoosingOptions) {
    const settings = parseSettings(options)
    const { strategy = 'priority' } = options
    this.#clock = clock
    this.history = settings.history.maxRequests === 0 ? undefined : new History(settings.history.maxRequests)
    this.hub = new EventHub(() => clock.now(), this.history)
    const policy = policyOf(settings, random)
    this.book = new HealthBook({
      policy,
      quotaGroups: settings.quotaGroups,
      emit: (event) => this.hub.emit(event),
      onChange: () => {},
    })
    this.table = new TargetTable(new ProviderRegistry(), settings.order, this.book, strategy === 'priority')
    this.routes = new Routes(this.table, settings.routes, settings.fallbacks)
    const classify: Engine['classify'] = (error, { provider, model }) => classifyFailure({ error, provider, model })
    this.leases = new Leases({ clock, book: this.book, classify, lapseMs: 600_000, onEnd: () => {} })
    const { rotateOnSuccess } = settings
    const rule = ruleOf(strategy, {
      rotateOnSuccess,
      keepsSessions: true,
      tallies: this.book.tallies,
      random,
      emit: (event) => this.hub.emit(event),
    })
    this.#engine = {
      clock,
      settings,
      policy,
      selection: new Selection({ rule, reopenings: () => this.book.reopenings, isSpent }),
      waiting: new WaitingRoom(clock, settings.wait.maxQueued),
      tokens: new RetryTokens(),
      credentials: new Credentials(clock),
      hub: this.hub,
      ...(this.history !== undefined && { history: this.history }),
      prefills: new PrefillBook(),
      bindings: this.bindings,
      classify,
      lease: (target, isTrial) => this.leases.open(target, isTrial),
      reclaim: () => undefined,
      retryDelayMs: () => 400,
      contextWindowOf: () => undefined,
      refuseKey: () => {},
      onFailover: () => {},
    }
    for (const profile of profiles) this.add(profile)
  }

  get engine(): Engine {
    return this.#engine
  }

  add(profile: ProfileOptions): void {
    this.table.add(new Profile(profile))
  }

  remove(id: string): void {
    this.table.remove(id)
  }

  /** A request that has not tried anything yet. */
  request(model: string, { sessionKey, ...work }: Asked = {}): ChoosingRequest {
    this.#requests += 1
    const chain = this.routes.chain(model)
    const startedAt = this.#clock.now()
    const id = new RequestId('r', this.#requests)
    const life = new RequestLife(this.#engine, { id, model, chain, startedAt, deadlineMs: 900_000, signal: undefined })
    const made = { ...work, unusable: () => undefined }
    return { id, chain, queue: model, sessionKey, estimatedTokens: undefined, life, work: made }
  }

  /** It has ended: what was recorded of it is put away. */
  end({ id, chain, life, queue: model }: ChoosingRequest): void {
    const { startedAt, deadlineAt } = life
    const endedAt = startedAt
    const finished = { id, model, chain, startedAt, deadlineAt, endedAt, code: undefined, usage: undefined }
    this.history?.push({ ...finished, attempts: [], passedOver: life.passedOver })
  }

  chooserOf(request: ChoosingRequest): Chooser {
    return new Chooser(this.#engine, request)
  }

  chooser(model: string, asked: Asked = {}): Chooser {
    return this.chooserOf(this.request(model, asked))
  }

  choose(model: string, asked: Asked = {}): Choice {
    return this.chooser(model, asked).choose()
  }

  /** The profile that a new request tries. */
  profile(model: string, asked: Asked = {}): string | undefined {
    const choice = this.choose(model, asked)
    return choice.do === 'try' ? choice.candidate.target.profile : undefined
  }

  /** A target is out for so long, by a stated window that teaches nothing of limits. */
  putOut(target: Target, forMs: number): void {
    const now = this.#clock.now()
    const failure = classifyFailure({ status: 404, body: { error: { code: 'model_not_found' } } })
    const mark = { lease: this.book.nextLease(), startedAt: now }
    this.book.fail(target, { ...failure, scope: 'target', retryAfterMs: forMs }, mark, now)
  }
}
