import type { Clock } from '../engine/index.ts'

/** How much of an answer that is no longer needed is read to keep its connection. */
export interface DrainLimits {
  readonly clock: Clock
  readonly maxMs: number
  readonly maxBytes: number
}

/** The body of an answer as it arrives. One reader, one `next` at a time. */
export interface ByteStream {
  /** Waits for bytes; rejects where the body broke off, or with the signal's reason. */
  next(): Promise<IteratorResult<Uint8Array, undefined>>
  /** Ends it on the wire. What has arrived can still be read, then it is done. */
  stop(): void
  /** Ends it on the wire and forgets what has arrived: a waiting `next` is done. */
  cancel(): void
  /** Nobody reads any more: takes in the rest in the background, so that the connection can be used again. */
  drain(limits: DrainLimits): void
}
