import { CONNECTIONS, OPEN_LOOP_PER_SECOND, type Sample } from './repeat.ts'

/** One thing that is told of every variant. */
export interface Figure {
  readonly title: string
  readonly digits: number
  /** Whether less of it is better. */
  readonly isCost: boolean
  /** Whether it says anything of the provider itself. */
  readonly tellsOfDirect: boolean
  /** Undefined where it could not be measured; `directs` are all samples of asking the provider itself. */
  readonly of: (sample: Sample, directs: readonly Sample[]) => number | undefined
}

const QUANTILES = [
  ['p50', 0.5],
  ['p99', 0.99],
] as const

export const FIGURES: readonly Figure[] = [
  ...CONNECTIONS.map((connections): Figure => {
    const title = `requests/s, ${connected(connections)}`
    const of = ({ tallies }: Sample): number | undefined => {
      const tally = tallies.get(connections)
      return tally && tally.answers / tally.seconds
    }
    return { title, digits: 0, isCost: false, tellsOfDirect: true, of }
  }),
  ...CONNECTIONS.map((connections): Figure => {
    const title = `CPU µs for a request, ${connected(connections)}`
    const of = ({ tallies }: Sample): number | undefined => {
      const { answers, cpuSeconds } = tallies.get(connections) ?? { answers: 0 }
      return cpuSeconds === undefined ? undefined : (cpuSeconds * 1_000_000) / answers
    }
    return { title, digits: 1, isCost: true, tellsOfDirect: false, of }
  }),
  ...QUANTILES.map(([name, ratio]): Figure => {
    const title = `${name} ms, at ${OPEN_LOOP_PER_SECOND} requests/s`
    const of = ({ latencies }: Sample): number => quantile(latencies, ratio)
    return { title, digits: 3, isCost: true, tellsOfDirect: true, of }
  }),
  ...QUANTILES.map(([name, ratio]): Figure => {
    const title = `added ${name} ms, beside asking the provider itself`
    // Less the best of all repeats: a disturbed moment of the direct way would make the others look fast.
    const of = ({ latencies }: Sample, directs: readonly Sample[]): number =>
      quantile(latencies, ratio) - Math.min(...directs.map((direct) => quantile(direct.latencies, ratio)))
    return { title, digits: 3, isCost: true, tellsOfDirect: false, of }
  }),
  { title: 'peak RSS MB', digits: 0, isCost: true, tellsOfDirect: false, of: ({ peakRssMb }) => peakRssMb },
]

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[sorted.length / 2 - 1] ?? Number.NaN)) / 2
}

function quantile(values: readonly number[], ratio: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * ratio))] ?? Number.NaN
}

function connected(connections: number): string {
  return connections === 1 ? '1 connection' : `${connections} connections`
}
