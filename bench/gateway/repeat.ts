import type { Load } from './load.ts'
import type { Target } from './load-generator.ts'
import { sum, type Tally } from './loops.ts'
import { peakRssMb } from './process-usage.ts'
import { inTurns, told, type Way } from './ways.ts'
import type { Kind } from './wire.ts'

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

export async function warmUp(load: Load, ways: readonly Way[], kind: Kind): Promise<void> {
  const connections = Math.max(...CONNECTIONS)
  for (const way of ways) {
    const { pids } = way
    let answered = 0
    for (let step = 0; step < MAX_WARM_UP_STEPS && answered < WARM_UP_ANSWERS; step += 1) {
      await told(way, kind, async () => {
        const loop = { pids, connections, rampMs: 0, measuredMs: WARM_UP_STEP_MS }
        answered += (await load.closedLoop(targetOf(way, kind), loop)).answers
      })
    }
  }
}

/** Measures every variant in every way for so many seconds each, in turns. */
export async function measureRepeat(load: Load, ways: readonly Way[], kind: Kind, seconds: number): Promise<Repeat> {
  const rounds = { what: kind, seconds, turnMs: TURN_MS }
  const tallies = new Map(ways.map(({ name }): [string, Map<number, Tally>] => [name, new Map()]))
  const latencies = new Map(ways.map(({ name }): [string, number[]] => [name, []]))
  for (const connections of CONNECTIONS) {
    await inTurns(ways, rounds, async (way, measuredMs) => {
      const { name, pids } = way
      const tally = await load.closedLoop(targetOf(way, kind), { pids, connections, rampMs: RAMP_MS, measuredMs })
      const all = tallies.get(name)
      all?.set(connections, sum(all.get(connections), tally))
    })
  }
  await inTurns(ways, rounds, async (way, measuredMs) => {
    const loop = { perSecond: OPEN_LOOP_PER_SECOND, rampMs: RAMP_MS, measuredMs }
    latencies.get(way.name)?.push(...(await load.openLoop(targetOf(way, kind), loop)))
  })
  return new Map(
    ways.map(({ name, pids }): [string, Sample] => [
      name,
      { tallies: tallies.get(name) ?? new Map(), latencies: latencies.get(name) ?? [], peakRssMb: peakRssMb(pids) },
    ]),
  )
}

function targetOf({ server, modelOf }: Way, kind: Kind): Target {
  return { port: server.port, kind, model: modelOf('openai', 'gpt-5') }
}
