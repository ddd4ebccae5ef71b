/**
 * The long form of the simulation: `node test/simulation/soak.ts [--requests N] [--seed S] [--world W]`. Prints its
 * seed first; where something is wrong, the story of it and the world's own seed last, and exits with 1. `--world` runs
 * one world again by its own seed.
 */
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { runAgain, runWorlds } from './many-worlds.ts'

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '200000' },
    seed: { type: 'string', default: `${Math.floor(Math.random() * 0x1_0000_0000)}` },
    world: { type: 'string' },
  },
})

if (values.world !== undefined) {
  tell((await runAgain(Number(values.world))).story)
} else {
  console.log(`seed ${values.seed}`)
  const startedAt = performance.now()
  const { worlds, requests, attempts, succeeded, failed } = await runWorlds(
    Number(values.seed),
    Number(values.requests),
  )
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1)
  console.log(`${worlds} worlds, ${requests} requests (${succeeded} succeeded), ${attempts} attempts, ${seconds} s`)
  if (failed !== undefined) tell(`${failed.story}\nseed ${values.seed}, world ${failed.seed}`)
}

function tell(story: string): void {
  if (story === '') return
  console.log(story)
  process.exitCode = 1
}
