import { expect, test } from 'vitest'
import type { Step, World } from './plan.ts'
import { play } from './simulation.ts'

const STARTS_AT = Date.UTC(2026, 0, 1)

/** One key that is limited for the first half second, and whatever happens. */
function worldOf(steps: readonly Step[]): World {
  return {
    seed: 1,
    startsAt: STARTS_AT,
    endsAt: STARTS_AT + 60_000,
    options: { cooldown: { rateLimit: { minMs: 20_000, maxMs: 20_000 } }, wait: { maxMs: 30_000 }, learnLimits: false },
    providers: [{ name: 'p0', dialect: 'openai', isRegistered: true, ignoresSignals: false }],
    profiles: [{ id: 'p0:k0', apiKey: 'sk-1' }],
    disabled: [],
    models: ['m0'],
    faults: [{ kind: 'rate_limit', from: STARTS_AT, until: STARTS_AT + 500 }],
    steps,
  }
}

function ask(afterMs: number): Step {
  const reading = { mode: 'all', pauseMs: 0, events: 0 } as const
  return { at: STARTS_AT + afterMs, seed: 1, do: 'request', request: { door: 'run', model: 'p0/m0', reading } }
}

test('a restart drops whoever waits, and forgets what was known', async () => {
  const restart: Step = { at: STARTS_AT + 5_000, seed: 1, do: 'restart' }
  const [without, dropped] = [
    await play(worldOf([ask(0), ask(6_000)])),
    await play(worldOf([ask(0), restart, ask(6_000)])),
  ]
  expect([...without.violations, ...dropped.violations]).toEqual([])
  // Both wait for the window to end, the second also for the trial of the first; one more is made at the end.
  expect(without.told).toMatchObject({
    request_started: 3,
    request_succeeded: 3,
    request_waiting: 3,
    cooldown_ended: 1,
  })
  // The first never hears of it, and the second need not wait.
  expect(dropped.told).toMatchObject({ request_started: 3, request_succeeded: 2, request_waiting: 1 })
  expect(dropped.told.cooldown_ended).toBeUndefined()
})

test('a clock that is set back stops nothing, and lengthens no window', async () => {
  const setBack: Step = { at: STARTS_AT + 5_000, seed: 1, do: 'set_clock', ms: -3_600_000 }
  const { told, violations } = await play(worldOf([ask(0), setBack, ask(21_000)]))
  expect(violations).toEqual([])
  expect(told).toMatchObject({ request_started: 3, request_succeeded: 3 })
})
