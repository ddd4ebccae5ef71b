import type { Refusal } from './refusals.ts'

/** An answer that has begun; where answers are not streamed, the whole of it. */
export interface Reply {
  /** How long the caller would have waited for it where nothing is wrong, milliseconds. */
  readonly ownMs: number
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number }
  /** It was to go on with an answer from its beginning, and says something else. */
  readonly isDivergent: boolean
  /**
   * Goes on to the end, telling of each sign of life.
   * @param everyMs how often it gives one, milliseconds
   * @returns what stops it
   */
  readRest(everyMs: number, on: { sign(): void; end(error?: Refusal): void }): () => void
}
