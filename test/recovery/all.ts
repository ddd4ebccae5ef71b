/**
 * The long form: every recorded answer is cut at every byte, stalled at every event and has an error put in at every
 * border; every kind of fallback goes on with it, through every door.
 *
 * `node test/recovery/all.ts [--seed N] [--stride N] [--workers N] [--only NAME] [--trial ID]`
 *
 * Prints its seed first, then how far it is, what came of it, and how often recovery succeeds; exits with 1 where the
 * caller got anything but the whole answer or a clear error, or an error where the whole answer is promised. `--stride`
 * takes only every so many of the trials, `--only` those whose ids contain it (`anthropic/blocks`, ` stall-`, …). `--trial`
 * runs one again, by the id under which it was told and with the same seed.
 */
import { availableParallelism } from 'node:os'
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { allRecordings } from './recordings.ts'
import { rateTable, rateTrials } from './recovery-rate.ts'
import { TrialRunner } from './run-trials.ts'
import { countOf, countsTable, Tally, type TallyData, together } from './tally.ts'
import { idOf, parseTrial, type Trial } from './trial.ts'
import { everyTrial } from './trial-lists.ts'

interface Task {
  readonly seed: number
  readonly stride: number
  readonly only: string
  /** This worker's trials are those whose number leaves this rest. */
  readonly index: number
  readonly workers: number
}

type News = { readonly trials: number } | { readonly all: TallyData; readonly rates: TallyData }

/** How often it is told how far it is. */
const TOLD_EVERY_MS = 30_000

if (isMainThread) await main()
else await work(workerData)

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: `${Math.floor(Math.random() * 0x1_0000_0000)}` },
      stride: { type: 'string', default: '1' },
      workers: { type: 'string', default: `${availableParallelism()}` },
      only: { type: 'string', default: '' },
      trial: { type: 'string' },
    },
  })
  const seed = Number(values.seed)
  console.log(`seed ${seed}`)
  if (values.trial !== undefined) return tell(await runAll(seed, [parseTrial(values.trial, allRecordings())]))
  const workers = Number(values.workers)
  const startedAt = performance.now()
  const done = Array.from({ length: workers }, () => 0)
  const minutes = (): string => `${((performance.now() - startedAt) / 60_000).toFixed(1)} min`
  const timer = setInterval(
    () => console.log(`${done.reduce((sum, each) => sum + each, 0)} trials, ${minutes()}`),
    TOLD_EVERY_MS,
  )
  const results = await Promise.all(
    done.map((_, index) => {
      const task: Task = { seed, stride: Number(values.stride), only: values.only, index, workers }
      return resultOf(task, (trials) => {
        done[index] = trials
      })
    }),
  )
  clearInterval(timer)
  const all = together(results.map((result) => result.all))
  const rates = together(results.map((result) => result.rates))
  console.log(`${all.trials} trials in ${minutes()}: ${countOf(all, 'recovered')} recovered\n\n${countsTable(all)}\n`)
  if (rates.trials > 0) console.log(`How often recovery succeeds:\n\n${rateTable(rates)}\n`)
  tell(together([all, rates]))
}

function tell({ broken, violations }: TallyData): void {
  for (const { id, what } of violations) console.log(`${id}\n  ${what}`)
  console.log(`${broken} trials went as none may`)
  if (broken > 0) process.exitCode = 1
}

function resultOf(task: Task, onProgress: (trials: number) => void): Promise<Extract<News, { all: TallyData }>> {
  const worker = new Worker(new URL(import.meta.url), { workerData: task })
  return new Promise((resolve, reject) => {
    worker.on('error', reject)
    worker.on('message', (news: News) => ('all' in news ? resolve(news) : onProgress(news.trials)))
  })
}

async function work({ seed, stride, only, index, workers }: Task): Promise<void> {
  const chosen = everyTrial(allRecordings(), seed).filter((trial) => idOf(trial).includes(only))
  let told = 0
  const all = await runAll(seed, shareOf(chosen, index, workers, stride), (trials) => {
    if (trials < told + 200) return
    told = trials
    parentPort?.postMessage({ trials } satisfies News)
  })
  const rates = await runAll(seed, only === '' ? shareOf(rateTrials(), index, workers) : [])
  parentPort?.postMessage({ all, rates } satisfies News)
}

function* shareOf(trials: Iterable<Trial>, index: number, workers: number, stride = 1): Generator<Trial> {
  let counted = 0
  for (const trial of trials) if (counted++ % (workers * stride) === index * stride) yield trial
}

async function runAll(
  seed: number,
  trials: Iterable<Trial>,
  onProgress: (trials: number) => void = () => {},
): Promise<TallyData> {
  await using runner = await TrialRunner.start(seed)
  const tally = new Tally()
  await runner.run(trials, (judged) => {
    tally.add(judged)
    onProgress(tally.data.trials)
  })
  return tally.data
}
