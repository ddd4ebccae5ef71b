import type { Judged } from './run-trials.ts'
import { idOf, type Trial } from './trial.ts'
import type { Course } from './verdict.ts'

/** What came of the trials with one fallback. */
export type Counts = Record<Course | 'promised' | 'beyond', number>

/** What came of many trials, as plain data. */
export interface TallyData {
  readonly trials: number
  readonly broken: number
  readonly counts: Readonly<Record<string, Counts>>
  readonly violations: readonly Violation[]
}

export interface Violation {
  /** Of the trial, so that it can be run by itself. */
  readonly id: string
  readonly what: string
}

/** Violations that are told in full; all are counted. */
const MOST_TOLD = 100

/** Counts what comes of trials, by what their fallback does unless told otherwise. */
export class Tally {
  readonly #rowOf: (trial: Trial) => string
  readonly #counts: Record<string, Counts> = {}
  readonly #violations: Violation[] = []
  #trials = 0
  #broken = 0

  constructor(rowOf = ({ fallback }: Trial): string => fallback) {
    this.#rowOf = rowOf
  }

  get data(): TallyData {
    return { trials: this.#trials, broken: this.#broken, counts: this.#counts, violations: this.#violations }
  }

  add({ trial, course, promised, violations }: Judged): void {
    const row = this.#rowOf(trial)
    const counts = this.#counts[row] ?? noCounts()
    this.#counts[row] = counts
    this.#trials += 1
    counts[course] += 1
    if (promised.isWhole) counts.promised += 1
    else if (course === 'recovered') counts.beyond += 1
    if (violations.length === 0) return
    this.#broken += 1
    if (this.#violations.length < MOST_TOLD) this.#violations.push({ id: idOf(trial), what: violations.join('; ') })
  }
}

function noCounts(): Counts {
  return { unbroken: 0, unseen: 0, recovered: 0, raised: 0, promised: 0, beyond: 0 }
}

/** What several workers counted, as one. */
export function together(all: readonly TallyData[]): TallyData {
  const counts: Record<string, Counts> = {}
  for (const [row, more] of all.flatMap((one) => Object.entries(one.counts))) {
    const sum = counts[row] ?? noCounts()
    counts[row] = sum
    for (const name of Object.keys(sum) as (keyof Counts)[]) sum[name] += more[name]
  }
  const sumOf = (read: (one: TallyData) => number): number => all.reduce((sum, one) => sum + read(one), 0)
  return {
    trials: sumOf(({ trials }) => trials),
    broken: sumOf(({ broken }) => broken),
    counts,
    violations: all.flatMap(({ violations }) => violations),
  }
}

/** How many trials went so, over all rows. */
export function countOf({ counts }: TallyData, course: keyof Counts): number {
  return Object.values(counts).reduce((sum, row) => sum + row[course], 0)
}

/** The counts as a Markdown table. */
export function countsTable({ counts }: TallyData): string {
  const names = ['unbroken', 'unseen', 'recovered', 'raised', 'promised', 'beyond'] as const
  const rows = Object.entries(counts).sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
  return table(
    ['fallback', ...names],
    rows.map(([row, count]) => [row, ...names.map((name) => `${count[name]}`)]),
  )
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, column) => Math.max(cell.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}
