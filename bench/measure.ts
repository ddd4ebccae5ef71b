import { availableParallelism, cpus } from 'node:os'

/** One way of doing the same thing. */
export interface Variant {
  readonly name: string
  /** Does it once. */
  readonly run: () => PromiseLike<unknown>
  /** The name of the variant that this one's added time is counted from. Default: the first. */
  readonly beside?: string
}

export interface Row {
  readonly name: string
  /** Microseconds of processor time for one run: median over the rounds, and the fastest and slowest round. */
  readonly medianUs: number
  readonly minUs: number
  readonly maxUs: number
  /** Median over the rounds of this variant's time less the baseline's of the same round, microseconds. */
  readonly addedUs: number
}

interface Effort {
  readonly rounds: number
  /** Runs of each variant in a round. */
  readonly runs: number
}

/**
 * Times variants beside each other, alternating in every round, so that a machine that slows down slows them alike.
 * The first variant is the baseline of all that name no other.
 */
export async function compare(variants: readonly [Variant, ...Variant[]], { rounds, runs }: Effort): Promise<Row[]> {
  for (const { run } of variants) await time(run, runs)
  const samples = new Map<string, number[]>(variants.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, run } of variants) samples.get(name)?.push(await time(run, runs))
  }
  return variants.map(({ name, beside = variants[0].name }) => {
    const baseline = samples.get(beside) ?? []
    const times = samples.get(name) ?? []
    const added = times.map((us, round) => us - (baseline[round] ?? 0))
    return {
      name,
      medianUs: median(times),
      minUs: Math.min(...times),
      maxUs: Math.max(...times),
      addedUs: median(added),
    }
  })
}

export function table(title: string, rows: readonly Row[]): string {
  const width = Math.max(...rows.map(({ name }) => name.length))
  const lines = rows.map(({ name, medianUs, minUs, maxUs, addedUs }) => {
    const cells = [medianUs, minUs, maxUs, addedUs].map((value) => value.toFixed(2).padStart(9))
    return `${name.padEnd(width)} ${cells.join(' ')}`
  })
  const head = `${''.padEnd(width)} ${['median', 'min', 'max', 'added'].map((name) => name.padStart(9)).join(' ')}   (µs for one)`
  return `\n${title}\n${head}\n${lines.join('\n')}\n`
}

/** What it was measured on; figures of different machines are not comparable, ratios within one run are. */
export function machine(): string {
  return `Node ${process.version}, ${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown CPU'}`
}

/**
 * In processor time of this process, garbage collection included: nothing that is measured here waits, and what others
 * do on the machine meanwhile should count as little as possible.
 */
async function time(run: () => PromiseLike<unknown>, runs: number): Promise<number> {
  const before = process.cpuUsage()
  for (let index = 0; index < runs; index += 1) await run()
  const { system, user } = process.cpuUsage(before)
  return (system + user) / runs
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
