/** The scenarios that are about health, waiting and limits, on the virtual clock, with the engine as it comes. */
import { describe, expect, it } from 'vitest'
import {
  type AttemptContext,
  FailoverError,
  type FailoverEvent,
  FailoverManager,
  type FailoverOptions,
} from '../../src/index.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { fixedWindow, type ProviderLimit, tokenBucket } from '../limits/provider-limits.ts'
import { Dice } from '../simulation/random.ts'
import { answer } from '../support/scripted-provider.ts'

type Ask = (context: AttemptContext, atMs: number) => Promise<string> | string

const keys = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ id: `p:${index + 1}`, apiKey: `sk-${index + 1}-0000000000` }))

function world(ask: Ask, options: FailoverOptions = {}) {
  const clock = new VirtualClock()
  const startedAt = clock.now()
  const manager = new FailoverManager({ clock, random: new Dice(7).next, ...options })
  const tries: { readonly profile: string; readonly atMs: number }[] = []
  const events: FailoverEvent[] = []
  manager.on('*', (event) => events.push(event))
  const elapsed = (): number => clock.now() - startedAt
  const run = (options: Parameters<typeof manager.run>[2] = {}): Promise<string> =>
    manager.run(
      'p/m',
      (context) => {
        tries.push({ profile: context.profile.id, atMs: elapsed() })
        return ask(context, elapsed())
      },
      options,
    )
  const triesOf = (profile: string): number[] =>
    tries.filter((each) => each.profile === profile).map(({ atMs }) => atMs)
  return { clock, manager, events, tries, triesOf, run, elapsed }
}

const insufficientQuota = () =>
  Object.assign(new Error('quota'), { status: 429, body: { error: { code: 'insufficient_quota', message: 'quota' } } })

/** Does nothing but lets it be known that an error is not our affair. */
const ignore = (): void => {}

describe('H05: 429 insufficient_quota on key 1 of 3', () => {
  it('is answered by key 2 without waiting, and keeps key 1 out for long', async () => {
    const { run, manager, elapsed, clock, triesOf } = world(
      ({ profile }) => {
        if (profile.id === 'p:1') throw insufficientQuota()
        return profile.id
      },
      { profiles: keys(3) },
    )
    expect(await run()).toBe('p:2')
    expect(elapsed()).toBe(0)
    const [first] = manager.status().profiles
    expect(first).toMatchObject({ status: 'error', reason: 'billing', clearedBy: 'key_change' })
    expect((first?.until ?? 0) - clock.now()).toBeGreaterThanOrEqual(3_600_000)
    for (let minute = 0; minute < 59; minute += 1) {
      await clock.advance(60_000)
      expect(await run()).toBe('p:2')
    }
    expect(triesOf('p:1')).toHaveLength(1)
    manager.updateProfile('p:1', { apiKey: 'sk-new-0000000000' })
    expect(manager.status().profiles[0]?.status).toBe('available')
  })
})

describe('H06: 401 on key 1 for ever, a hundred requests in a minute', () => {
  it('costs one attempt on it, and one more for each auth window that runs out', async () => {
    const { run, clock, triesOf, events } = world(
      ({ profile }) => {
        if (profile.id === 'p:1') throw answer(401, 'invalid api key')
        return profile.id
      },
      { profiles: keys(2) },
    )
    for (let index = 0; index < 100; index += 1) {
      expect(await run()).toBe('p:2')
      await clock.advance(600)
    }
    expect(triesOf('p:1')).toHaveLength(1)
    for (let index = 0; index < 1_000; index += 1) {
      expect(await run()).toBe('p:2')
      await clock.advance(6_000)
    }
    const windows = events.filter((event) => event.type === 'cooldown_started')
    expect(triesOf('p:1')).toHaveLength(windows.length)
    // 1, 5, 30 and 60 minutes, up to a tenth longer: the fifth begins after 96 of these 101 minutes at the earliest.
    expect(windows.map((event) => event.type === 'cooldown_started' && event.rung).slice(0, 4)).toEqual([0, 1, 2, 3])
    expect(windows.length).toBeLessThanOrEqual(5)
  })
})

describe('H09: eight parallel 429s, then one more after the window', () => {
  it('grows the window by one step, not by nine', async () => {
    const { clock, events, manager } = world(() => 'never', { profiles: keys(1) })
    const failing = (ms: number): Promise<unknown> =>
      manager
        .run('p/m', async () => {
          await clock.sleep(ms)
          throw answer(429)
        })
        .catch(ignore)
    const parallel = Array.from({ length: 8 }, (_, index) => failing(100 + index))
    await clock.advance(200)
    const [window, ...others] = events.filter((event) => event.type === 'cooldown_started')
    expect(others).toEqual([])
    if (window?.type !== 'cooldown_started') throw new Error('no window')
    await clock.advance(window.until - clock.now() + 1)
    const once = failing(10)
    await clock.advance(30_000)
    await Promise.all([...parallel, once])
    const rungs = events.flatMap((event) => (event.type === 'cooldown_started' ? [event.rung] : []))
    expect(rungs.slice(0, 2)).toEqual([0, 1])
  })
})

describe('H10: 200 requests waiting when a window ends', () => {
  const options = { profiles: keys(1), wait: { maxMs: 60_000, maxQueued: 300 } }

  it('inferred end: one trial, the rest wait, then a ramp', async () => {
    const { run, clock, manager, tries } = world(
      async () => {
        await clock.sleep(400)
        return 'ok'
      },
      { ...options, cooldown: { rateLimit: { minMs: 5_000 } } },
    )
    manager.markFailure('p:1', answer(429), { model: 'm' })
    const waiting = Array.from({ length: 200 }, () => run())
    await clock.advance(5_000)
    const endsAt = tries[0]?.atMs ?? 5_500
    await clock.advance(30_000)
    await Promise.all(waiting)
    const after = (ms: number): number => tries.filter(({ atMs }) => atMs <= (tries[0]?.atMs ?? endsAt) + ms).length
    expect(after(399)).toBe(1)
    expect(after(401)).toBeLessThanOrEqual(3)
    expect(after(801)).toBeLessThanOrEqual(7)
    expect(after(1_601)).toBeLessThanOrEqual(40)
    expect(after(30_000)).toBe(200)
  })

  it('stated end: at the pace of the limiter, no flood', async () => {
    const { run, clock, manager, tries } = world(async () => {
      await clock.sleep(400)
      return 'ok'
    }, options)
    manager.markFailure('p:1', answer(429), { model: 'm', retryAfterMs: 3_000 })
    const waiting = Array.from({ length: 200 }, () => run())
    await clock.advance(60_000)
    await Promise.allSettled(waiting)
    const within = (ms: number): number => tries.filter(({ atMs }) => atMs < 3_000 + ms).length
    expect(tries[0]?.atMs).toBe(3_000)
    expect(within(1)).toBeLessThanOrEqual(2)
    expect(within(1_000)).toBeLessThanOrEqual(20)
    expect(within(12_000)).toBe(200)
  })
})

describe('H11: absurd hints', () => {
  const until = async (headers: Record<string, string>): Promise<number> => {
    const { manager, clock } = world(() => 'ok', { profiles: keys(1) })
    const date = new Date(clock.now() + 3_600_000).toUTCString()
    manager.markFailure('p:1', answer(429, 'slow down', { date, ...headers }), { model: 'm' })
    const [model] = manager.status().profiles[0]?.models ?? []
    return (model?.until ?? 0) - clock.now()
  }

  it('are sane and clamped, also with a clock that is an hour off', async () => {
    const clock = new VirtualClock()
    expect(await until({ 'retry-after': '1.5' })).toBe(1_500)
    // A date against the answer's own date, which is an hour ahead of ours.
    expect(await until({ 'retry-after': new Date(clock.now() + 3_600_000 + 9_000).toUTCString() })).toBe(9_000)
    expect(await until({ 'retry-after': '-5' })).toBeLessThanOrEqual(5_500)
    expect(await until({ 'retry-after': `${365 * 86_400}` })).toBeLessThanOrEqual(86_400_000)
    const garbage = await until({ 'retry-after': 'soon, my friend' })
    expect(garbage).toBeGreaterThanOrEqual(5_000)
    expect(garbage).toBeLessThanOrEqual(5_500)
  })
})

describe('H12: all targets cooling, soonest back in 3 s', () => {
  const cooling = () => {
    const made = world(() => 'ok', { profiles: keys(2) })
    made.manager.markFailure('p:1', answer(429), { model: 'm', retryAfterMs: 60_000 })
    made.manager.markFailure('p:2', answer(429), { model: 'm', retryAfterMs: 3_000 })
    return made
  }

  it('deadline 10 s: answered after about 3 s', async () => {
    const { run, clock, elapsed } = cooling()
    const answered = run({ deadlineMs: 10_000 }).then(elapsed)
    await clock.advance(10_000)
    expect(await answered).toBe(3_000)
  })

  it('deadline 1 s: at once an error with the right retry-after', async () => {
    const { run, elapsed } = cooling()
    const error = await run({ deadlineMs: 1_000 }).catch((thrown: unknown) => thrown)
    expect(elapsed()).toBe(0)
    if (!(error instanceof FailoverError)) throw new Error('no FailoverError')
    expect(error).toMatchObject({ code: 'ALL_TARGETS_FAILED', retryAfterMs: 3_000, isRetryable: true })
  })
})

describe('H13: ten keys with unknown limits of 60 requests a minute, load above their sum, minutes 2 to 10', () => {
  const FROM = 120_000
  const UNTIL = 600_000
  const SUM = (10 * (UNTIL - FROM)) / 1_000
  const limits: readonly (readonly [name: string, make: () => ProviderLimit])[] = [
    ['token bucket', () => tokenBucket(60, 60)],
    ['fixed window', () => fixedWindow(60)],
  ]
  const cases = limits.flatMap(([name, make]) =>
    [100, 20_000].flatMap((answerMs) =>
      (['priority', 'round_robin'] as const).map((strategy) => ({ name, make, answerMs, strategy })),
    ),
  )

  it.each(cases)(
    '$name, answers of $answerMs ms, $strategy: ≥ 95 % used, ≤ 1 % refused',
    async (each) => {
      const { make, answerMs, strategy } = each
      const byKey = new Map(keys(10).map(({ id }) => [id, make()]))
      const counts = { accepted: 0, refused: 0 }
      const { run, clock, elapsed } = world(
        async ({ profile, signal }, atMs) => {
          const isAccepted = byKey.get(profile.id)?.admit(atMs) ?? false
          if (atMs >= FROM && atMs < UNTIL) counts[isAccepted ? 'accepted' : 'refused'] += 1
          if (!isAccepted) throw answer(429)
          await clock.sleep(answerMs, signal)
          return 'ok'
        },
        { profiles: keys(10), strategy },
      )
      const dice = new Dice(13)
      const asked: Promise<unknown>[] = []
      // 12 requests a second on average against 10.
      while (elapsed() < UNTIL) {
        asked.push(run().catch(ignore))
        await clock.advance(-Math.log(1 - dice.next()) * (1_000 / 12))
      }
      await clock.advance(60_000)
      await Promise.all(asked)
      expect(counts.accepted / SUM).toBeGreaterThanOrEqual(0.95)
      expect(counts.refused / (counts.accepted + counts.refused)).toBeLessThanOrEqual(0.01)
    },
    120_000,
  )
})
