import { REQUESTS_A_WORLD } from './many-worlds.ts'
import { shrink } from './shrink.ts'
import { play } from './simulation.ts'
import { inventWorld } from './world.ts'

/** One world again by its own seed, made as small as possible: what goes wrong in it. Empty where nothing does. */
export async function tellShortly(seed: number): Promise<string> {
  const world = inventWorld(seed, REQUESTS_A_WORLD)
  const failed = await play(world)
  if (failed.violations.length === 0) return ''
  const { world: small, run, runs } = await shrink(world, failed, { play })
  return [
    `from ${world.steps.length} steps to ${small.steps.length}, in ${runs} runs:`,
    run.story,
    `run it again: node test/simulation/soak.ts --world ${seed}`,
  ].join('\n')
}
