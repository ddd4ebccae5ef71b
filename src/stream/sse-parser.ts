import { SseBlocks } from './sse-blocks.ts'
import { type SseEvent, SseEventReader } from './sse-event.ts'

interface SseParserOptions {
  readonly onEvent: (event: SseEvent) => void
  /** How large one event may be before the parser gives up, at least 1. Default 8 MiB. */
  readonly maxEventBytes?: number | undefined
}

/**
 * Server-sent events out of bytes that may be cut anywhere, also inside a UTF-8 character or between `\r` and `\n`.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
export class SseParser {
  readonly #reader = new SseEventReader()
  readonly #blocks: SseBlocks

  constructor({ onEvent, maxEventBytes }: SseParserOptions) {
    const onBlock = (bytes: Buffer, start: number, end: number): void => {
      const event = this.#reader.read(bytes, start, end)
      if (event !== undefined) onEvent(event)
    }
    this.#blocks = new SseBlocks({ onBlock, maxBlockBytes: maxEventBytes })
  }

  /**
   * Takes the next bytes and calls `onEvent` for each event they complete.
   *
   * @throws RangeError where an event is larger than `maxEventBytes`
   */
  push(chunk: Uint8Array): void {
    this.#blocks.push(Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))
  }

  /**
   * Hands out what is still there: an event whose closing blank line never came. Returns the lines that were no
   * fields, each ended by `\n`; empty where all was in order. About the first 64 KiB of them are kept.
   */
  end(): string {
    this.#blocks.end()
    return this.#reader.leftovers
  }
}
