import {
  asConfigured,
  type Entrant,
  EXAMPLE_SUBJECT,
  prepare,
  runOn,
  shippedScenarios,
  withRulesOf,
} from '../src/simulate/index.ts'
import type { Options } from './options.ts'
import { type LimitRow, unknownLimits } from './policy/h13.ts'
import { oracle } from './policy/oracle.ts'
import { Tally } from './policy/tally.ts'
import { threeTries } from './policy/three-tries.ts'

const OURS = 'hotspare'
const ORACLE = 'oracle'
const POLICIES: Readonly<Record<string, Entrant>> = {
  [OURS]: asConfigured,
  "rsclaw's rules": withRulesOf('rsclaw'),
  "PraisonAI's rules": withRulesOf('praisonai'),
  'three tries': threeTries,
  [ORACLE]: oracle,
}
const DEFAULT_SEEDS = 3
/** How far from the oracle ours may be: availability in absolute terms, attempts relative to its own. */
const MAX_LESS_AVAILABILITY = 0.005
const MAX_MORE_ATTEMPTS = 0.1

/** What each policy makes of the same faults, with the same luck. */
export async function benchPolicy({ repeats = DEFAULT_SEEDS }: Options): Promise<void> {
  const seeds = Array.from({ length: repeats }, (_, index) => index + 1)
  const sums = newTallies()
  const missed: string[] = []
  process.stdout.write(`\nThe same faults, the same luck: seeds ${seeds.join(', ')}\n${head()}\n`)
  for (const scenario of shippedScenarios()) {
    const tallies = newTallies()
    for (const seed of seeds) {
      const stage = await prepare(EXAMPLE_SUBJECT, scenario, seed)
      for (const [name, policy] of Object.entries(POLICIES)) tallies.get(name)?.add(stage, await runOn(stage, policy))
    }
    for (const [name, tally] of tallies) sums.get(name)?.join(tally)
    process.stdout.write(`${section(scenario.name, tallies)}\n`)
    missed.push(...shortfalls(scenario.name, tallies))
  }
  process.stdout.write(`${section('all of them', sums)}\n`)
  missed.push(...shortfalls('all of them', sums))
  const goal = 'the goal: within 0.5 % of the oracle’s availability and 10 % of its attempts'
  process.stdout.write(
    missed.length === 0 ? `${goal}, is met in every scenario\n` : `${goal}, is missed:\n  ${missed.join('\n  ')}\n`,
  )
  process.stdout.write(limitTable(await unknownLimits(1)))
}

function newTallies(): Map<string, Tally> {
  return new Map(Object.keys(POLICIES).map((name) => [name, new Tally()]))
}

function head(): string {
  return row('', ['available', 'attempts', '429s/1000', 'wasted', 'return'])
}

function section(title: string, tallies: ReadonlyMap<string, Tally>): string {
  const lines = [...tallies].map(([name, tally]) =>
    row(`  ${name}`, [
      `${(tally.availability * 100).toFixed(2)} %`,
      tally.attemptsPerRequest.toFixed(3),
      tally.rateLimitedPerThousand.toFixed(1),
      `${tally.wastedMsPerRequest.toFixed(0)} ms`,
      tally.returnMs === undefined ? '' : `${(tally.returnMs / 1_000).toFixed(1)} s`,
    ]),
  )
  return `${title}\n${lines.join('\n')}`
}

function row(name: string, cells: readonly string[]): string {
  return `${name.padEnd(22)}${cells.map((cell) => cell.padStart(12)).join('')}`
}

/** Where ours is further from the oracle than it should be. Better than the oracle is no fault. */
function shortfalls(title: string, tallies: ReadonlyMap<string, Tally>): string[] {
  const ours = tallies.get(OURS)
  const best = tallies.get(ORACLE)
  if (ours === undefined || best === undefined) return []
  const lessAvailability = best.availability - ours.availability
  const moreAttempts = ours.attemptsPerRequest / best.attemptsPerRequest - 1
  return [
    ...(lessAvailability > MAX_LESS_AVAILABILITY
      ? [`${title}: ${(lessAvailability * 100).toFixed(2)} % less available`]
      : []),
    ...(moreAttempts > MAX_MORE_ATTEMPTS ? [`${title}: ${(moreAttempts * 100).toFixed(1)} % more attempts`] : []),
  ]
}

function limitTable(rows: readonly LimitRow[]): string {
  const lines = rows.map(({ name, used, refused, answered }) => {
    const cells = [used, refused, answered].map((share) => `${(share * 100).toFixed(2)} %`.padStart(12))
    return `  ${name.padEnd(40)}${cells.join('')}`
  })
  const title =
    'Ten keys with unknown limits of 60 a minute, 1.6 times the load, minutes 2 to 10 (goal: 95 % used, 1 % 429s)'
  return `\n${title}\n${''.padEnd(42)}${['used', '429s', 'answered'].map((name) => name.padStart(12)).join('')}\n${lines.join('\n')}\n`
}
