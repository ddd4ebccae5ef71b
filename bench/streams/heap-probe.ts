import { setImmediate as turn } from 'node:timers/promises'
import { answerOrders } from '../gateway/ask.ts'

/** Bytes, of one process. */
export interface Reading {
  /** Resident memory as it was found. */
  readonly foundRss: number
  /** The same when everything that could be freed had been. */
  readonly rss: number
  /** Live objects of JavaScript, and what they hold outside of its heap. */
  readonly live: number
}

/**
 * Is loaded into what is measured, before its own program (`node --expose-gc --import`), and reads its memory when it is
 * told to over IPC.
 */
answerOrders(async (): Promise<Reading> => {
  const foundRss = process.memoryUsage.rss()
  // Twice, with a turn in between: finalizers and what waits for them.
  for (let round = 0; round < 2; round += 1) {
    globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' })
    await turn()
  }
  const { rss, heapUsed, external } = process.memoryUsage()
  return { foundRss, rss, live: heapUsed + external }
})
process.channel?.unref()
