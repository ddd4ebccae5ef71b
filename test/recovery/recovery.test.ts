import { expect, it } from 'vitest'
import { Dice } from '../simulation/random.ts'
import { allRecordings } from './recordings.ts'
import { TrialRunner } from './run-trials.ts'
import { countOf, countsTable, Tally } from './tally.ts'
import { someTrials } from './trial-lists.ts'

const SEED = Number(process.env.HOTSPARE_SEED ?? 20_261_126)
const TRIALS = 500

it(`a stream that breaks anywhere is a whole answer or an error, and whole where that is promised (seed ${SEED}, HOTSPARE_SEED sets another)`, {
  timeout: 180_000,
}, async () => {
  const [first, ...others] = allRecordings()
  if (first === undefined) throw new Error('there are no recordings')
  await using runner = await TrialRunner.start(SEED)
  const tally = new Tally()
  await runner.run(someTrials([first, ...others], new Dice(SEED), TRIALS), (judged) => tally.add(judged))
  const { violations, trials } = tally.data
  const again = `node test/recovery/all.ts --seed ${SEED} --trial '…'`
  expect(violations, `run one of them by itself: ${again}`).toEqual([])
  expect(trials).toBe(TRIALS)
  for (const [course, share] of [
    ['recovered', 4],
    ['unseen', 20],
    ['raised', 20],
  ] as const)
    expect(countOf(tally.data, course), countsTable(tally.data)).toBeGreaterThan(TRIALS / share)
})
