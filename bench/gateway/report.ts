import { FIGURES, type Figure, median } from './figures.ts'
import { CONNECTIONS, type Repeat } from './repeat.ts'
import { DIRECT, PROXY } from './variants.ts'
import type { Kind } from './wire.ts'

const COLUMNS = ['median', 'best', 'ratio', 'min .. max', 'of bests'] as const
const NAME_WIDTH = 14
const WIDTHS = [10, 10, 9, 19, 10] as const
const MOST = Math.max(...CONNECTIONS)

/** One table for one kind of answer. A ratio is to the proxy in the same repeat, and above 1 where better than it. */
export function report(kind: Kind, repeats: readonly Repeat[]): string {
  const names = [...(repeats[0]?.keys() ?? [])]
  const blocks = FIGURES.map((figure) => block(figure, names, repeats))
  const busy = names.flatMap((name) => {
    const ratios = present(repeats, (repeat) => {
      const tally = repeat.get(name)?.tallies.get(MOST)
      return tally?.cpuSeconds === undefined ? undefined : tally.cpuSeconds / tally.seconds
    })
    return ratios.length === 0 || name === DIRECT.name ? [] : [`${name} ${(median(ratios) * 100).toFixed(0)} %`]
  })
  const title = `${kind}: over ${repeats.length} repeats; ratio to the proxy, above 1 where better`
  const note = busy.length === 0 ? '' : `Of the time at ${MOST} connections, its process ran: ${busy.join(', ')}\n`
  return `\n${title}\n${line('', COLUMNS)}\n${blocks.join('')}${note}`
}

function block(figure: Figure, names: readonly string[], repeats: readonly Repeat[]): string {
  const { title, digits, isCost, tellsOfDirect, of } = figure
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
    return `${line(`  ${name}`, [median(values).toFixed(digits), best(...values).toFixed(digits), ...compared])}\n`
  })
  return `${title}\n${lines.join('')}`
}

function present<Value>(repeats: readonly Repeat[], of: (repeat: Repeat) => Value | undefined): Value[] {
  return repeats.map(of).filter((value) => value !== undefined)
}

function line(name: string, cells: readonly string[]): string {
  return `${name.padEnd(NAME_WIDTH)}${cells.map((cell, index) => cell.padStart(WIDTHS[index] ?? 0)).join('')}`
}
