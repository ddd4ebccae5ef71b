import { deriveSeed } from './random.ts'
import { type Run, runWorld } from './simulation.ts'

/** Small worlds find more than large ones: each has its own configuration, faults and traffic. */
export const REQUESTS_A_WORLD = 40

export interface Summary {
  readonly worlds: number
  readonly requests: number
  readonly attempts: number
  readonly succeeded: number
  /** The first world in which something was wrong. */
  readonly failed: Run | undefined
}

export interface ManyWorlds {
  /** The worlds' own seeds come from it, and from their places. */
  readonly baseSeed: number
  /** How many are to be made, about. */
  readonly requests: number
  /** The place of the first world, where several share the work. Default 0. */
  readonly first?: number
  /** From one place to the next. Default 1. */
  readonly stride?: number
  /** Told after each world how many requests have been made so far. */
  readonly onProgress?: (requests: number) => void
}

/** Runs worlds, each from a seed of its own, until so many requests have been made or something is wrong. */
export async function runWorlds({
  baseSeed,
  requests,
  first = 0,
  stride = 1,
  onProgress = () => {},
}: ManyWorlds): Promise<Summary> {
  const sum = { worlds: 0, requests: 0, attempts: 0, succeeded: 0 }
  while (sum.requests < requests) {
    const run = await runWorld(deriveSeed(baseSeed, first + sum.worlds * stride), REQUESTS_A_WORLD)
    sum.worlds += 1
    sum.requests += run.requests
    sum.attempts += run.attempts
    sum.succeeded += run.succeeded
    onProgress(sum.requests)
    if (run.violations.length > 0) return { ...sum, failed: run }
  }
  return { ...sum, failed: undefined }
}
