import { expect, test } from 'vitest'
import type { FailoverEventType } from '../../src/index.ts'
import { countOf, runWorlds } from './many-worlds.ts'
import { tellShortly } from './short-story.ts'

const REQUESTS = 20_000
const DEFAULT_SEED = 20_260_101

/** Everything that can be told, and whether it surely is in so many worlds. */
const TOLD: Readonly<Record<FailoverEventType, boolean>> = {
  request_started: true,
  target_skipped: true,
  bindings_dropped: true,
  attempt_started: true,
  attempt_committed: true,
  attempt_succeeded: true,
  attempt_failed: true,
  attempt_canceled: true,
  failover: true,
  request_waiting: true,
  request_succeeded: true,
  request_failed: true,
  request_canceled: true,
  cooldown_started: true,
  cooldown_ended: true,
  probe_started: true,
  probe_succeeded: true,
  probe_failed: true,
  credential_fetched: true,
  credential_failed: true,
  profile_added: true,
  profile_removed: true,
  profile_changed: true,
  profile_reset: true,
  profile_enabled: true,
  profile_disabled: true,
  strategy_failed: true,
  listener_failed: false,
}

test('the invariants hold over 20 000 simulated requests', { timeout: 300_000 }, async () => {
  const seed = Number(process.env.HOTSPARE_SEED ?? DEFAULT_SEED)
  console.log(`simulation seed ${seed} (HOTSPARE_SEED sets another)`)
  const { failed, told } = await runWorlds({ baseSeed: seed, requests: REQUESTS })
  if (failed !== undefined) expect.fail(await tellShortly(failed.seed))
  expect(countOf(told, 'request_started')).toBeGreaterThanOrEqual(REQUESTS)
  // A simulation in which nothing happens proves nothing.
  expect(countOf(told, 'attempt_started')).toBeGreaterThan(REQUESTS / 2)
  expect(countOf(told, 'request_succeeded')).toBeGreaterThan(REQUESTS / 4)
  const expected = Object.entries(TOLD).flatMap(([type, isTold]) => (isTold ? [type] : []))
  expect(Object.keys(told)).toEqual(expect.arrayContaining(expected))
})
