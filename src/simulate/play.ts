import type { Contender } from './contender.ts'
import { Dice } from './dice.ts'
import type { Journal } from './journal.ts'
import type { Traffic } from './scenario.ts'
import type { World } from './world.ts'

/** When requests come, milliseconds since the beginning: at random, independently of each other. */
export function arrivals({ perSecond, minutes }: Pick<Traffic, 'perSecond' | 'minutes'>, seed: number): number[] {
  const dice = new Dice(seed, 2)
  const times: number[] = []
  const endMs = minutes * 60_000
  for (let at = dice.gap(1_000 / perSecond); at < endMs; at += dice.gap(1_000 / perSecond)) times.push(at)
  return times
}

/** Sends the requests in at their times and lets all of them come to their end. */
export async function play(
  world: World,
  contender: Contender,
  journal: Journal,
  times: readonly number[],
): Promise<void> {
  const { clock } = world
  const running = new Set<Promise<void>>()
  let next = 0
  const arrive = (): void => {
    const request = contender.ask(journal.begin(next, world.elapsedMs))
    running.add(request)
    void request.then(() => running.delete(request))
    next += 1
    schedule()
  }
  const schedule = (): void => {
    const at = times[next]
    if (at !== undefined) clock.setTimer(arrive, at - world.elapsedMs)
  }
  schedule()
  const last = times.at(-1)
  if (last !== undefined) await clock.advance(last)
  await clock.runUntil(Promise.all(running))
}
