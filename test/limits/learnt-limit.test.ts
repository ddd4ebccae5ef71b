import { describe, expect, it } from 'vitest'
import { type LabOptions, type LabResult, runLab } from './lab.ts'
import { changing, fixedWindow, type ProviderLimit, tokenBucket } from './provider-limits.ts'

const DEFAULT_SEED = 20_260_101
const seed = Number(process.env.HOTSPARE_SEED ?? DEFAULT_SEED)
console.log(`limits lab seed ${seed} (HOTSPARE_SEED sets another)`)

const MINUTE = 60_000

function run(options: Pick<LabOptions, 'limits' | 'perMinute'> & Partial<LabOptions>): LabResult {
  return runLab({ seed, arrivals: 'poisson', answerMs: 1_000, hasHints: false, durationMs: 10 * MINUTE, ...options })
}

function many(count: number, limit: () => ProviderLimit): ProviderLimit[] {
  return Array.from({ length: count }, limit)
}

/** What came of the minutes from `from` (0 is the first) to before `to`. */
function of({ accepted, refused }: LabResult, from: number, to = accepted.length) {
  const sum = (counts: readonly number[]): number => counts.slice(from, to).reduce((total, count) => total + count, 0)
  const total = sum(accepted)
  return { accepted: total, perMinute: total / (to - from), refusedRatio: sum(refused) / (total + sum(refused)) }
}

describe('ten keys of 60 requests a minute, with more asked of them than that, in minutes 2 to 10', () => {
  const limits: Record<string, () => ProviderLimit> = {
    'a bucket of 60': () => tokenBucket(60, 60),
    'a bucket of 10': () => tokenBucket(60, 10),
    'a bucket of 1': () => tokenBucket(60, 1),
    'the minutes of the clock': () => fixedWindow(60),
  }
  const variants = Object.entries(limits).flatMap(([name, limit]) =>
    [100, 20_000].flatMap((answerMs) => [false, true].map((hasHints) => ({ name, limit, answerMs, hasHints }))),
  )

  it.each(variants)('$name, answers of $answerMs ms, hints $hasHints: 95 % is used, 1 % is refused', (variant) => {
    const { limit, answerMs, hasHints } = variant
    for (const load of [1.1, 1.3, 3]) {
      for (const arrivals of ['even', 'poisson'] as const) {
        const result = run({ limits: many(10, limit), perMinute: () => 600 * load, arrivals, answerMs, hasHints })
        const { accepted, refusedRatio } = of(result, 2)
        expect(accepted / (600 * 8), `used, load ${load} ${arrivals}`).toBeGreaterThanOrEqual(0.95)
        expect(refusedRatio, `refused, load ${load} ${arrivals}`).toBeLessThanOrEqual(0.01)
      }
    }
  })

  it('the same when requests take 20 to 40 ms to get there and the first open key is taken', () => {
    for (const limit of Object.values(limits)) {
      const limitsOfAll = many(10, limit)
      const result = run({ limits: limitsOfAll, perMinute: () => 800, networkMs: 40, choice: 'first', answerMs: 100 })
      const { accepted, refusedRatio } = of(result, 2)
      expect(accepted / (600 * 8)).toBeGreaterThanOrEqual(0.95)
      expect(refusedRatio).toBeLessThanOrEqual(0.01)
    }
  })
})

describe('other limits', () => {
  it.each([false, true])('3 a minute are learnt, too (hints: %s)', (hasHints) => {
    for (const limit of [() => tokenBucket(3, 3), () => fixedWindow(3)]) {
      const { perMinute, refusedRatio } = of(run({ limits: many(10, limit), perMinute: () => 60, hasHints }), 4)
      expect(perMinute).toBeGreaterThanOrEqual(0.6 * 30)
      expect(refusedRatio).toBeLessThanOrEqual(0.05)
    }
  })

  it.each([false, true])('6,000 a minute are neither strangled nor flooded (hints: %s)', (hasHints) => {
    for (const limit of [tokenBucket(6_000, 6_000), tokenBucket(6_000, 600), fixedWindow(6_000)]) {
      const result = run({ limits: [limit], perMinute: () => 7_800, hasHints, networkMs: 20, durationMs: 6 * MINUTE })
      const { perMinute, refusedRatio } = of(result, 2)
      expect(perMinute).toBeGreaterThanOrEqual(0.9 * 6_000)
      expect(refusedRatio).toBeLessThanOrEqual(0.002)
    }
  })

  it('one that is raised is found out within a quarter of an hour', () => {
    const limit = changing(tokenBucket(60, 60), 4 * MINUTE, tokenBucket(600, 600))
    const result = run({ limits: [limit], perMinute: () => 1_500, durationMs: 24 * MINUTE })
    expect(of(result, 2, 4).perMinute).toBeLessThanOrEqual(70)
    expect(of(result, 20).perMinute).toBeGreaterThanOrEqual(400)
  })

  it('one that is lowered is found out within two minutes', () => {
    for (const make of [(perMinute: number) => tokenBucket(perMinute, perMinute), fixedWindow]) {
      const limit = changing(make(600), 4 * MINUTE, make(60))
      const result = run({ limits: [limit], perMinute: () => 1_500 })
      expect(of(result, 7).perMinute).toBeGreaterThanOrEqual(50)
      expect(of(result, 7).refusedRatio).toBeLessThanOrEqual(0.04)
    }
  })

  it('two processes that share a key use it up without fighting over it', () => {
    for (const limit of [tokenBucket(60, 60), fixedWindow(60)]) {
      const { perMinute, refusedRatio } = of(run({ limits: [limit, limit], perMinute: () => 180 }), 2)
      expect(perMinute).toBeGreaterThanOrEqual(0.9 * 60)
      expect(refusedRatio).toBeLessThanOrEqual(0.04)
    }
  })
})

describe('less than the limit', () => {
  it('holds nobody back after a rush that was refused', () => {
    const rush = (elapsedMs: number): number => (elapsedMs < MINUTE ? 240 : 40)
    for (const limit of [tokenBucket(60, 60), fixedWindow(60)]) {
      const { perMinute, refusedRatio } = of(run({ limits: [limit], perMinute: rush }), 2)
      expect(perMinute).toBeGreaterThanOrEqual(0.85 * 40)
      expect(refusedRatio).toBe(0)
    }
  })

  it('learns to space requests where the provider takes no two at once', () => {
    const limits = many(10, () => tokenBucket(60, 1))
    expect(of(run({ limits, perMinute: () => 300 }), 2).refusedRatio).toBeLessThanOrEqual(0.03)
  })
})
