import { median, present, quantile } from '../gateway/ratio-table.ts'
import { DIRECT, PROXY } from '../gateway/variants.ts'
import { inTurns, type Way } from '../gateway/ways.ts'
import { columns } from './columns.ts'
import { PACED_PER_SECOND } from './pacer.ts'
import type { StreamLoad } from './stream-load.ts'
import { SHAPES, type Shape } from './wire.ts'

/** Of one variant in one repeat; milliseconds from send to arrival. */
interface Delay {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly cpuUsPerChunk: number | undefined
}

/** By shape, then by variant. */
export type Delays = ReadonlyMap<Shape, ReadonlyMap<string, Delay>>

/** How much later than through the proxy a chunk should arrive through the gateway, in the median. */
const GOAL_ADDED_MS = 0.02
const STREAMS_OPEN = 20
/** Opening the streams, and some time at this pace: it runs other code than full load does. */
const RAMP_MS = 250
const TURN_MS = 500

export async function measureDelays(load: StreamLoad, ways: readonly Way[], seconds: number): Promise<Delays> {
  const found = new Map<Shape, ReadonlyMap<string, Delay>>()
  for (const shape of SHAPES) {
    const all = new Map(
      ways.map(({ name }): [string, { ms: number[]; cpu: number | undefined }] => [name, { ms: [], cpu: 0 }]),
    )
    await inTurns(ways, { what: `${shape}, paced`, seconds, turnMs: TURN_MS }, async (way, measuredMs) => {
      const phase = { pids: way.pids, streams: STREAMS_OPEN, rampMs: RAMP_MS, measuredMs }
      const { ms, cpuSeconds } = await load.paced(way, shape, phase)
      const own = all.get(way.name)
      if (own === undefined) return
      own.ms.push(...ms)
      own.cpu = own.cpu === undefined || cpuSeconds === undefined ? undefined : own.cpu + cpuSeconds
    })
    found.set(
      shape,
      new Map(
        [...all].map(([name, { ms, cpu }]): [string, Delay] => [
          name,
          {
            p50Ms: quantile(ms, 0.5),
            p99Ms: quantile(ms, 0.99),
            cpuUsPerChunk: cpu === undefined ? undefined : (cpu * 1_000_000) / ms.length,
          },
        ]),
      ),
    )
  }
  return found
}

export function delayTable(repeats: readonly Delays[]): string {
  const perStreamMs = (1_000 * STREAMS_OPEN) / PACED_PER_SECOND
  const title = `Delay of one chunk, ${STREAMS_OPEN} streams with a chunk every ${perStreamMs} ms each: over ${repeats.length} repeats, medians; ms`
  const head = ['p50', 'over direct', 'over proxy', 'min .. max', 'p99', 'over direct', 'over proxy', 'CPU µs']
  const blocks = SHAPES.map((shape) => {
    const samples = present(repeats, (repeat) => repeat.get(shape))
    const lines = [...(samples[0]?.keys() ?? [])].map((name) => row(name, samples))
    return `${shape}\n${lines.join('')}`
  })
  return `\n${title}\n${columns('', head)}\n${blocks.join('')}`
}

function row(name: string, samples: readonly ReadonlyMap<string, Delay>[]): string {
  const valuesOf = (of: (delay: Delay) => number | undefined): number[] =>
    present(samples, (sample) => {
      const delay = sample.get(name)
      return delay && of(delay)
    })
  const beyond = (base: string, of: (delay: Delay) => number): number[] =>
    present(samples, (sample) => {
      const [own, other] = [sample.get(name), sample.get(base)]
      return own && other && of(own) - of(other)
    })
  const [p50, p99] = [({ p50Ms }: Delay) => p50Ms, ({ p99Ms }: Delay) => p99Ms]
  const added = beyond(PROXY.name, p50)
  const costs = valuesOf(({ cpuUsPerChunk }) => cpuUsPerChunk)
  const isBase = name === DIRECT.name
  const isJudged = !isBase && name !== PROXY.name
  const told = columns(`  ${name}`, [
    ms(valuesOf(p50)),
    isBase ? '' : ms(beyond(DIRECT.name, p50)),
    isJudged ? ms(added) : '',
    isJudged ? `${Math.min(...added).toFixed(3)} .. ${Math.max(...added).toFixed(3)}` : '',
    ms(valuesOf(p99)),
    isBase ? '' : ms(beyond(DIRECT.name, p99)),
    isJudged ? ms(beyond(PROXY.name, p99)) : '',
    isBase || costs.length === 0 ? '' : median(costs).toFixed(1),
  ])
  if (!isJudged) return `${told}\n`
  const isMet = median(added) <= GOAL_ADDED_MS
  return `${told}\n  goal: at most ${GOAL_ADDED_MS} ms over the proxy in the median: ${isMet ? 'met' : 'missed'}\n`
}

function ms(values: readonly number[]): string {
  return median(values).toFixed(3)
}
