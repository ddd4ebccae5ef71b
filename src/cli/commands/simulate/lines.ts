import { clockTime, type Figures, formatDuration, type SimulationReport } from '../../../simulate/index.ts'
import { drawTimeline } from './drawing.ts'
import { type Layout, wrap } from './layout.ts'
import { type Paint, painter } from './paint.ts'

/** More than this is no story any more. */
const MAX_HAPPENINGS = 30

/** A report, and the configuration it is about. */
export interface ConfigurationReport extends SimulationReport {
  /** Where the configuration comes from, in words. */
  readonly source: string
  /** Profiles that take part although they have no key here. */
  readonly keyless: readonly string[]
}

/** A report as it is read at a terminal. */
export function linesOf(report: ConfigurationReport, layout: Layout, isColored: boolean): string[] {
  const paint = painter(isColored)
  const { scenario } = report
  const about = scenario.description === '' ? scenario.name : `${scenario.name}: ${scenario.description}`
  return [
    ...wrap(about, layout.width, 2).map((line) => paint(line, 'bold')),
    ...headLines(report).flatMap((line) => wrap(line, layout.width, 2)),
    ...report.notes.flatMap((note) => wrap(`note: ${note}`, layout.width, 2)).map((line) => paint(line, 'yellow')),
    '',
    ...figureLines(report, layout, paint),
    '',
    ...drawTimeline(report, layout, paint),
    '',
    ...storyLines(report, layout, paint),
  ]
}

/** What was asked, and of whom. */
function headLines({ source, traffic, route, seed, chain, leftOut, keyless, runs }: ConfigurationReport): string[] {
  const { requests } = runs[0].figures
  const rate = traffic.perSecond >= 1 ? `${traffic.perSecond} a second` : `${round(traffic.perSecond * 60)} a minute`
  const targets = leftOut.map(({ target, dialect }) => `${target} (speaks ${dialect})`)
  return [
    `configuration: ${source}`,
    `traffic: ${requests} requests for ${route} in ${formatDuration(traffic.minutes * 60_000)} (${rate}), ${traffic.isStreaming ? 'streamed' : 'not streamed'}; seed ${seed}`,
    `targets: ${chain.join(', ')}`,
    ...(targets.length > 0
      ? [
          `take no part, since the requests are in the dialect ${traffic.dialect} and are served in it alone: ${targets.join(', ')}`,
        ]
      : []),
    ...(keyless.length > 0 ? [`take part although they have no key here: ${keyless.join(', ')}`] : []),
  ]
}

const HEAD = ['', 'answered', 'tries', 'late p50', 'p95', 'p99', '429s', 'wasted']

function figureLines({ runs, faults }: SimulationReport, { width }: Layout, paint: Paint): string[] {
  const rows = [HEAD, ...runs.map(({ name, figures }) => [name, ...cellsOf(figures)])]
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const [head = '', ours = '', ...others] = rows.map(([name = '', ...cells]) =>
    [name.padEnd(widths[0] ?? 0), ...cells.map((cell, index) => cell.padStart(widths[index + 1] ?? 0))].join('  '),
  )
  const back = faults.flatMap(({ label, returnMs }) => {
    if (returnMs === undefined) return []
    const after = returnMs === null ? 'not before the end' : formatDuration(returnMs)
    return wrap(`back after “${label}”: ${after}`, width - 2, 2).map((line) => `  ${line}`)
  })
  const below = [...interruptionLines(runs[0].figures), ...back]
  return [paint(head, 'dim'), paint(ours, 'bold'), ...others, ...(below.length > 0 ? ['', ...below] : [])]
}

function interruptionLines({ interrupted, recovered }: Figures): string[] {
  if (interrupted === 0) return []
  return [`  answers that broke off after they had begun: ${interrupted}; gone on with to their end: ${recovered}`]
}

const NO_FIGURE = '–'

function cellsOf({ requests, availability, attemptsPerRequest, addedMs, rateLimited, wastedMs }: Figures): string[] {
  if (requests === 0 || availability === null) return HEAD.slice(1).map(() => NO_FIGURE)
  return [
    // 99.999 % is not all of them.
    `${(Math.floor(availability * 10_000) / 100).toFixed(2)} %`,
    attemptsPerRequest.toFixed(3),
    duration(addedMs.p50),
    duration(addedMs.p95),
    duration(addedMs.p99),
    `${rateLimited}`,
    duration(wastedMs),
  ]
}

function storyLines({ happenings, traffic }: SimulationReport, layout: Layout, paint: Paint): string[] {
  if (happenings.length === 0) return [paint('nothing happened', 'bold')]
  const width = clockTime(traffic.minutes * 60_000).length
  const more = happenings.length - MAX_HAPPENINGS
  return [
    paint('what happened', 'bold'),
    ...happenings.slice(0, MAX_HAPPENINGS).flatMap(({ atMs, text }) => {
      const [first = '', ...rest] = wrap(text, layout.width - width - 4, 0)
      const at = paint(clockTime(atMs).padStart(width), 'dim')
      return [`  ${at}  ${first}`, ...rest.map((line) => `${' '.repeat(width + 4)}${line}`)]
    }),
    ...(more > 0 ? [`  … and ${more} more; --json has them all`] : []),
  ]
}

function duration(ms: number): string {
  return ms < 0.5 ? '0' : formatDuration(ms)
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
