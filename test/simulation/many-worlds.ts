import { deriveSeed } from './random.ts'
import { type Run, runWorld } from './simulation.ts'

/** Small worlds find more than large ones: each has its own configuration, faults and traffic. */
const REQUESTS_A_WORLD = 40

export interface Summary {
  readonly worlds: number
  readonly requests: number
  readonly attempts: number
  readonly succeeded: number
  /** The first world in which something was wrong. */
  readonly failed: Run | undefined
}

/** Runs worlds, each from a seed of its own, until so many requests have been made or something is wrong. */
export async function runWorlds(baseSeed: number, requests: number): Promise<Summary> {
  const sum = { worlds: 0, requests: 0, attempts: 0, succeeded: 0 }
  while (sum.requests < requests) {
    const run = await runWorld(deriveSeed(baseSeed, sum.worlds), REQUESTS_A_WORLD)
    sum.worlds += 1
    sum.requests += run.requests
    sum.attempts += run.attempts
    sum.succeeded += run.succeeded
    if (run.violations.length > 0) return { ...sum, failed: run }
  }
  return { ...sum, failed: undefined }
}

/** One world again, by its own seed. */
export function runAgain(seed: number): Promise<Run> {
  return runWorld(seed, REQUESTS_A_WORLD)
}
