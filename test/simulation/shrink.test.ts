import { expect, test } from 'vitest'
import type { World } from './plan.ts'
import { shrink } from './shrink.ts'
import { play, type Run } from './simulation.ts'
import type { Tampering } from './stage.ts'
import { inventWorld } from './world.ts'

/** The oracle believes in a smaller budget than the manager has. */
const TAMPERING: Tampering = { believed: { budget: { maxAttempts: 1 } } }
const REQUESTS = 40

/** The first world in which it shows, as it was made up. */
async function findFailing(): Promise<{ readonly world: World; readonly failed: Run }> {
  for (let seed = 1; seed < 100; seed += 1) {
    const world = inventWorld(seed, REQUESTS)
    const failed = await playTampered(world)
    if (failed.violations[0]?.rule === 'budget_holds') return { world, failed }
  }
  throw new Error('the tampering shows nowhere')
}

function playTampered(world: World): Promise<Run> {
  return play(world, TAMPERING)
}

test('a world of 40 requests that breaks a rule shrinks to a short story that breaks the same rule', async () => {
  const { world, failed } = await findFailing()
  expect(world.steps.filter((step) => step.do === 'request')).toHaveLength(REQUESTS)
  const shrunk = await shrink(world, failed, { play: playTampered })
  expect(shrunk.world.steps.length).toBeLessThanOrEqual(5)
  expect(shrunk.run.violations[0]?.rule).toBe('budget_holds')
  expect(await playTampered(shrunk.world)).toEqual(shrunk.run)
  expect(shrunk.run.story.split('\n').length).toBeLessThan(40)
})

test('the same world shrinks to the same story', async () => {
  const { world, failed } = await findFailing()
  const [first, second] = [
    await shrink(world, failed, { play: playTampered }),
    await shrink(world, failed, { play: playTampered }),
  ]
  expect(second).toEqual(first)
})

test('shrinking comes to an end where it is told to', async () => {
  const { world, failed } = await findFailing()
  const { runs } = await shrink(world, failed, { play: playTampered, maxRuns: 10 })
  expect(runs).toBe(10)
})
