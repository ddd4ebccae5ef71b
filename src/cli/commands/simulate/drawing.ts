import {
  type Columns,
  coverage,
  type Mark,
  marksOf,
  type Outage,
  type SimulationReport,
  shortKey,
} from '../../../simulate/index.ts'
import { type Layout, toWidth, wrap } from './layout.ts'
import type { Paint, Style } from './paint.ts'

/** A line for everything that was out, but no more than anybody reads. */
const MAX_OUTAGES = 12

const MARKS: Readonly<Record<Mark, string>> = { out: '█', partly: '▒', half_open: '·', in: ' ' }
const LEGEND = '█ out, ▒ partly, · waiting for its trial; ▁ to █ share of the requests'
const HEIGHTS = ' ▁▂▃▄▅▆▇█'

/** What was wrong, out, and answered when: one line each, a column for each stretch of time. */
export function drawTimeline(report: SimulationReport, { width, labelWidth }: Layout, paint: Paint): string[] {
  const { faults, outages, servers, columns, requests, unanswered, traffic } = report
  const row = (label: string, cells: string, style: Style): string =>
    `  ${toWidth(label, labelWidth)} ${paint('│', 'dim')}${paint(cells, style)}${paint('│', 'dim')}`
  const shares = (counts: readonly number[]): string =>
    counts.map((count, column) => heightOf(count / Math.max(1, requests[column] ?? 0))).join('')
  const answering = servers.filter(({ answered }) => answered.some((count) => count > 0))
  const full = servers.filter((server) => server.full.some((count) => count > 0))
  return [
    scale(traffic.minutes, columns.count, labelWidth, paint),
    paint('what was wrong', 'bold'),
    ...faults.map(({ label, spells }) => row(label, cellsOf(coverage(spells, columns)), 'yellow')),
    ...section(
      'what was out, and why',
      outages.slice(0, MAX_OUTAGES).map((outage) => row(nameOf(outage), drawOutage(outage, columns), 'red')),
      paint,
    ),
    ...(outages.length > MAX_OUTAGES ? [`  … and ${outages.length - MAX_OUTAGES} more; --json has them all`] : []),
    ...section(
      'passed over since it was full',
      full.map((server) => row(`${server.profile} ${server.model}`, shares(server.full), 'yellow')),
      paint,
    ),
    ...section(
      'who answered, of all requests',
      [
        ...answering.map(({ profile, model, answered }) => row(`${profile} ${model}`, shares(answered), 'green')),
        ...(unanswered.some((count) => count > 0) ? [row('nobody', shares(unanswered), 'red')] : []),
      ],
      paint,
    ),
    ...wrap(LEGEND, width - 2, 0).map((line) => paint(`  ${line}`, 'dim')),
  ]
}

function section(title: string, rows: readonly string[], paint: Paint): string[] {
  return rows.length === 0 ? [] : [paint(title, 'bold'), ...rows]
}

/** Minutes above the columns. */
function scale(minutes: number, columns: number, labelWidth: number, paint: Paint): string {
  const step = stepOf(minutes)
  let line = ''
  for (let at = 0; at < minutes; at += step) {
    const column = Math.round((at / minutes) * columns)
    const text = `${Number(at.toFixed(2))}`
    // Numbers that touch are none.
    if ((line === '' || column > line.length) && column + text.length <= columns) line = `${line.padEnd(column)}${text}`
  }
  return paint(`  ${'minute'.padEnd(labelWidth)}  ${line}`.trimEnd(), 'dim')
}

/** A round number of minutes of which about six fit. */
function stepOf(minutes: number): number {
  const magnitude = 10 ** Math.floor(Math.log10(minutes / 6))
  const factor = [1, 2, 5, 10].find((each) => each * magnitude * 6 >= minutes) ?? 10
  return factor * magnitude
}

function cellsOf(shares: readonly number[]): string {
  return shares.map((share) => (share >= 0.5 ? MARKS.out : share > 0 ? MARKS.partly : MARKS.in)).join('')
}

function drawOutage(outage: Outage, columns: Columns): string {
  return marksOf(outage, columns)
    .map((mark) => MARKS[mark])
    .join('')
}

/** Any share at all shows. */
function heightOf(share: number): string {
  return HEIGHTS[share === 0 ? 0 : Math.max(1, Math.min(8, Math.round(share * 8)))] ?? ' '
}

function nameOf({ key, windows }: Outage): string {
  return `${shortKey(key)}: ${[...new Set(windows.map(({ reason }) => reason))].join(', ')}`
}
