import type { ResumeMode } from '../recovery/index.ts'
import type { Delivery } from './delivery.ts'
import { brokenOff } from './refusals.ts'
import type { Reply } from './reply.ts'
import type { World } from './world.ts'

interface StreamedReplyOptions {
  readonly world: Pick<World, 'clock' | 'elapsedMs'>
  readonly ownMs: number
  readonly usage: Reply['usage']
  readonly isDivergent: boolean
  readonly resume: ResumeMode | undefined
  readonly delivery: Delivery
  /** From its first content to its end, milliseconds. */
  readonly restMs: number
  /** It breaks off so long after its first content, milliseconds. */
  readonly cutAfterMs: number | undefined
  readonly onEnd: (outcome: 'answered' | 'cut') => void
}

/** A streamed answer that has begun. It comes at a steady pace. */
export class StreamedReply implements Reply {
  readonly ownMs: number
  readonly usage: Reply['usage']
  readonly isDivergent: boolean
  readonly #options: StreamedReplyOptions

  constructor(options: StreamedReplyOptions) {
    const { ownMs, usage, isDivergent } = options
    this.ownMs = ownMs
    this.usage = usage
    this.isDivergent = isDivergent
    this.#options = options
  }

  readRest(everyMs: number, on: Parameters<Reply['readRest']>[1]): () => void {
    const { world, delivery, resume, restMs, cutAfterMs, onEnd } = this.#options
    const beganAt = world.elapsedMs
    const endAt = beganAt + (cutAfterMs ?? restMs)
    let isRead = false
    let cancel = (): void => {}
    const stop = (): void => {
      if (isRead) return
      isRead = true
      cancel()
      delivery.read({ beganAt, endedAt: world.elapsedMs, restMs, resume })
    }
    const goOn = (): void => {
      const leftMs = endAt - world.elapsedMs
      cancel = leftMs > everyMs ? world.clock.setTimer(beat, everyMs) : world.clock.setTimer(end, leftMs)
    }
    const beat = (): void => {
      on.sign()
      goOn()
    }
    const end = (): void => {
      stop()
      onEnd(cutAfterMs === undefined ? 'answered' : 'cut')
      if (cutAfterMs !== undefined) delivery.broke(world.elapsedMs)
      on.end(cutAfterMs === undefined ? undefined : brokenOff())
    }
    goOn()
    return stop
  }
}
