import { clockTime, type Figures, formatDuration, type SimulationReport } from '../../../simulate/index.ts'
import { drawTimeline } from './drawing.ts'
import { type Paint, painter } from './paint.ts'

/** More than this is no story any more. */
const MAX_HAPPENINGS = 30

/** A report as it is read at a terminal. */
export function linesOf(source: string, report: SimulationReport, isColored: boolean): string[] {
  const paint = painter(isColored)
  const { scenario, traffic, route, chain, seed, runs } = report
  const { requests } = runs[0].figures
  const about = scenario.description === '' ? scenario.name : `${scenario.name}: ${scenario.description}`
  const rate = traffic.perSecond >= 1 ? `${traffic.perSecond} a second` : `${round(traffic.perSecond * 60)} a minute`
  return [
    paint(about, 'bold'),
    `configuration: ${source}`,
    `traffic: ${requests} requests for ${route} in ${formatDuration(traffic.minutes * 60_000)} (${rate}), ${traffic.isStreaming ? 'streamed' : 'not streamed'}; seed ${seed}`,
    `targets: ${chain.join(', ')}`,
    '',
    ...figureLines(report, paint),
    '',
    ...drawTimeline(report, paint),
    '',
    ...storyLines(report, paint),
  ]
}

function figureLines({ runs, faults }: SimulationReport, paint: Paint): string[] {
  const head = ['answered', 'tries', 'later by p50', 'p95', 'p99', '429s', 'wasted']
  const rows = runs.map(({ name, figures }) => figureRow(name, cellsOf(figures)))
  const [ours = '', ...others] = rows
  const back = faults.flatMap(({ label, returnMs }) => {
    if (returnMs === undefined) return []
    return [`  back after “${label}”: ${returnMs === null ? 'not before the end' : formatDuration(returnMs)}`]
  })
  return [paint(figureRow('', head), 'dim'), paint(ours, 'bold'), ...others, ...(back.length > 0 ? ['', ...back] : [])]
}

function cellsOf({ availability, attemptsPerRequest, addedMs, rateLimited, wastedMs }: Figures): string[] {
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

const WIDTHS = [11, 8, 14, 9, 9, 8, 10]

function figureRow(name: string, cells: readonly string[]): string {
  return `${name.padEnd(22)}${cells.map((cell, index) => cell.padStart(WIDTHS[index] ?? 0)).join('')}`
}

function storyLines({ happenings, traffic }: SimulationReport, paint: Paint): string[] {
  if (happenings.length === 0) return [paint('nothing happened', 'bold')]
  const width = clockTime(traffic.minutes * 60_000).length
  const more = happenings.length - MAX_HAPPENINGS
  return [
    paint('what happened', 'bold'),
    ...happenings
      .slice(0, MAX_HAPPENINGS)
      .map(({ atMs, text }) => `  ${paint(clockTime(atMs).padStart(width), 'dim')}  ${text}`),
    ...(more > 0 ? [`  … and ${more} more; --json has them all`] : []),
  ]
}

function duration(ms: number): string {
  return ms < 0.5 ? '0' : formatDuration(ms)
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
