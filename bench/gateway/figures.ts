import { type Figure, quantile } from './ratio-table.ts'
import { CONNECTIONS, OPEN_LOOP_PER_SECOND, type Sample } from './repeat.ts'

const QUANTILES = [
  ['p50', 0.5],
  ['p99', 0.99],
] as const

export const FIGURES: readonly Figure<Sample>[] = [
  ...CONNECTIONS.map((connections): Figure<Sample> => {
    const title = `requests/s, ${connected(connections)}`
    const of = ({ tallies }: Sample): number | undefined => {
      const tally = tallies.get(connections)
      return tally && tally.answers / tally.seconds
    }
    return { title, digits: 0, isCost: false, tellsOfDirect: true, of }
  }),
  ...CONNECTIONS.map((connections): Figure<Sample> => {
    const title = `CPU µs for a request, ${connected(connections)}`
    const of = ({ tallies }: Sample): number | undefined => {
      const { answers, cpuSeconds } = tallies.get(connections) ?? { answers: 0 }
      return cpuSeconds === undefined ? undefined : (cpuSeconds * 1_000_000) / answers
    }
    return { title, digits: 1, isCost: true, tellsOfDirect: false, of }
  }),
  ...QUANTILES.map(([name, ratio]): Figure<Sample> => {
    const title = `${name} ms, at ${OPEN_LOOP_PER_SECOND} requests/s`
    const of = ({ latencies }: Sample): number => quantile(latencies, ratio)
    return { title, digits: 3, isCost: true, tellsOfDirect: true, of }
  }),
  ...QUANTILES.map(([name, ratio]): Figure<Sample> => {
    const title = `added ${name} ms, beside asking the provider itself`
    // Less the best of all repeats: a disturbed moment of the direct way would make the others look fast.
    const of = ({ latencies }: Sample, directs: readonly Sample[]): number =>
      quantile(latencies, ratio) - Math.min(...directs.map((direct) => quantile(direct.latencies, ratio)))
    return { title, digits: 3, isCost: true, tellsOfDirect: false, of }
  }),
  { title: 'peak RSS MB', digits: 0, isCost: true, tellsOfDirect: false, of: ({ peakRssMb }) => peakRssMb },
]

export function connected(connections: number): string {
  return connections === 1 ? '1 connection' : `${connections} connections`
}
