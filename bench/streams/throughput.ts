import { connected } from '../gateway/figures.ts'
import { sum, type Tally } from '../gateway/loops.ts'
import { busyNote, type Figure, ratioTable } from '../gateway/ratio-table.ts'
import { DIRECT } from '../gateway/variants.ts'
import { inTurns, told, type Way } from '../gateway/ways.ts'
import type { StreamLoad } from './stream-load.ts'
import { CHUNKS, type Sending, SHAPES, type Shape, STREAMS } from './wire.ts'

/** Of one variant, by what was measured. */
export type Throughput = ReadonlyMap<string, Tally>

interface Case {
  readonly shape: Shape
  readonly sending: Sending
  readonly connections: number
}

/** Of the proxy's streams a second, how much the gateway should reach. */
const GOAL_RATIO = 0.9
const SENDINGS: Readonly<Record<Sending, string>> = {
  burst: `${CHUNKS} chunks in one write`,
  single: `${CHUNKS} chunks, each a write of its own`,
}
const CONNECTIONS = [1, 16] as const
const MOST = Math.max(...CONNECTIONS)
/** Until what runs often is compiled: about when CPU per chunk stops falling. */
const WARM_UP_STREAMS = 150
const WARM_UP_STEP_MS = 500
const MAX_WARM_UP_STEPS = 6
const RAMP_MS = 100
/** As long as a few streams take. */
const TURN_MS = 500

export async function warmUp(load: StreamLoad, ways: readonly Way[]): Promise<void> {
  for (const way of ways) {
    if (way.name === DIRECT.name) continue
    for (const { shape, sending, connections } of casesOf(SHAPES).filter((one) => one.connections === MOST)) {
      let answers = 0
      for (let step = 0; step < MAX_WARM_UP_STEPS && answers < WARM_UP_STREAMS; step += 1) {
        const loop = { pids: way.pids, connections, rampMs: 0, measuredMs: WARM_UP_STEP_MS }
        answers += (await told(way, shape, () => load.whole(way, shape, sending, loop))).answers
      }
    }
  }
}

/** Measures every variant in every case for so many seconds. */
export async function measureThroughput(
  load: StreamLoad,
  ways: readonly Way[],
  seconds: number,
): Promise<ReadonlyMap<string, Throughput>> {
  const all = new Map(ways.map(({ name }): [string, Map<string, Tally>] => [name, new Map()]))
  for (const one of casesOf(SHAPES)) {
    const { shape, sending, connections } = one
    const what = `${shape}, ${SENDINGS[sending]}`
    await inTurns(ways, { what, seconds, turnMs: TURN_MS }, async (way, measuredMs) => {
      const loop = { pids: way.pids, connections, rampMs: RAMP_MS, measuredMs }
      const tally = await load.whole(way, shape, sending, loop)
      const tallies = all.get(way.name)
      tallies?.set(keyOf(one), sum(tallies.get(keyOf(one)), tally))
    })
  }
  return all
}

export function throughputTables(repeats: readonly ReadonlyMap<string, Throughput>[]): string {
  return SHAPES.flatMap((shape) =>
    (['burst', 'single'] as const).map((sending) => {
      const cases = casesOf([shape]).filter((one) => one.sending === sending)
      const figures = [...cases.map(streamsPerSecond), ...cases.map(cpuPerChunk)]
      const note = busyNote(`at ${MOST} connections`, repeats, (tallies) =>
        tallies.get(keyOf({ shape, sending, connections: MOST })),
      )
      return `${ratioTable(`${shape}, ${SENDINGS[sending]}`, figures, repeats)}${note}`
    }),
  ).join('')
}

function streamsPerSecond(one: Case): Figure<Throughput> {
  return {
    title: `streams/s, thousand chunks/s, ${connected(one.connections)}`,
    digits: 1,
    isCost: false,
    tellsOfDirect: true,
    goal: GOAL_RATIO,
    of: (tallies) => {
      const tally = tallies.get(keyOf(one))
      return tally && streamsOf(one, tally) / tally.seconds
    },
  }
}

function cpuPerChunk(one: Case): Figure<Throughput> {
  return {
    title: `CPU µs for a chunk, ${connected(one.connections)}`,
    digits: 2,
    isCost: true,
    tellsOfDirect: false,
    of: (tallies) => {
      const tally = tallies.get(keyOf(one))
      if (tally?.cpuSeconds === undefined) return undefined
      return (tally.cpuSeconds * 1_000_000) / (streamsOf(one, tally) * CHUNKS)
    },
  }
}

/** Parts of streams count as such: few are finished in one turn. */
function streamsOf({ shape }: Case, { bodyBytes }: Tally): number {
  return bodyBytes / STREAMS[shape].expected.body.length
}

function casesOf(shapes: readonly Shape[]): Case[] {
  return shapes.flatMap((shape) =>
    (['burst', 'single'] as const).flatMap((sending) =>
      CONNECTIONS.map((connections): Case => ({ shape, sending, connections })),
    ),
  )
}

function keyOf({ shape, sending, connections }: Case): string {
  return `${shape} ${sending} ${connections}`
}
