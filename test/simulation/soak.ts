/**
 * The long form of the simulation: `node test/simulation/soak.ts [--requests N] [--seed S] [--world W] [--workers K]`.
 * Prints its seed first; where something is wrong, the world's own seed and a short story of it, and exits with 1.
 * `--world` runs one world again by its own seed. The same seed and number of workers make the same worlds.
 */
import { availableParallelism } from 'node:os'
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { countOf, type ManyWorlds, runWorlds, type Summary, together } from './many-worlds.ts'
import { tellShortly } from './short-story.ts'

const REPORT_EVERY = 100_000
/** How often a worker tells how far it has come. */
const TOLD_EVERY_MS = 500

type News = { readonly requests: number } | { readonly summary: Summary }

if (isMainThread) await main()
else await work(workerData)

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      requests: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: `${Math.floor(Math.random() * 0x1_0000_0000)}` },
      world: { type: 'string' },
      workers: { type: 'string', default: `${availableParallelism()}` },
    },
  })
  if (values.world !== undefined) return fail(await tellShortly(Number(values.world)))
  console.log(`seed ${values.seed}, ${values.workers} workers`)
  const startedAt = performance.now()
  const seconds = (): string => `${((performance.now() - startedAt) / 1_000).toFixed(1)} s`
  const summaries = await soak(Number(values.seed), Number(values.requests), Number(values.workers), (requests) =>
    console.log(`${requests} requests, ${seconds()}`),
  )
  const { worlds, told, failed } = together(summaries)
  const [requests, succeeded, attempts] = (['request_started', 'request_succeeded', 'attempt_started'] as const).map(
    (type) => countOf(told, type),
  )
  console.log(`${worlds} worlds, ${requests} requests (${succeeded} succeeded), ${attempts} attempts, ${seconds()}`)
  for (const [type, count] of Object.entries(told).sort(([a], [b]) => (a < b ? -1 : 1)))
    console.log(`  ${type} ${count}`)
  if (failed === undefined) return
  console.log(`something is wrong in world ${failed.seed}: ${failed.violations[0]?.rule}`)
  fail(await tellShortly(failed.seed))
}

/** Shares the worlds among workers, until all have been run or one of them has found something. */
async function soak(
  baseSeed: number,
  requests: number,
  workers: number,
  onProgress: (requests: number) => void,
): Promise<readonly Summary[]> {
  const made = Array.from({ length: workers }, () => 0)
  let toldAt = 0
  const all = made.map((_, first) => {
    const task: ManyWorlds = { baseSeed, requests: requests / workers, first, stride: workers }
    return new Worker(new URL(import.meta.url), { workerData: task })
  })
  const isDone: Promise<Summary>[] = all.map(
    (worker, index) =>
      new Promise((resolve, reject) => {
        worker.on('error', reject)
        worker.on('message', (news: News) => {
          if ('summary' in news) return resolve(news.summary)
          made[index] = news.requests
          const total = made.reduce((sum, each) => sum + each, 0)
          if (total < toldAt + REPORT_EVERY) return
          toldAt = total - (total % REPORT_EVERY)
          onProgress(total)
        })
      }),
  )
  const hasFailed = isDone.map((each) =>
    each.then((summary) => (summary.failed === undefined ? new Promise<never>(() => {}) : [summary])),
  )
  const summaries = await Promise.race([Promise.all(isDone), ...hasFailed])
  await Promise.all(all.map((worker) => worker.terminate()))
  return summaries
}

async function work(task: ManyWorlds): Promise<void> {
  let toldAt = performance.now()
  const summary = await runWorlds({
    ...task,
    onProgress(requests) {
      const now = performance.now()
      if (now - toldAt < TOLD_EVERY_MS) return
      toldAt = now
      parentPort?.postMessage({ requests } satisfies News)
    },
  })
  parentPort?.postMessage({ summary } satisfies News)
}

function fail(story: string): void {
  if (story === '') return
  console.log(story)
  process.exitCode = 1
}
