import { describe, expect, it } from 'vitest'
import { VirtualClock } from '../testing/index.ts'
import { Journal, type RequestEntry } from './journal.ts'
import type { Refusal } from './refusals.ts'
import type { Reply } from './reply.ts'
import type { Fault } from './scenario.ts'
import { World } from './world.ts'

const REF = { provider: 'openai', model: 'gpt-5', profile: 'openai:a' }
const ALWAYS = { fromMs: 0, untilMs: Number.POSITIVE_INFINITY, about: {} }
const ANSWERS = {
  firstContentMs: 700,
  tokensPerSecond: 80,
  inputTokens: 800,
  outputTokens: 240,
  spread: 0.35,
  divergesAgain: 0.5,
  divergesElsewhere: 0.9,
}

interface Stage {
  readonly clock: VirtualClock
  readonly world: World
  ask(): Promise<Ending>
}

interface Ending {
  readonly entry: RequestEntry
  readonly reply?: Reply
  readonly error?: Refusal
  /** When there was something to tell, milliseconds since the beginning. */
  readonly at: number
}

function stage(faults: readonly Fault[], { seed = 1, isStreaming = true, spread = ANSWERS.spread } = {}): Stage {
  const clock = new VirtualClock(0, { promisesOnly: true })
  const world = new World({
    clock,
    seed,
    answers: { ...ANSWERS, spread },
    isStreaming,
    faults,
    locate: (ref) => ({
      ...ref,
      name: `${ref.provider}/${ref.model}@${ref.profile}`,
      origin: 'https://api.openai.com',
      dialect: 'openai',
      account: ref.profile,
    }),
  })
  const journal = new Journal()
  return {
    clock,
    world,
    async ask() {
      const entry = journal.begin(journal.requests.length, world.elapsedMs)
      const attempt = world.attempt(entry, REF, { onAbort: () => {} })
      try {
        const reply = await clock.runUntil(attempt)
        return { entry, reply, at: world.elapsedMs }
      } catch (error) {
        return { entry, error: error as Refusal, at: world.elapsedMs }
      }
    },
  }
}

async function many(on: Stage, count: number): Promise<Ending[]> {
  const endings: Ending[] = []
  for (let index = 0; index < count; index += 1) endings.push(await on.ask())
  return endings
}

describe('a simulated provider', () => {
  it('answers around the time it is told, and goes on for as long as its tokens take', async () => {
    const on = stage([], { spread: 0 })
    const { reply, at, entry } = await on.ask()
    expect(at).toBe(700)
    expect(reply?.ownMs).toBe(700)
    let signs = 0
    let isOver = false
    reply?.readRest(1_000, {
      sign: () => {
        signs += 1
      },
      end: (error) => {
        isOver = error === undefined
      },
    })
    await on.clock.advance(2_999)
    expect({ signs, isOver }).toEqual({ signs: 2, isOver: false })
    await on.clock.advance(1)
    expect({ isOver, outcome: entry.attempts[0]?.outcome }).toEqual({ isOver: true, outcome: 'answered' })
  })

  it('gives whole answers where they are not streamed', async () => {
    const { at, reply } = await stage([], { spread: 0, isStreaming: false }).ask()
    expect(at).toBe(3_700)
    expect(reply?.ownMs).toBe(3_700)
  })

  it('has the same luck for the same seed, and another for another', async () => {
    const faults = [{ ...ALWAYS, errors: { ratio: 0.5, status: 500 } as const }]
    const times = async (seed: number): Promise<number[]> =>
      (await many(stage(faults, { seed }), 20)).map(({ at }) => at)
    expect(await times(1)).toEqual(await times(1))
    expect(await times(1)).not.toEqual(await times(2))
  })

  it.each([
    [{ down: 503 }, { status: 503 }],
    [{ down: 'refused' }, { code: 'ECONNREFUSED' }],
    [{ down: 'dns' }, { code: 'ENOTFOUND' }],
    [{ reject: 401 }, { status: 401 }],
    [{ errors: { ratio: 1, status: 529 } }, { status: 503 }],
  ] as const)('with %o fails as it should, and long before an answer would come', async (effect, expected) => {
    const { error, at, entry } = await stage([{ ...ALWAYS, ...effect }]).ask()
    expect(error).toMatchObject(expected)
    expect(at).toBeLessThan(500)
    expect(entry.attempts[0]).toMatchObject({ outcome: 'refused', endedAt: at })
  })

  it('that is silent says nothing until it is given up', async () => {
    const on = stage([{ ...ALWAYS, down: 'silent' }])
    const entry = new Journal().begin(0, 0)
    let giveUp = (): void => {}
    const attention = {
      onAbort(listener: () => void): void {
        giveUp = listener
      },
    }
    void on.world.attempt(entry, REF, attention)
    await on.clock.advance(3_600_000)
    expect(entry.attempts[0]?.outcome).toBe('running')
    giveUp()
    expect(entry.attempts[0]).toMatchObject({ outcome: 'given_up', endedAt: 3_600_000 })
    expect(on.clock.pendingTimers).toBe(0)
  })

  it('fails in the share of cases it is told', async () => {
    const endings = await many(stage([{ ...ALWAYS, errors: { ratio: 0.3, status: 500 } }]), 2_000)
    expect(endings.filter(({ error }) => error !== undefined).length / endings.length).toBeCloseTo(0.3, 1)
  })

  it('takes as many times as long, and later', async () => {
    const { at, reply } = await stage([{ ...ALWAYS, latency: { factor: 3, ms: 1_000 } }], { spread: 0 }).ask()
    expect(at).toBe(3_100)
    // What it would take where nothing is wrong.
    expect(reply?.ownMs).toBe(700)
  })

  it('breaks off midway where answers are cut', async () => {
    const on = stage([{ ...ALWAYS, cut: 1 }], { spread: 0 })
    const { reply, entry } = await on.ask()
    let error: Refusal | undefined
    let endedAt = 0
    reply?.readRest(60_000, {
      sign: () => {},
      end: (broken) => {
        error = broken
        endedAt = on.world.elapsedMs
      },
    })
    await on.clock.advance(10_000)
    expect(error).toBeDefined()
    expect(endedAt).toBeGreaterThan(700 + 299)
    expect(endedAt).toBeLessThan(700 + 2_701)
    expect(entry.attempts[0]?.outcome).toBe('cut')
  })

  it('says only the rest of an answer where it is given what was delivered', async () => {
    const on = stage([], { spread: 0 })
    const entry = new Journal().begin(0, 0)
    const ignored = { onAbort: () => {} }
    const begun = on.world.attempt(entry, REF, ignored)
    await on.clock.advance(700)
    const stop = (await begun).readRest(60_000, { sign: () => {}, end: () => {} })
    await on.clock.advance(2_000)
    stop()
    expect(entry.delivery).toMatchObject({ model: 'gpt-5', share: 2 / 3 })
    const resumed = on.world.attempt(entry, REF, ignored, 'prefill')
    await on.clock.advance(700)
    const rest = await resumed
    expect(rest).toMatchObject({ usage: { inputTokens: 960, outputTokens: 80 }, isDivergent: false })
    let isOver = false
    rest.readRest(60_000, {
      sign: () => {},
      end: () => {
        isOver = true
      },
    })
    await on.clock.advance(999)
    expect(isOver).toBe(false)
    await on.clock.advance(1)
    expect({ isOver, share: entry.delivery.share }).toEqual({ isOver: true, share: 1 })
  })

  it('says something else from the beginning as often as it is told: of the same model, and of others', async () => {
    const on = stage([])
    const differing = async (model: string): Promise<number> => {
      let count = 0
      for (let index = 0; index < 1_000; index += 1) {
        const entry = new Journal().begin(index, 0)
        entry.delivery.model = 'gpt-5'
        const asked = on.world.attempt(entry, { ...REF, model }, { onAbort: () => {} }, 'restart')
        if ((await on.clock.runUntil(asked)).isDivergent) count += 1
      }
      return count / 1_000
    }
    expect(await differing('gpt-5')).toBeCloseTo(0.5, 1)
    // Somebody else's name for the same.
    expect(await differing('openai/gpt-5')).toBeCloseTo(0.5, 1)
    expect(await differing('gpt-5-mini')).toBeCloseTo(0.9, 1)
  })

  it('refuses what is beyond its limit with 429, and tells a look ahead of it to the millisecond', async () => {
    const limit = {
      requestsPerMinute: 60,
      window: 'fixed',
      retryAfter: 'header',
      quotaHeaders: false,
      shared: false,
    } as const
    const on = stage([{ ...ALWAYS, limit }], { spread: 0 })
    const endings = await many(on, 70)
    expect(endings.filter(({ error }) => error?.status === 429).length).toBe(10)
    expect(endings.at(-1)?.error?.headers).toEqual({ 'retry-after': expect.stringMatching(/^\d+$/) })
    const target = on.world.locate(REF)
    const waitMs = on.world.outlook(target, 60_000)
    expect(on.world.elapsedMs + Number(waitMs)).toBe(60_000)
    await on.clock.advance(Number(waitMs))
    expect(on.world.outlook(target, 60_000)).toBe(0)
  })

  it('is down for whoever knows the schedule, and only then', async () => {
    const on = stage([{ ...ALWAYS, fromMs: 1_000, untilMs: 2_000, about: { model: 'gpt-5' }, down: 503 }])
    const target = on.world.locate(REF)
    const other = on.world.locate({ ...REF, model: 'gpt-5-mini' })
    const seen: unknown[] = []
    for (const ms of [999, 1, 999, 1]) {
      await on.clock.advance(ms)
      seen.push(on.world.outlook(target, 60_000))
      expect(on.world.outlook(other, 60_000)).toBe(0)
    }
    expect(seen).toEqual([0, 'down', 'down', 0])
  })
})
