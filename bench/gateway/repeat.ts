import type { Server } from './children.ts'
import type { Target } from './connections.ts'
import type { Load } from './load.ts'
import type { Tally } from './loops.ts'
import { peakRssMb } from './process-usage.ts'

/** One variant while it is measured. */
export interface Way {
  readonly name: string
  readonly server: Server
  /** Its process and those it started. */
  readonly pids: readonly number[]
  readonly target: Target
}

/** What one repeat found out about one variant. */
export interface Sample {
  /** What closed loops came to, by the number of connections. */
  readonly tallies: ReadonlyMap<number, Tally>
  /** In milliseconds, of an open loop. */
  readonly latencies: readonly number[]
  readonly peakRssMb: number | undefined
}

/** By the variants' names. */
export type Repeat = ReadonlyMap<string, Sample>

export const CONNECTIONS = [1, 64] as const
export const OPEN_LOOP_PER_SECOND = 200

/** Answers under full load until what runs often is compiled: about when CPU per request stops falling. */
const WARM_UP_ANSWERS = 20_000
const WARM_UP_STEP_MS = 1_000
const MAX_WARM_UP_STEPS = 12
const RAMP_MS = 50
/** The variants take turns this often: a neighbour who makes the machine slow for a while slows them alike. */
const TURN_MS = 250

export async function warmUp(load: Load, ways: readonly Way[]): Promise<void> {
  const connections = Math.max(...CONNECTIONS)
  for (const way of ways) {
    const { target, pids } = way
    let answered = 0
    for (let step = 0; step < MAX_WARM_UP_STEPS && answered < WARM_UP_ANSWERS; step += 1) {
      await told(way, async () => {
        const phase = { target, pids, connections, rampMs: 0, measuredMs: WARM_UP_STEP_MS }
        answered += (await load.closedLoop(phase)).answers
      })
    }
  }
}

/** Measures every variant in every way for so many seconds each, in turns. */
export async function measureRepeat(load: Load, ways: readonly Way[], seconds: number): Promise<Repeat> {
  const tallies = new Map(ways.map(({ name }): [string, Map<number, Tally>] => [name, new Map()]))
  const latencies = new Map(ways.map(({ name }): [string, number[]] => [name, []]))
  for (const connections of CONNECTIONS) {
    await inTurns(ways, seconds, async ({ name, target, pids }, measuredMs) => {
      const tally = await load.closedLoop({ target, pids, connections, rampMs: RAMP_MS, measuredMs })
      const all = tallies.get(name)
      all?.set(connections, sum(all.get(connections), tally))
    })
  }
  await inTurns(ways, seconds, async ({ name, target }, measuredMs) => {
    const perSecond = OPEN_LOOP_PER_SECOND
    latencies.get(name)?.push(...(await load.openLoop({ target, perSecond, rampMs: RAMP_MS, measuredMs })))
  })
  return new Map(
    ways.map(({ name, pids }): [string, Sample] => [
      name,
      { tallies: tallies.get(name) ?? new Map(), latencies: latencies.get(name) ?? [], peakRssMb: peakRssMb(pids) },
    ]),
  )
}

type Measure = (way: Way, measuredMs: number) => Promise<void>

/** Each turn goes through the variants the other way round, so that none always comes first. */
async function inTurns(ways: readonly Way[], seconds: number, measure: Measure): Promise<void> {
  const turns = Math.max(1, Math.round((seconds * 1_000) / TURN_MS))
  for (let turn = 0; turn < turns; turn += 1) {
    for (const way of turn % 2 === 0 ? ways : ways.toReversed()) {
      await told(way, () => measure(way, (seconds * 1_000) / turns))
    }
  }
}

/** Says of whom a failure tells, and what that one had to say itself. */
async function told({ name, server, target }: Way, measure: () => Promise<unknown>): Promise<void> {
  try {
    await measure()
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new Error(`${name}, ${target.kind}: ${message}\n${server.complaints()}`)
  }
}

function sum(before: Tally | undefined, { answers, seconds, cpuSeconds }: Tally): Tally {
  if (before === undefined) return { answers, seconds, cpuSeconds }
  const cpu = before.cpuSeconds === undefined || cpuSeconds === undefined ? undefined : before.cpuSeconds + cpuSeconds
  return { answers: before.answers + answers, seconds: before.seconds + seconds, cpuSeconds: cpu }
}
