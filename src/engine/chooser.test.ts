import { describe, expect, it } from 'vitest'
import { Dice } from '../../test/simulation/random.ts'
import { Choosing } from '../../test/support/choosing.ts'
import { NaiveChoice } from '../../test/support/naive-choice.ts'
import { type ClassifyInput, classifyFailure } from '../failure/index.ts'
import { VirtualClock } from '../testing/index.ts'
import type { Binding } from './binding.ts'
import type { FailoverEvent } from './events.ts'
import { standingOf } from './health/standing.ts'
import type { Lease } from './lease.ts'
import type { ProfileOptions } from './profile.ts'
import { STRATEGY_NAMES, type StrategyName } from './select/strategy.ts'
import type { Target } from './target.ts'

const FAILURES: readonly [ClassifyInput, ...ClassifyInput[]] = [
  { status: 429, headers: { 'retry-after': '30' } },
  { status: 429 },
  { status: 401, body: { error: { code: 'invalid_api_key' } } },
  { status: 402 },
  { status: 404, body: { error: { code: 'model_not_found' } } },
  { status: 500 },
  { status: 503 },
  { status: 529 },
]

describe('choosing', () => {
  it.each(STRATEGY_NAMES)(
    'by %s is the same whether somebody listens or not, and what a plain look at all targets gives',
    (strategy) => {
      for (let seed = 1; seed <= 40; seed += 1) {
        const quiet = new Play(seed, strategy, false)
        const heard = new Play(seed, strategy, true)
        for (let step = 0; step < 60; step += 1) {
          const told = quiet.step()
          expect(heard.step(), `seed ${seed}, step ${step}`).toEqual(told)
        }
      }
    },
  )

  it('tells a listener of everything that was passed over, once for each cause', () => {
    const { world, events, out } = setUp({ profiles: named(6), history: { maxRequests: 0 } })
    out('openai:0', 'openai:1')
    world.table.target('openai:2', 'm').health.disabled = { reason: 'test', since: 0 }
    const chooser = world.chooser('openai/m')
    chooser.choose()
    chooser.choose()
    expect(skips(events)).toEqual([
      ['openai:0', 'cooling'],
      ['openai:1', 'cooling'],
      ['openai:2', 'profile_disabled'],
    ])
    out('openai:3')
    world.book.clear(world.table.target('openai:1', 'm').allScopes, 'reset')
    out('openai:1')
    chooser.choose()
    // Another window, even a like one, is another cause; those that stayed the same are not told again.
    expect(skips(events).slice(3)).toEqual([['openai:3', 'cooling']])
  })

  it('tells of all of them where the others are looked at as well', () => {
    const { world, events, out } = setUp({ profiles: named(6), strategy: 'round_robin' })
    out('openai:1', 'openai:5')
    expect(world.profile('openai/m')).toBe('openai:0')
    expect(skips(events)).toEqual([
      ['openai:1', 'cooling'],
      ['openai:5', 'cooling'],
    ])
  })

  it('tells that a target was passed over because its quota is spent', () => {
    const { world, events } = setUp({ profiles: named(3), isSpent: ({ profile }) => profile === 'openai:0' })
    expect(world.profile('openai/m')).toBe('openai:1')
    expect(skips(events)).toEqual([['openai:0', 'quota_spent']])
  })

  it('records the first that were passed over where nobody listens, however many there were', () => {
    const clock = new VirtualClock()
    const world = new Choosing({ profiles: named(50), clock, random: () => 0 })
    const home = world.profile('openai/m', { sessionKey: 'mine' })
    for (const target of world.table.targets('openai', 'm').slice(0, 40)) world.putOut(target, 60_000)
    for (const asked of [{}, { sessionKey: 'mine' }]) {
      const request = world.request('openai/m', asked)
      world.chooserOf(request).choose()
      world.end(request)
    }
    const [bySession, byOrder] = world.history?.recent() ?? []
    expect(skips(byOrder?.events ?? []).map(([profile]) => profile)).toEqual(
      Array.from({ length: 10 }, (_, index) => `openai:${index}`),
    )
    // And always why a session is not at home.
    expect(skips(bySession?.events ?? []).map(([profile]) => profile)).toContain(home)
    expect(skips(bySession?.events ?? []).length).toBe(11)
  })

  it('looks again where a listener has taken what was to be chosen', () => {
    const { world, out, clock } = setUp({ profiles: named(3) })
    out('openai:0')
    const second = world.table.target('openai:1', 'm')
    const mark = { lease: world.book.nextLease(), startedAt: clock.now() }
    second.scopes.target?.fail(
      'rateLimit',
      'rate_limit',
      { end: 'inferred', lengthMs: () => 0 },
      {
        mark,
        newestLease: mark.lease,
        now: clock.now(),
      },
    )
    expect(standingOf(second, clock.now()).state).toBe('trial')
    world.hub.on('target_skipped', ({ target }: FailoverEvent & { readonly target?: unknown }) => {
      if (String(target) === 'openai/m@openai:0') world.leases.open(second, true)
    })
    expect(world.profile('openai/m')).toBe('openai:2')
  })

  it('takes a target for the sole one although two links of the chain lead to it', () => {
    const { world, clock } = setUp({ profiles: named(1), fallbacks: ['openai/m@0'] })
    const [target] = world.table.targets('openai', 'm')
    const mark = { lease: world.book.nextLease(), startedAt: clock.now() }
    const moment = { mark, newestLease: mark.lease, now: clock.now() }
    target?.scopes.model?.fail('breaker', 'server_error', { end: 'inferred', lengthMs: () => 5_000 }, moment, true)
    expect(world.choose('openai/m')).toMatchObject({ do: 'try', kind: 'panic' })
  })

  it('finds what opens before its time at once: a reset, a shorter window, a profile that is enabled', () => {
    const { world, out, clock } = setUp({ profiles: named(3) })
    out('openai:0', 'openai:1')
    expect(world.profile('openai/m')).toBe('openai:2')
    world.book.clear(world.table.target('openai:1', 'm').allScopes, 'reset')
    expect(world.profile('openai/m')).toBe('openai:1')
    const first = world.table.target('openai:0', 'm')
    const failure = {
      ...classifyFailure({ status: 404 }),
      reason: 'model_not_found',
      scope: 'target',
      retryAfterMs: 60_000,
    } as const
    const health = first.scopes.target
    const inferred = { end: 'inferred', lengthMs: () => 3_600_000 } as const
    world.book.clear(first.allScopes, 'reset')
    health?.fail('permission', 'model_not_found', inferred, {
      mark: { lease: world.book.nextLease(), startedAt: clock.now() },
      newestLease: world.book.nextLease(),
      now: clock.now(),
    })
    expect(world.profile('openai/m')).toBe('openai:1')
    // What its provider states goes before what was inferred.
    world.book.fail(first, failure, { lease: 1, startedAt: clock.now() }, clock.now())
    return clock.advance(60_000).then(() => expect(world.profile('openai/m')).toBe('openai:0'))
  })
})

describe('a request that is bound to where its state lives', () => {
  const PROFILES: ProfileOptions[] = [
    { id: 'openai:a', quotaGroup: 'org' },
    { id: 'openai:b', quotaGroup: 'org' },
    { id: 'openai:c' },
    { id: 'anthropic:a' },
  ]
  const FALLBACKS = { fallbacks: ['anthropic/n'] }
  const bound = (scope: Binding['scope'], id = 'resp_1', isDroppable = false) => ({
    bindings: [{ kind: 'previous_response_id', id, scope, isDroppable }],
  })

  it('goes to the profile that made it, and to no other', () => {
    const { world, events, out } = setUp({ profiles: PROFILES, ...FALLBACKS })
    world.bindings.note('resp_1', world.table.target('openai:b', 'm'))
    expect(world.profile('openai/m', bound('profile'))).toBe('openai:b')
    out('openai:b')
    events.length = 0
    expect(world.profile('openai/m', bound('profile'))).toBeUndefined()
    expect(skips(events)).toEqual([
      ['openai:a', 'bound_elsewhere'],
      ['openai:b', 'cooling'],
      ['openai:c', 'bound_elsewhere'],
      ['anthropic:a', 'bound_elsewhere'],
    ])
  })

  it('goes to any profile of its quota group, or of its provider, where that will do', () => {
    const { world, out } = setUp({ profiles: PROFILES, ...FALLBACKS })
    world.bindings.note('resp_1', world.table.target('openai:b', 'm'))
    world.bindings.note('resp_2', world.table.target('openai:c', 'm'))
    expect(world.profile('openai/m', bound('quota_group'))).toBe('openai:a')
    // A profile without a group is alone.
    expect(world.profile('openai/m', bound('quota_group', 'resp_2'))).toBe('openai:c')
    out('openai:a', 'openai:b')
    expect(world.profile('openai/m', bound('quota_group'))).toBeUndefined()
    expect(world.profile('openai/m', bound('vendor'))).toBe('openai:c')
  })

  it('goes to the provider of the model that was asked for where nobody knows who made it', () => {
    const { world, out } = setUp({ profiles: PROFILES, ...FALLBACKS })
    for (const scope of ['profile', 'quota_group', 'vendor'] as const)
      expect(world.profile('openai/m', bound(scope))).toBe('openai:a')
    out('openai:a', 'openai:b', 'openai:c')
    for (const scope of ['profile', 'quota_group', 'vendor'] as const)
      expect(world.profile('openai/m', bound(scope))).toBeUndefined()
    expect(world.profile('openai/m')).toBe('anthropic:a')
  })

  it('goes anywhere without what may be left out, and that is told', () => {
    const { world, events, out } = setUp({ profiles: PROFILES, ...FALLBACKS })
    world.bindings.note('sig_1', world.table.target('openai:a', 'm'))
    const signed = { bindings: [{ kind: 'signature', id: 'sig_1', scope: 'vendor', isDroppable: true } as const] }
    const twice = {
      bindings: [...signed.bindings, { kind: 'signature', id: 'sig_2', scope: 'vendor', isDroppable: true } as const],
    }
    const at = (asked: { readonly bindings: readonly Binding[] }): unknown[] => {
      const choice = world.choose('openai/m', asked)
      return choice.do === 'try' ? [choice.candidate.target.profile, choice.candidate.dropped] : [choice.do]
    }
    expect(at(signed)).toEqual(['openai:a', undefined])
    expect(events.filter(({ type }) => type === 'bindings_dropped')).toEqual([])
    out('openai:a', 'openai:b', 'openai:c')
    expect(at(twice)).toEqual(['anthropic:a', ['signature']])
    expect(events.filter(({ type }) => type === 'bindings_dropped')).toEqual([
      expect.objectContaining({
        target: { provider: 'anthropic', model: 'n', profile: 'anthropic:a' },
        kinds: ['signature'],
      }),
    ])
  })

  it('must be served by who can serve all of it', () => {
    const { world } = setUp({ profiles: PROFILES, ...FALLBACKS })
    world.bindings.note('resp_1', world.table.target('openai:b', 'm'))
    world.bindings.note('file_1', world.table.target('openai:a', 'm'))
    const file: Binding = { kind: 'file_id', id: 'file_1', scope: 'quota_group', isDroppable: false }
    expect(world.profile('openai/m', { bindings: [...bound('profile').bindings, file] })).toBe('openai:b')
    const elsewhere: Binding = { ...file, scope: 'profile' }
    expect(world.profile('openai/m', { bindings: [...bound('profile').bindings, elsewhere] })).toBeUndefined()
  })

  it('is kept from a retry and a last resort elsewhere, too', () => {
    const { world } = setUp({ profiles: PROFILES, ...FALLBACKS })
    world.bindings.note('resp_1', world.table.target('openai:b', 'm'))
    const chooser = world.chooser('openai/m', bound('profile'))
    const [link] = world.routes.chain('openai/m')
    if (link === undefined) throw new Error('no link')
    chooser.retry({ link, target: world.table.target('openai:a', 'm') }, 0)
    const choice = chooser.choose()
    expect(choice.do === 'try' && choice.candidate.target.profile).toBe('openai:b')
    expect(chooser.unusable(world.table.target('openai:a', 'm'))).toEqual({
      kind: 'bound_elsewhere',
      binding: 'previous_response_id',
    })
    expect(chooser.unusable(world.table.target('openai:b', 'm'))).toBeUndefined()
  })

  it('goes before a session and a pin', () => {
    const { world } = setUp({ profiles: PROFILES })
    world.bindings.note('resp_1', world.table.target('openai:b', 'm'))
    for (const sessionKey of ['1', '2', '3', '4', '5'])
      expect(world.profile('openai/m', { ...bound('profile'), sessionKey })).toBe('openai:b')
    expect(world.profile('openai/m@c', bound('profile'))).toBe('openai:b')
  })

  it('is free again where the profile that made it is gone', () => {
    const { world } = setUp({ profiles: PROFILES })
    world.bindings.note('resp_1', world.table.target('openai:b', 'm'))
    world.remove('openai:b')
    world.bindings.forgetProfile('openai:b')
    expect(world.profile('openai/m', bound('profile'))).toBe('openai:a')
  })

  it('is known by ids of any length, the latest ten thousand of them', () => {
    const { world } = setUp({ profiles: PROFILES })
    const long = (index: number): string => `${'x'.repeat(500)}${index}`
    for (let index = 0; index <= 10_000; index += 1)
      world.bindings.note(long(index), world.table.target('openai:c', 'm'))
    expect(world.profile('openai/m', bound('profile', long(0)))).toBe('openai:a')
    expect(world.profile('openai/m', bound('profile', long(1)))).toBe('openai:c')
  })
})

interface World {
  readonly profiles: readonly ProfileOptions[]
  readonly strategy?: StrategyName
  readonly fallbacks?: readonly string[]
  readonly history?: { readonly maxRequests: number }
  readonly isSpent?: (target: Target) => boolean
}

function setUp(options: World) {
  const clock = new VirtualClock()
  const world = new Choosing({ ...options, clock, random: new Dice(3).next })
  const events: FailoverEvent[] = []
  world.hub.on('*', (event) => events.push(event))
  return {
    clock,
    world,
    events,
    out: (...ids: string[]): void => {
      for (const id of ids) world.putOut(world.table.target(id, id.startsWith('openai') ? 'm' : 'n'), 3_600_000)
    },
  }
}

function named(count: number): ProfileOptions[] {
  return Array.from({ length: count }, (_, index) => ({ id: `openai:${index}` }))
}

/** Who was passed over, and why. */
function skips(events: readonly FailoverEvent[]): [profile: string, cause: string][] {
  return events.flatMap((event) =>
    event.type === 'target_skipped' ? [[event.target.profile, event.cause.kind] as [string, string]] : [],
  )
}

/** A random story of profiles, failures and time, told again and again from a seed. */
class Play {
  readonly #dice: Dice
  readonly #world: Choosing
  readonly #order: readonly string[]
  readonly #spent = new Set<string>()
  readonly #open: Lease[] = []
  readonly #naive: NaiveChoice
  #profiles = 0
  #now = Date.UTC(2026, 0, 1)

  constructor(seed: number, strategy: StrategyName, isHeard: boolean) {
    this.#dice = new Dice(seed)
    const rotateOnSuccess = this.#dice.chance(0.5)
    const isSpent = ({ profile }: Target): boolean => this.#spent.has(profile)
    const profiles = Array.from({ length: this.#dice.int(2, 9) }, () => this.#profile())
    this.#order = this.#dice.chance(0.5) ? this.#dice.shuffle(profiles.map(({ id }) => id)).slice(0, 2) : []
    this.#world = new Choosing({
      profiles,
      strategy,
      order: { openai: this.#order },
      rotateOnSuccess,
      fallbacks: ['openai/n'],
      history: { maxRequests: isHeard ? 10 : 0 },
      clock: { now: () => this.#now, sleep: () => Promise.resolve(), setTimer: () => () => {} },
      random: new Dice(seed + 1_000).next,
      isSpent,
    })
    if (isHeard) this.#world.hub.on('*', () => {})
    this.#naive = new NaiveChoice({ strategy, rotateOnSuccess, isSpent })
  }

  /** @returns what was done, to be compared */
  step(): unknown {
    const dice = this.#dice
    const { book, table } = this.#world
    const profile = dice.maybe(table.profileTargets())
    switch (dice.int(0, 9)) {
      case 0:
        this.#now += dice.magnitude(1, 400_000)
        return 'time passed'
      case 1:
        if (profile !== undefined) book.clear(book.ownScopesOf(profile.credential), 'reset')
        return 'reset'
      case 2:
        if (profile !== undefined)
          profile.health.disabled = profile.health.disabled ? undefined : { reason: 'test', since: 0 }
        return 'disabled or enabled'
      case 3:
        if (profile !== undefined && table.size > 2 && !this.#order.includes(profile.profile))
          this.#world.remove(profile.profile)
        else if (table.size < 10) this.#world.add(this.#profile())
        return 'gone or come'
      case 4:
        if (profile !== undefined && !this.#spent.delete(profile.profile)) this.#spent.add(profile.profile)
        return 'spent or not'
      case 5:
        for (const lease of this.#open.splice(0)) this.#finish(lease)
        return 'ended'
      default:
        return this.#request()
    }
  }

  #request(): unknown {
    const dice = this.#dice
    // Retries are paid for here, or they would be chosen among, too.
    for (let earned = 0; earned < 100; earned += 1) this.#world.engine.tokens.earn('openai', this.#now)
    const sessionKey = dice.chance(0.5) ? `session ${dice.int(1, 6)}` : undefined
    const chooser = this.#world.chooser('openai/m', { sessionKey })
    const tried: string[] = []
    for (let attempts = 0; attempts < 4; attempts += 1) {
      const expected = this.#naive.choose(this.#world.routes.chain('openai/m'), chooser.course, sessionKey, this.#now)
      const choice = chooser.choose()
      if (choice.do !== 'try') {
        expect(expected).toEqual([])
        return [...tried, choice]
      }
      const { link, target } = choice.candidate
      tried.push(`${target} ${choice.kind}`)
      if (choice.kind === 'panic') expect(expected).toEqual([])
      else expect(expected.map(String)).toContain(`${target}`)
      this.#naive.took(target)
      chooser.course.started(target)
      const isTrial = choice.kind === 'trial' || choice.kind === 'panic'
      const lease = this.#world.leases.open(target, isTrial)
      if (dice.chance(0.5)) {
        this.#open.push(lease)
        return tried
      }
      const failure = classifyFailure({ ...dice.pick(FAILURES), nowMs: this.#now })
      lease.failWith(failure)
      const isFirst = link === this.#world.routes.chain('openai/m')[0]
      if (chooser.course.after(failure, link, isFirst, target, this.#now) === 'return') return tried
    }
    return tried
  }

  #finish(lease: Lease): void {
    const end = this.#dice.int(0, 2)
    if (end === 0) lease.release()
    else if (end === 1) lease.succeed({ latencyMs: this.#dice.magnitude(100, 10_000) })
    else lease.failWith(classifyFailure({ ...this.#dice.pick(FAILURES), nowMs: this.#now }))
  }

  #profile(): ProfileOptions {
    const dice = this.#dice
    this.#profiles += 1
    return {
      id: `openai:${this.#profiles}`,
      priority: dice.int(0, 2),
      weight: dice.int(1, 3),
      ...(dice.chance(0.3) && { quotaGroup: `org-${dice.int(1, 2)}` }),
      ...(dice.chance(0.2) && { limits: { requestsPerMinute: 2 } }),
      ...(dice.chance(0.2) && { limits: { maxConcurrent: 1 } }),
    }
  }
}
