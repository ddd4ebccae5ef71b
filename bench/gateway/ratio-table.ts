import type { Tally } from './loops.ts'
import { DIRECT, PROXY } from './variants.ts'

/** One thing that is told of every variant. */
export interface Figure<Sample> {
  readonly title: string
  readonly digits: number
  /** Whether less of it is better. */
  readonly isCost: boolean
  /** Whether it says anything of the provider itself. */
  readonly tellsOfDirect: boolean
  /** What the median of the ratios should not fall below. */
  readonly goal?: number
  /** Undefined where it could not be measured; `directs` are all samples of asking the provider itself. */
  readonly of: (sample: Sample, directs: readonly Sample[]) => number | undefined
}

/** What one repeat found out, by the variants' names. */
export type Samples<Sample> = ReadonlyMap<string, Sample>

const COLUMNS = ['median', 'best', 'ratio', 'min .. max', 'of bests'] as const
const NAME_WIDTH = 14
const WIDTHS = [10, 10, 9, 19, 10] as const

/** A ratio is to the proxy in the same repeat, and above 1 where better than it. */
export function ratioTable<Sample>(
  title: string,
  figures: readonly Figure<Sample>[],
  repeats: readonly Samples<Sample>[],
): string {
  const blocks = figures.map((figure) => block(figure, repeats))
  const over = `over ${repeats.length} repeats; ratio to the proxy, above 1 where better`
  return `\n${title}: ${over}\n${line('', COLUMNS)}\n${blocks.join('')}`
}

function block<Sample>(figure: Figure<Sample>, repeats: readonly Samples<Sample>[]): string {
  const { title, digits, isCost, tellsOfDirect, goal, of } = figure
  const names = [...(repeats[0]?.keys() ?? [])]
  const directs = present(repeats, (repeat) => repeat.get(DIRECT.name))
  const valuesOf = (name: string): number[] =>
    present(repeats, (repeat) => {
      const sample = repeat.get(name)
      return sample && of(sample, directs)
    })
  const best = isCost ? Math.min : Math.max
  const compare = (value: number, base: number): number => (isCost ? base / value : value / base)
  const baseline = valuesOf(PROXY.name)
  if (baseline.length === 0) return ''
  const lines = names.map((name) => {
    if (name === DIRECT.name && !tellsOfDirect) return ''
    const values = valuesOf(name)
    const ratios = values.map((value, repeat) => compare(value, baseline[repeat] ?? Number.NaN))
    const range = `${Math.min(...ratios).toFixed(2)} .. ${Math.max(...ratios).toFixed(2)}`
    const bests = compare(best(...values), best(...baseline))
    const compared = name === PROXY.name ? [] : [median(ratios).toFixed(2), range, bests.toFixed(2)]
    const told = line(`  ${name}`, [median(values).toFixed(digits), best(...values).toFixed(digits), ...compared])
    const isJudged = goal !== undefined && name !== PROXY.name && name !== DIRECT.name
    return isJudged ? `${told}   goal ${goal}: ${median(ratios) >= goal ? 'met' : 'missed'}\n` : `${told}\n`
  })
  return `${title}\n${lines.join('')}`
}

/** How busy each one's process was, and how much others kept it from its CPU. */
export function busyNote<Sample>(
  when: string,
  repeats: readonly Samples<Sample>[],
  tallyOf: (sample: Sample) => Tally | undefined,
): string {
  const told = [...(repeats[0]?.keys() ?? [])].flatMap((name) => {
    const tallies = present(repeats, (repeat) => {
      const sample = repeat.get(name)
      return sample && tallyOf(sample)
    })
    const share = (of: (tally: Tally) => number | undefined): number =>
      median(present(tallies, of).map((seconds, index) => seconds / (tallies[index]?.seconds ?? Number.NaN))) * 100
    const [ran, waited] = [share(({ cpuSeconds }) => cpuSeconds), share(({ waitedSeconds }) => waitedSeconds)]
    if (name === DIRECT.name || Number.isNaN(ran)) return []
    return [
      `${name} ran ${ran.toFixed(0)} %${Number.isNaN(waited) ? '' : `, waited for its CPU ${waited.toFixed(0)} %`}`,
    ]
  })
  return told.length === 0 ? '' : `Of the time ${when}: ${told.join('; ')}\n`
}

export function present<Part, Value>(parts: readonly Part[], of: (part: Part) => Value | undefined): Value[] {
  return parts.map(of).filter((value) => value !== undefined)
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[sorted.length / 2 - 1] ?? Number.NaN)) / 2
}

export function quantile(values: readonly number[], ratio: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * ratio))] ?? Number.NaN
}

function line(name: string, cells: readonly string[]): string {
  return `${name.padEnd(NAME_WIDTH)}${cells.map((cell, index) => cell.padStart(WIDTHS[index] ?? 0)).join('')}`
}
