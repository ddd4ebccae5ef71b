import type { FailoverEventType } from '../../src/index.ts'
import { deriveSeed } from './random.ts'
import { type Run, runWorld } from './simulation.ts'
import type { Counts } from './stage.ts'

/** Small worlds find more than large ones: each has its own configuration, faults and traffic. */
export const REQUESTS_A_WORLD = 40

export interface Summary {
  readonly worlds: number
  /** How often each kind of event was told. */
  readonly told: Counts
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
  let worlds = 0
  let told: Counts = {}
  while (countOf(told, 'request_started') < requests) {
    const run = await runWorld(deriveSeed(baseSeed, first + worlds * stride), REQUESTS_A_WORLD)
    worlds += 1
    told = sumOf(told, run.told)
    onProgress(countOf(told, 'request_started'))
    if (run.violations.length > 0) return { worlds, told, failed: run }
  }
  return { worlds, told, failed: undefined }
}

/** All of them together. */
export function together(summaries: readonly Summary[]): Summary {
  return {
    worlds: summaries.reduce((sum, { worlds }) => sum + worlds, 0),
    told: summaries.reduce<Counts>((sum, { told }) => sumOf(sum, told), {}),
    failed: summaries.find(({ failed }) => failed !== undefined)?.failed,
  }
}

export function countOf(told: Counts, type: FailoverEventType): number {
  return told[type] ?? 0
}

function sumOf(one: Counts, other: Counts): Counts {
  const types = new Set([...Object.keys(one), ...Object.keys(other)]) as Set<FailoverEventType>
  return Object.fromEntries([...types].map((type) => [type, countOf(one, type) + countOf(other, type)]))
}
