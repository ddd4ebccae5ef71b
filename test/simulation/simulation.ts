import { ask, borrow } from './callers.ts'
import { meddle } from './hand.ts'
import type { Step, World } from './plan.ts'
import type { Violation } from './records.ts'
import { Stage, type Tampering } from './stage.ts'
import { storyOf } from './story.ts'
import { inventWorld } from './world.ts'

/** How one world went. */
export interface Run {
  readonly seed: number
  readonly requests: number
  readonly attempts: number
  readonly succeeded: number
  /** What must not have happened, the first first. */
  readonly violations: readonly Violation[]
  /** What happened before it; empty where all was well. */
  readonly story: string
}

/** After this long every window, limit and lease of every world has run out. */
const LONG_MS = 40 * 86_400_000

/** Lets a world run to its end, or to the first step after which something is wrong. */
export async function runWorld(seed: number, requests: number, tampering?: Tampering): Promise<Run> {
  const world = inventWorld(seed, requests)
  const stage = new Stage(world, tampering)
  const { clock, oracle } = stage
  const underWay: Promise<void>[] = []
  try {
    for (const step of world.steps) {
      await clock.advance(Math.max(0, step.at - clock.now()))
      perform(stage, step, underWay)
      if (oracle.violations.length > 0) break
    }
    if (oracle.violations.length === 0) await finish(stage, underWay)
  } catch (error) {
    oracle.report('everything_comes_back', `it broke down: ${error instanceof Error ? error.stack : String(error)}`)
  }
  return conclude(stage, world)
}

function perform(stage: Stage, step: Step, underWay: Promise<void>[]): void {
  switch (step.do) {
    case 'request':
      underWay.push(watched(stage, ask(stage, step.request)))
      return
    case 'lease':
      underWay.push(watched(stage, borrow(stage, step.lease)))
      return
    case 'hand':
      meddle(stage, step.act)
      return
    case 'jump':
      stage.oracle.jumped()
      stage.clock.jump(step.ms)
      return
  }
}

/** Nobody who asks may break down. */
async function watched({ oracle }: Stage, work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (error) {
    oracle.report('everything_comes_back', `somebody broke down: ${error instanceof Error ? error.stack : error}`)
  }
}

/** The faults are over and time has passed: nothing may be left behind, and everything must be back. */
async function finish(stage: Stage, underWay: readonly Promise<void>[]): Promise<void> {
  const { clock, oracle, world } = stage
  stage.hasEnded = true
  await clock.advance(Math.max(0, world.endsAt - clock.now()) + LONG_MS)
  checkNothingLeft(stage)
  stage.compareStatus()
  oracle.close()
  if (oracle.violations.length > 0) return
  await Promise.all(underWay)
  await checkEverythingBack(stage)
}

function checkNothingLeft({ clock, oracle, manager }: Stage): void {
  if (clock.pendingTimers > 0) oracle.report('nothing_is_left_behind', `${clock.pendingTimers} timers are pending`)
  for (const { id, inFlight } of manager.status().profiles)
    if (inFlight !== 0) oracle.report('nothing_is_left_behind', `${id} still has ${inFlight} in flight`)
}

/** Asks every profile that is in use for something. */
async function checkEverythingBack(stage: Stage): Promise<void> {
  const { clock, oracle, manager, world } = stage
  const { requestMs = 900_000 } = world.options.timeouts ?? {}
  for (const profile of oracle.mirror.profiles) {
    const { id } = profile.options
    if (profile.isDisabled || oracle.mirror.stateOf(profile.provider) !== 'registered') continue
    const plan = {
      door: 'run',
      model: `${profile.provider}/${world.models[0]}@${id}`,
      fallbacks: [],
      reading: { mode: 'all', pauseMs: 0, events: 0 },
    } as const
    const before = oracle.callers.length
    const asked = ask(stage, plan)
    await clock.advance(requestMs + LONG_MS)
    await asked
    const served = stage.latest.findLast(({ type }) => type === 'request_succeeded')
    const isServed = oracle.callers[before]?.ending?.kind === 'succeeded'
    if (!isServed || served?.type !== 'request_succeeded' || served.target.profile !== id)
      oracle.report('everything_comes_back', `${id} did not serve a request after all faults had ended`)
  }
  for (const { id, status } of manager.status().profiles)
    if (status !== 'available' && status !== 'disabled')
      oracle.report('everything_comes_back', `${id} is ${status} after all faults have ended`)
  checkNothingLeft(stage)
  oracle.close()
}

function conclude(stage: Stage, world: World): Run {
  const { oracle, counts } = stage
  const [first] = oracle.violations
  return {
    seed: world.seed,
    requests: oracle.callers.length,
    ...counts,
    violations: oracle.violations,
    story: first === undefined ? '' : storyOf(stage, first),
  }
}
