import { STAMP, STAMP_DIGITS } from './wire.ts'

const STAMP_BYTES = STAMP.length + STAMP_DIGITS
const NS_PER_MS = 1_000_000

/**
 * Finds in a stream when its chunks were sent, and says how long each was under way. It looks at the bytes as they
 * arrive: what is around a stamp is checked where whole streams are measured.
 */
export class StampReader {
  readonly #onDelay: (ms: number) => void
  #hasHead = false
  /** The beginning of a stamp that may go on in the next read. */
  #rest: Buffer = Buffer.alloc(0)

  constructor(onDelay: (ms: number) => void) {
    this.#onDelay = onDelay
  }

  feed(arrived: Buffer): void {
    const nowNs = Number(process.hrtime.bigint())
    if (!this.#hasHead) this.#checkHead(arrived)
    const data = this.#rest.length === 0 ? arrived : Buffer.concat([this.#rest, arrived])
    let read = 0
    for (let at = data.indexOf(STAMP); at !== -1 && at + STAMP_BYTES <= data.length; at = data.indexOf(STAMP, read)) {
      read = at + STAMP_BYTES
      this.#onDelay((nowNs - Number(data.toString('latin1', at + STAMP.length, read))) / NS_PER_MS)
    }
    this.#rest = data.subarray(Math.max(read, data.length - STAMP_BYTES + 1))
  }

  #checkHead(arrived: Buffer): void {
    const start = arrived.toString('latin1', 0, 1_000)
    if (!start.startsWith('HTTP/1.1 200 ')) throw new Error(`not a 200: ${start}`)
    this.#hasHead = true
  }
}
