import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { systemClock, systemRandom } from '../src/engine/clock.ts'
import { STRATEGY_NAMES, type StrategyName } from '../src/engine/select/strategy.ts'
import { FailoverManager, type ProfileOptions } from '../src/index.ts'
import { Choosing } from '../test/support/choosing.ts'
import { median } from './measure.ts'

const MODEL = 'openai/gpt-5'
/** How many targets, and microseconds that one choice among them may take. */
const SIZES = [
  { targets: 10, goalUs: 2 },
  { targets: 1_000, goalUs: 5 },
  { targets: 10_000, goalUs: 20 },
] as const
/** Few requests in a round, as few are alive at a time; and many rounds, of which the machine may disturb some. */
const RUNS = 50
const ROUNDS = 400
/** That go on at the same time. */
const SESSIONS = 1_000
/** Which targets are out. */
const OUTAGES: readonly { readonly name: string; isOut(index: number, targets: number): boolean }[] = [
  { name: 'all open', isOut: () => false },
  { name: 'a tenth out', isOut: (index) => index % 10 === 3 },
  { name: 'first half out', isOut: (index, targets) => index < targets / 2 },
]
const STRATEGIES: readonly { readonly name: string; readonly strategy: StrategyName; readonly rotate?: true }[] = [
  ...STRATEGY_NAMES.map((strategy) => ({ name: strategy, strategy })),
  { name: 'priority, rotating', strategy: 'priority', rotate: true },
]

/** What it costs a new request to choose its target, and what a profile weighs. */
export async function benchChoose(): Promise<void> {
  for (const { targets, goalUs } of SIZES) {
    const rows = STRATEGIES.flatMap(({ name, strategy, rotate = false }) =>
      [false, true].map((hasSession) => {
        const cells = OUTAGES.map(({ isOut }) => {
          const world = worldOf(targets, strategy, rotate, (index) => isOut(index, targets))
          return chooseUs(world, hasSession)
        })
        return { name: hasSession ? `${name}, by session` : name, cells }
      }),
    )
    const title = `Choosing among ${targets} targets, goal ${goalUs} µs`
    process.stdout.write(choiceTable(title, rows))
  }
  process.stdout.write(`\nA profile with one model asked: ${await bytesOfProfile()} bytes of heap\n`)
}

function profilesOf(count: number): ProfileOptions[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `openai:key-${index}`,
    apiKey: `sk-bench-${index}-00000000`,
    weight: 1 + (index % 4),
  }))
}

function worldOf(targets: number, strategy: StrategyName, rotateOnSuccess: boolean, isOut: (index: number) => boolean) {
  const world = new Choosing({
    profiles: profilesOf(targets),
    strategy,
    rotateOnSuccess,
    clock: systemClock,
    random: systemRandom,
  })
  for (const [index, target] of world.table.targets('openai', 'gpt-5').entries()) {
    // Each has been used, is in use, and has been measured.
    const lease = world.leases.open(target, false)
    lease.commit(500 + ((index * 7919) % 1_000))
    if (isOut(index)) world.putOut(target, 86_400_000)
  }
  return world
}

/** Median over the rounds of the mean over a round's new requests, microseconds. */
function chooseUs(world: Choosing, hasSession: boolean): number {
  let sessions = 0
  const newRequest = () => {
    sessions += 1
    return world.request(MODEL, hasSession ? { sessionKey: `session-${sessions % SESSIONS}-6f1d2c` } : {})
  }
  const round = (): number => {
    const requests = Array.from({ length: RUNS }, newRequest)
    const startedAt = process.hrtime.bigint()
    for (const request of requests) {
      if (world.chooserOf(request).choose().do !== 'try') throw new Error('nothing was chosen')
    }
    const tookUs = Number(process.hrtime.bigint() - startedAt) / 1_000 / RUNS
    for (const request of requests) world.end(request)
    return tookUs
  }
  for (let warming = 0; warming < ROUNDS / 10; warming += 1) round()
  return median(Array.from({ length: ROUNDS }, round))
}

function choiceTable(
  title: string,
  rows: readonly { readonly name: string; readonly cells: readonly number[] }[],
): string {
  const width = Math.max(...rows.map(({ name }) => name.length))
  const line = (name: string, cells: readonly string[]): string =>
    `${name.padEnd(width)} ${cells.map((cell) => cell.padStart(15)).join(' ')}`
  const head = line(
    '',
    OUTAGES.map(({ name }) => name),
  )
  const lines = rows.map(({ name, cells }) =>
    line(
      name,
      cells.map((us) => us.toFixed(2)),
    ),
  )
  return `\n${title}\n${head}   (µs for one, medians)\n${lines.join('\n')}\n`
}

/** Of the manager's own: what the options take that its user holds is not counted. */
async function bytesOfProfile(): Promise<number> {
  const count = 10_000
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  const used = (): number => {
    collect()
    collect()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return heapUsed + arrayBuffers
  }
  const run = async (manager: FailoverManager): Promise<number> => manager.run(MODEL, () => manager.size)
  await run(new FailoverManager({ profiles: profilesOf(1) }))
  const profiles = profilesOf(count)
  const before = used()
  const manager = new FailoverManager({ profiles })
  await run(manager)
  const bytes = used() - before
  return manager.size === profiles.length ? Math.round(bytes / count) : Number.NaN
}
