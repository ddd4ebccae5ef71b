import type { Usage } from '../../engine/index.ts'

/** How a stream ended: complete, or with what is wrong with it. */
export type StreamEnd =
  | { readonly usage: Usage | undefined }
  | {
      /** A `FailoverError`, or `Diverged` where it says something else than what was delivered. */
      readonly error: Error
      /** The token counts that came before. */
      readonly usage: Usage | undefined
    }

/** Where the bytes of a committed stream go. */
export interface StreamOutlet {
  /** @returns whether it can take more at once; where not, `resume` says when */
  write(bytes: Buffer): boolean
  /** The last bytes, and how the stream ended. */
  end(bytes: Buffer, how: StreamEnd): void
  noteActivity(): void
  /** The answer is complete, only its end mark is not here: nobody is to be blamed for that any more. */
  noteFinished(): void
  /** A tool call has begun that is held until it is whole. */
  noteHolding(): void
  /** A tool call that was held has been passed on: whoever got it may act on it. */
  noteCallPassed(): void
  /** This stream goes on with another, and brings from here on what the client has not got yet. */
  noteSeamPassed(): void
}
