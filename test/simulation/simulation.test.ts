import { expect, test } from 'vitest'
import { EVENT_TYPES } from '../../src/engine/events.ts'
import { countOf, runWorlds } from './many-worlds.ts'
import { tellShortly } from './short-story.ts'

const REQUESTS = 20_000
const DEFAULT_SEED = 20_260_101

test('the invariants hold over 20 000 simulated requests', { timeout: 300_000 }, async () => {
  const seed = Number(process.env.HOTSPARE_SEED ?? DEFAULT_SEED)
  console.log(`simulation seed ${seed} (HOTSPARE_SEED sets another)`)
  const { failed, told } = await runWorlds({ baseSeed: seed, requests: REQUESTS })
  if (failed !== undefined) expect.fail(await tellShortly(failed.seed))
  expect(countOf(told, 'request_started')).toBeGreaterThanOrEqual(REQUESTS)
  // A simulation in which nothing happens proves nothing.
  expect(countOf(told, 'attempt_started')).toBeGreaterThan(REQUESTS / 2)
  expect(countOf(told, 'request_succeeded')).toBeGreaterThan(REQUESTS / 4)
  // No listener fails here; everything else that can be told surely is in so many worlds.
  const expected = EVENT_TYPES.filter((type) => type !== 'listener_failed')
  expect(Object.keys(told)).toEqual(expect.arrayContaining(expected))
})
