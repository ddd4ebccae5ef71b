import { expect, test } from 'vitest'
import { runWorlds } from './many-worlds.ts'
import { tellShortly } from './short-story.ts'

const REQUESTS = 20_000
const DEFAULT_SEED = 20_260_101

test('the invariants hold over 20 000 simulated requests', async () => {
  const seed = Number(process.env.HOTSPARE_SEED ?? DEFAULT_SEED)
  console.log(`simulation seed ${seed} (HOTSPARE_SEED sets another)`)
  const { failed, requests, attempts, succeeded } = await runWorlds({ baseSeed: seed, requests: REQUESTS })
  if (failed !== undefined) {
    expect.fail(await tellShortly(failed.seed))
  }
  expect(requests).toBeGreaterThanOrEqual(REQUESTS)
  // A simulation in which nothing happens proves nothing.
  expect(attempts).toBeGreaterThan(REQUESTS / 2)
  expect(succeeded).toBeGreaterThan(REQUESTS / 4)
})
