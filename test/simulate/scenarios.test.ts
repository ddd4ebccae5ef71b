import { describe, expect, it } from 'vitest'
import {
  asConfigured,
  EXAMPLE_SUBJECT,
  type Figures,
  figuresOf,
  prepare,
  runOn,
  type SimulationReport,
  shippedScenarios,
  simulate,
  withoutFailover,
} from '../../src/simulate/index.ts'

const MINUTES = 30
const scenarios = shippedScenarios().map((scenario) => ({
  ...scenario,
  traffic: { ...scenario.traffic, minutes: MINUTES },
}))

function reportOn(name: string, seed = 1): Promise<SimulationReport> {
  const scenario = scenarios.find((each) => each.name === name)
  if (scenario === undefined) throw new Error(`there is no scenario ${name}`)
  return prepare(EXAMPLE_SUBJECT, scenario, seed).then(simulate)
}

describe('the scenarios that come with the package', () => {
  it('are many', () => {
    expect(scenarios.length).toBeGreaterThanOrEqual(10)
    expect(scenarios.every(({ description }) => description.length > 20)).toBe(true)
  })

  it.each(scenarios)('$name: does something, ends, and is never worse than no failover', async (scenario) => {
    const stage = await prepare(EXAMPLE_SUBJECT, scenario, 1)
    expect(stage.faults.every(({ targets }) => targets.length > 0)).toBe(true)
    const ours = figuresOf(await runOn(stage, asConfigured))
    const lone = figuresOf(await runOn(stage, withoutFailover))
    expect(ours.requests).toBe(stage.times.length)
    expect(lone.requests).toBe(stage.times.length)
    expect(Number(lone.availability) < 1 || lone.addedMs.p99 > 0).toBe(true)
    expect(ours.availability).toBeGreaterThanOrEqual(Number(lone.availability))
  })

  it('give the same for the same seed, to the byte, and something else for another', async () => {
    const [first, second, other] = [
      await reportOn('some-errors'),
      await reportOn('some-errors'),
      await reportOn('some-errors', 2),
    ]
    expect(JSON.stringify(second)).toBe(JSON.stringify(first))
    expect(JSON.stringify(other)).not.toBe(JSON.stringify(first))
  })
})

describe('what a simulation tells', () => {
  it('of an outage: who answered meanwhile, what was out, and when it was back', async () => {
    const { runs, faults, outages, servers, unanswered, happenings } = await reportOn('provider-down')
    expect(runs.map(({ name }) => name)).toEqual([
      'this configuration',
      'no failover, one try',
      "rsclaw's rules",
      "PraisonAI's rules",
    ])
    const [ours, lone] = runs as unknown as readonly { readonly figures: Figures }[]
    expect(ours?.figures.availability).toBe(1)
    // 20 of 30 minutes.
    expect(lone?.figures.availability).toBeCloseTo(1 / 3, 1)
    expect(faults[0]).toMatchObject({
      label: 'openai: down (503)',
      spells: [{ fromMs: 300_000, untilMs: 1_500_000 }],
      targets: ['openai/gpt-5@openai:a', 'openai/gpt-5@openai:b', 'openai/gpt-5@openai:c'],
    })
    expect(faults[0]?.returnMs).toBeLessThan(20_000)
    expect(outages.map(({ key }) => key)).toContain('https://api.openai.com gpt-5')
    const byFallback = servers.find(({ profile }) => profile === 'openrouter:a')?.answered ?? []
    // Sixty columns of half a minute: it begins with the eleventh and is over with the fiftieth.
    expect(byFallback.length).toBe(60)
    expect(byFallback.slice(0, 10)).toEqual(Array(10).fill(0))
    expect(byFallback.slice(11, 50).every((count) => count > 30)).toBe(true)
    expect(byFallback.slice(52)).toEqual(Array(8).fill(0))
    expect(unanswered).toEqual(Array(60).fill(0))
    const told = happenings.map(({ text }) => text).join('\n')
    expect(told).toMatch(/begins: openai: down \(503\)[\s\S]*most answers come from openrouter\/openai\/gpt-5 now/)
    expect(told).toMatch(/api\.openai\.com gpt-5 is out \(overloaded\): \d+ times until 25:\d\d/)
    expect(told).toMatch(/is over: openai: down \(503\)[\s\S]*most answers come from openai\/gpt-5 now/)
  })

  it('of streams that break off: how many are gone on with, and how', async () => {
    const scenario = scenarios.find(({ name }) => name === 'cut-streams')
    if (scenario === undefined) throw new Error('cut-streams is gone')
    const { failover } = EXAMPLE_SUBJECT
    const sharesWith = async (change: object, answers = {}) => {
      const changed = { ...scenario, answers: { ...scenario.answers, ...answers } }
      const { runs } = await simulate(await prepare({ ...EXAMPLE_SUBJECT, ...change }, changed, 1))
      expect(runs.every(({ figures }) => figures.interrupted > 100)).toBe(true)
      expect(runs.slice(1).map(({ figures }) => figures.recovered)).toEqual([0, 0, 0])
      const [{ figures }] = runs
      expect(figures.answered).toBe(figures.requests - figures.interrupted + figures.recovered)
      return figures.recovered / figures.interrupted
    }
    // Of the same model at two places: three of four say the same at one of them.
    expect(await sharesWith({})).toBeCloseTo(0.75, 1)
    expect(await sharesWith({ takesPrefill: ({ provider }: { provider: string }) => provider === 'openrouter' })).toBe(
      1,
    )
    expect(await sharesWith({}, { divergesAgain: 1 })).toBe(0)
    expect(await sharesWith({}, { divergesAgain: 0 })).toBe(1)
    expect(await sharesWith({ failover: { ...failover, recovery: { midStream: 'off' } } })).toBe(0)
  })

  it('of a key that is refused: that it is hardly tried any more', async () => {
    const { runs, faults } = await reportOn('key-revoked')
    expect(runs[0].figures).toMatchObject({ availability: 1, rateLimited: 0 })
    expect(runs[0].figures.attemptsPerRequest).toBeLessThan(1.01)
    // It lasts to the end.
    expect(faults[0]).not.toHaveProperty('returnMs')
  })

  it('of slowness: how much later answers come', async () => {
    const { runs } = await reportOn('latency-triples')
    const { addedMs, availability } = runs[0].figures
    expect(availability).toBe(1)
    expect(addedMs.p95).toBeGreaterThan(1_000)
  })

  it('of what nobody answers: when, and with which error', async () => {
    const { runs, unanswered, happenings } = await reportOn('everything-down')
    const { failures, requests, answered } = runs[0].figures
    expect(Object.keys(failures)).toEqual(['ALL_TARGETS_FAILED'])
    expect(failures.ALL_TARGETS_FAILED).toBe(requests - answered)
    expect(unanswered.reduce((sum, count) => sum + count, 0)).toBe(requests - answered)
    expect(unanswered.every((count, column) => count === 0 || (column >= 19 && column <= 24))).toBe(true)
    expect(happenings.map(({ text }) => text).join('\n')).toMatch(/\d+ requests get no answer \(ALL_TARGETS_FAILED\)/)
  })

  it('of probes: they count as tries, and bring a target back sooner', async () => {
    const scenario = scenarios.find(({ name }) => name === 'origin-refused')
    if (scenario === undefined) throw new Error('origin-refused is gone')
    const { failover } = EXAMPLE_SUBJECT
    // Short: what has been out for long is probed less often.
    const short = {
      ...scenario,
      faults: scenario.faults.map((fault) => ({ ...fault, untilMs: fault.fromMs + 120_000 })),
    }
    const back: number[] = []
    for (const enabled of [false, true]) {
      const subject = { ...EXAMPLE_SUBJECT, failover: { ...failover, health: { probe: { enabled, everyMs: 1_000 } } } }
      const stage = await prepare(subject, short, 1)
      const journal = await runOn(stage, asConfigured)
      expect(journal.probes.length > 0).toBe(enabled)
      const made = journal.requests.flatMap(({ attempts }) => attempts)
      expect(figuresOf(journal).attempts).toBe(made.length + journal.probes.length)
      back.push((await simulate(stage)).faults[0]?.returnMs ?? Number.NaN)
    }
    expect(back[1]).toBeLessThan(5_000)
    expect(back[1]).toBeLessThan(back[0] ?? 0)
  })

  it('of faults that nobody left for: no way back', async () => {
    for (const name of ['latency-triples', 'cut-streams', 'network-down'])
      expect((await reportOn(name)).faults[0], name).not.toHaveProperty('returnMs')
    const calm = { perSecond: 0.2, minutes: MINUTES, route: undefined, dialect: undefined, isStreaming: true }
    const limited = scenarios.find((each) => each.name === 'limit-changes')
    if (limited === undefined) throw new Error('limit-changes is gone')
    const ended = limited.faults.map((fault) => ({ ...fault, untilMs: fault.fromMs + 300_000 }))
    const report = async (traffic: typeof calm) =>
      await simulate(await prepare(EXAMPLE_SUBJECT, { ...limited, traffic, faults: ended }, 1))
    expect((await report(calm)).faults[0]).not.toHaveProperty('returnMs')
    expect((await report({ ...calm, perSecond: 5 })).faults[0]).toHaveProperty('returnMs')
  })

  it('of an empty account: that its 429 is no rate limit', async () => {
    const { runs } = await reportOn('key-out-of-money')
    expect(runs.map(({ figures }) => figures.rateLimited)).toEqual(runs.map(() => 0))
    expect(runs[1]?.figures.availability).toBeLessThan(1)
  })

  it('of no requests at all: no figure, and why', async () => {
    const [scenario] = scenarios
    if (scenario === undefined) throw new Error('there is no scenario')
    const seldom = { ...scenario, traffic: { ...scenario.traffic, perSecond: 1e-6, minutes: 1 } }
    const { runs, notes } = await simulate(await prepare(EXAMPLE_SUBJECT, seldom, 1))
    expect(runs.map(({ figures }) => figures.availability)).toEqual(runs.map(() => null))
    expect(notes).toEqual([
      'there were no requests at all: they come too seldom, or for too short a time',
      'what begins after the last request has no effect: “openai: down (503)” (requests come for 1m)',
    ])
    expect((await reportOn('provider-down')).notes).toEqual([])
  })
})
