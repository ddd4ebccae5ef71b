import type { ResumeMode } from '../recovery/index.ts'

/** How long an attempt at a streamed answer has been read. Times are milliseconds since the beginning. */
interface Reading {
  readonly beganAt: number
  readonly endedAt: number
  /** How long it would have been to its end. */
  readonly restMs: number
  /** How it goes on with the answer; undefined where it began it. */
  readonly resume: ResumeMode | undefined
}

/** How far a streamed answer has come to its caller, over all attempts at it. */
export class Delivery {
  /** The model whose answer it is; undefined before it has begun. */
  model: string | undefined
  #share = 0
  #breaks = 0
  #waitedMs = 0
  #brokenAt: number | undefined

  /** How much of it has been delivered, 0 to 1. */
  get share(): number {
    return this.#share
  }

  /** How often it broke off after it had begun. */
  get breaks(): number {
    return this.#breaks
  }

  /** How long its caller waited for something new after it had broken off, milliseconds. */
  get waitedMs(): number {
    return this.#waitedMs
  }

  /** An attempt has been read, to its end or not. */
  read({ beganAt, endedAt, restMs, resume }: Reading): void {
    const told = restMs === 0 ? 1 : Math.min(1, (endedAt - beganAt) / restMs)
    // What is said once more is nothing new.
    const newAt = beganAt + (resume === 'restart' ? this.#share * restMs : 0)
    if (this.#brokenAt !== undefined && endedAt >= newAt) {
      this.#waitedMs += newAt - this.#brokenAt
      this.#brokenAt = undefined
    }
    this.#share = resume === 'prefill' ? this.#share + (1 - this.#share) * told : Math.max(this.#share, told)
  }

  /** The attempt that was read broke off. */
  broke(at: number): void {
    this.#breaks += 1
    this.#brokenAt ??= at
  }
}
