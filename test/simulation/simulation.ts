import { ask, borrow } from './callers.ts'
import { meddle } from './hand.ts'
import type { Step, World } from './plan.ts'
import type { Violation } from './records.ts'
import { recover } from './recovery.ts'
import { type Counts, Stage, type Tampering } from './stage.ts'
import { storyOf } from './story.ts'
import { inventWorld } from './world.ts'

/** How one world went. */
export interface Run {
  readonly seed: number
  /** How often each kind of event was told. */
  readonly told: Counts
  /** What must not have happened, the first first. */
  readonly violations: readonly Violation[]
  /** What happened before it; empty where all was well. */
  readonly story: string
}

/** A status is the dearest thing there is to ask for. */
const COMPARED_ONE_IN = 3

/** Makes up a world and lets it run. */
export function runWorld(seed: number, requests: number, tampering?: Tampering): Promise<Run> {
  return play(inventWorld(seed, requests), tampering)
}

/** Lets a world run to its end, or to the first step after which something is wrong. */
export async function play(world: World, tampering?: Tampering): Promise<Run> {
  const stage = new Stage(world, tampering)
  const { time, violations } = stage
  try {
    for (const step of world.steps) {
      await time.advance(Math.max(0, step.at - time.now()))
      stage.oracle.rest()
      if (step.seed % COMPARED_ONE_IN === 0) stage.compareStatus()
      perform(stage, step)
      if (violations.length > 0) break
    }
    if (violations.length === 0) await recover(stage)
  } catch (error) {
    stage.oracle.report('nothing_breaks_down', error instanceof Error ? `${error.stack}` : String(error))
  }
  const [first] = violations
  return { seed: world.seed, told: stage.told, violations, story: first === undefined ? '' : storyOf(stage, first) }
}

function perform(stage: Stage, step: Step): void {
  switch (step.do) {
    case 'request':
      watch(stage, ask(stage, step.request, step.seed))
      return
    case 'lease':
      watch(stage, borrow(stage, step.lease, step.seed))
      return
    case 'hand':
      meddle(stage, step.act, step.seed)
      return
    case 'jump':
      stage.sleep(step.ms)
      return
    case 'set_clock':
      stage.setClock(step.ms)
      return
    case 'restart':
      stage.restart()
      return
  }
}

/** Nobody who asks may break down. */
function watch({ oracle, underWay }: Stage, work: Promise<void>): void {
  const watched = work
    .catch((error: unknown) => {
      oracle.report('nothing_breaks_down', error instanceof Error ? `${error.stack}` : String(error))
    })
    .finally(() => underWay.delete(watched))
  underWay.add(watched)
}
