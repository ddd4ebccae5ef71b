import { chronicle, type Happening } from './chronicle.ts'
import { asConfigured, type Entrant, withoutFailover, withRulesOf } from './contenders.ts'
import { formatDuration } from './duration.ts'
import { labelOf } from './fault-label.ts'
import { type Figures, figuresOf, firstAnswerFrom, isAnswered } from './figures.ts'
import type { Journal, RequestEntry } from './journal.ts'
import { keptOut, type Outage, OutageBook } from './outages.ts'
import { runOn, START_MS, type Stage } from './run.ts'
import { type Fault, spellsOf } from './scenario.ts'
import type { SimulatedTarget } from './target.ts'
import { type Columns, columnsOf, counts, type Spell } from './timeline.ts'

interface ReportedFault {
  readonly label: string
  readonly spells: readonly Spell[]
  /** The targets of the route it is about. */
  readonly targets: readonly string[]
  /**
   * From its end until one of these targets answered again, milliseconds; null where none did; absent where it lasted to
   * the end, kept none of them out, or they would not have been asked anyway.
   */
  readonly returnMs?: number | null
}

interface ReportedRun {
  readonly name: string
  readonly figures: Figures
}

/** What a target did in each column: requests it answered, and those that passed it over since it was full. */
interface Server {
  /** `provider/model@profile`. */
  readonly target: string
  readonly profile: string
  readonly model: string
  readonly answered: readonly number[]
  readonly full: readonly number[]
}

/** What an outage does to a configuration. */
export interface SimulationReport {
  readonly scenario: { readonly name: string; readonly description: string }
  readonly seed: number
  readonly route: string
  readonly traffic: {
    readonly perSecond: number
    readonly minutes: number
    readonly isStreaming: boolean
    /** The wire format the requests are in. */
    readonly dialect: string
  }
  /** The targets that are asked, in the order in which they are tried where each of them fails. */
  readonly chain: readonly string[]
  /** Targets of the route that speak another dialect, and so take no part. */
  readonly leftOut: readonly { readonly target: string; readonly dialect: string }[]
  /** What is to be known before any figure is believed. */
  readonly notes: readonly string[]
  readonly faults: readonly ReportedFault[]
  /** The configuration itself first; then what would have been otherwise. */
  readonly runs: readonly [ReportedRun, ...ReportedRun[]]
  readonly outages: readonly Outage[]
  /** Equal stretches of time from the beginning on, by which the following is counted. */
  readonly columns: Columns
  /** Requests that began in each column. */
  readonly requests: readonly number[]
  /** Those of them that got no answer. */
  readonly unanswered: readonly number[]
  readonly servers: readonly Server[]
  readonly happenings: readonly Happening[]
}

/** Columns of a timeline unless another number is asked for. */
export const DEFAULT_COLUMNS = 60

/** What it is compared with. */
const ALTERNATIVES: Readonly<Record<string, Entrant>> = {
  'no failover, one try': withoutFailover,
  "rsclaw's rules": withRulesOf('rsclaw'),
  "PraisonAI's rules": withRulesOf('praisonai'),
}

/**
 * Plays a scenario on a configuration, and what would have been without it.
 * @param columnCount into how many equal stretches of time what is counted is divided
 */
export async function simulate(stage: Stage, columnCount = DEFAULT_COLUMNS): Promise<SimulationReport> {
  const { scenario, seed, route, dialect, chain, leftOut, faults } = stage
  const { perSecond, minutes, isStreaming } = scenario.traffic
  const totalMs = minutes * 60_000
  const book = new OutageBook(START_MS)
  const journal = await runOn(stage, asConfigured, book.hear)
  const others: ReportedRun[] = []
  for (const [name, entrant] of Object.entries(ALTERNATIVES))
    others.push({ name, figures: figuresOf(await runOn(stage, entrant)) })
  const outages = book.list()
  const columns = columnsOf(totalMs, columnCount)
  const begunIn = (requests: readonly RequestEntry[]): number[] =>
    counts(
      requests.map(({ startedAt }) => startedAt),
      columns,
    )
  const answered = Map.groupBy(journal.requests.filter(isAnswered), ({ attempts }) => attempts.at(-1)?.target.name)
  return {
    scenario: { name: scenario.name, description: scenario.description },
    seed,
    route,
    traffic: { perSecond, minutes, isStreaming, dialect },
    chain: chain.map(({ name }) => name),
    leftOut: leftOut.map((target) => ({ target: target.name, dialect: target.dialect })),
    notes: notesOn(stage, totalMs),
    faults: faults.map(({ fault, targets }) => ({
      label: labelOf(fault),
      spells: spellsOf(fault, totalMs),
      targets: targets.map(({ name }) => name),
      ...returnOf(journal, book, targets, fault, totalMs),
    })),
    runs: [{ name: 'this configuration', figures: figuresOf(journal) }, ...others],
    outages,
    columns,
    requests: begunIn(journal.requests),
    unanswered: begunIn(journal.requests.filter(({ outcome }) => outcome === 'failed')),
    servers: chain.map(({ name, profile, model }) => ({
      target: name,
      profile,
      model,
      answered: begunIn(answered.get(name) ?? []),
      full: counts(book.fullAt(name), columns),
    })),
    happenings: chronicle({ journal, outages, faults, totalMs }),
  }
}

function notesOn({ times, faults }: Stage, totalMs: number): string[] {
  const late = faults.filter(({ fault }) => fault.fromMs >= totalMs).map(({ fault }) => `“${labelOf(fault)}”`)
  return [
    ...(times.length === 0 ? ['there were no requests at all: they come too seldom, or for too short a time'] : []),
    ...(late.length > 0
      ? [
          `what begins after the last request has no effect: ${late.join(', ')} (requests come for ${formatDuration(totalMs)})`,
        ]
      : []),
  ]
}

function returnOf(
  journal: Journal,
  book: OutageBook,
  concerned: readonly SimulatedTarget[],
  fault: Fault,
  totalMs: number,
): Pick<ReportedFault, 'returnMs'> {
  const { fromMs, untilMs } = fault
  const targets = new Set(concerned.map(({ name }) => name))
  const wasUsed = firstAnswerFrom(journal, targets, 0)
  if (untilMs >= totalMs || wasUsed === undefined || (fromMs > 0 && wasUsed.startedAt >= fromMs)) return {}
  const wasLeft = concerned.some(
    (target) =>
      book.list().some((outage) => keptOut(outage, target, fault)) ||
      (fault.limit !== undefined && book.fullAt(target.name).some((at) => at >= fromMs && at < untilMs)),
  )
  if (!wasLeft) return {}
  const back = firstAnswerFrom(journal, targets, untilMs)
  return { returnMs: back === undefined ? null : Math.round(back.startedAt - untilMs) }
}
