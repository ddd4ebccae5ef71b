import type { ExpectedBody } from './wire.ts'

type State = 'head' | 'sized' | 'chunk-size' | 'chunk' | 'chunk-end' | 'last-line'

const CARRIAGE_RETURN = 13
const DIGIT_0 = 48
const DIGIT_9 = 57
const LETTER_A = 97

/**
 * Reads the answers on one connection, one after the other, and checks that each is whole: the first byte by byte, the
 * others by status, length and end, as more would make the load generator the slowest part. Knows just the HTTP/1.1
 * that is spoken here, and throws at anything else.
 */
export class AnswerReader {
  readonly #expected: ExpectedBody
  #state: State = 'head'
  /** Bytes the body (or its current chunk) still has. */
  #left = 0
  #bodyBytes = 0
  /** Of the answers before. */
  #earlierBytes = 0
  #unread: Buffer | undefined
  /** The body's last bytes, so many as the end mark has. */
  #tail: Buffer = Buffer.alloc(0)
  /** The first answer's body, until it has been compared. */
  #first: Buffer[] | undefined = []

  constructor(expected: ExpectedBody) {
    this.#expected = expected
  }

  /** Bytes of bodies that have come, of all answers. */
  get bodyBytes(): number {
    return this.#earlierBytes + this.#bodyBytes
  }

  /** Takes what has arrived; says whether the answer is complete now. */
  feed(arrived: Buffer): boolean {
    const data = this.#unread === undefined ? arrived : Buffer.concat([this.#unread, arrived])
    this.#unread = undefined
    let at = 0
    while (at < data.length) {
      const next = this.#step(data, at)
      if (next === undefined) {
        this.#unread = data.subarray(at)
        return false
      }
      at = next
      if (this.#state === 'head') {
        if (at < data.length) throw new Error(`${data.length - at} bytes after the end of an answer`)
        this.#check()
        return true
      }
    }
    return false
  }

  /** Reads one part from `at`; gives where the next begins, or nothing if the part is not all there. */
  #step(data: Buffer, at: number): number | undefined {
    switch (this.#state) {
      case 'head':
        return this.#readHead(data, at)
      case 'sized':
      case 'chunk': {
        const end = Math.min(at + this.#left, data.length)
        this.#takeBody(data, at, end)
        if (this.#left === 0) this.#state = this.#state === 'sized' ? 'head' : 'chunk-end'
        return end
      }
      case 'chunk-size':
        return this.#readChunkSize(data, at)
      case 'chunk-end':
      case 'last-line':
        if (data.length < at + 2) return undefined
        if (data[at] !== CARRIAGE_RETURN) throw new Error('a chunk longer than it said')
        this.#state = this.#state === 'last-line' ? 'head' : 'chunk-size'
        return at + 2
    }
  }

  #readHead(data: Buffer, at: number): number | undefined {
    const end = data.indexOf('\r\n\r\n', at)
    if (end === -1) return undefined
    const head = data.toString('latin1', at, end)
    if (!head.startsWith('HTTP/1.1 200 ')) throw new Error(`not a 200: ${data.toString('latin1', at, at + 1_000)}`)
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
    this.#earlierBytes += this.#bodyBytes
    this.#bodyBytes = 0
    this.#left = Number(length ?? 0)
    this.#state = length === undefined ? 'chunk-size' : 'sized'
    if (length === undefined && !/\r\ntransfer-encoding: *chunked/i.test(head)) throw new Error(`no length: ${head}`)
    if (length === '0') throw new Error(`an empty answer: ${head}`)
    return end + 4
  }

  #readChunkSize(data: Buffer, start: number): number | undefined {
    let size = 0
    let at = start
    for (; data[at] !== CARRIAGE_RETURN; at += 1) {
      const byte = data[at]
      if (byte === undefined) return undefined
      const digit = byte <= DIGIT_9 ? byte - DIGIT_0 : (byte | 0x20) - LETTER_A + 10
      if (digit < 0 || digit > 15) throw new Error(`no chunk size: ${data.toString('latin1', start, start + 20)}`)
      size = size * 16 + digit
    }
    if (data.length < at + 2) return undefined
    this.#left = size
    this.#state = size === 0 ? 'last-line' : 'chunk'
    return at + 2
  }

  #takeBody(data: Buffer, start: number, end: number): void {
    const length = end - start
    this.#left -= length
    this.#bodyBytes += length
    this.#first?.push(data.subarray(start, end))
    const { end: mark, body } = this.#expected
    const missing = body.length - this.#bodyBytes
    if (missing >= mark.length) return
    const joined =
      missing + length >= mark.length
        ? data.subarray(start, end)
        : Buffer.concat([this.#tail, data.subarray(start, end)])
    this.#tail = joined.subarray(-mark.length)
  }

  #check(): void {
    const { body, end } = this.#expected
    if (this.#bodyBytes !== body.length) throw new Error(`${this.#bodyBytes} bytes instead of ${body.length}`)
    if (!this.#tail.equals(end)) throw new Error(`ends with ${JSON.stringify(this.#tail.toString())}`)
    if (this.#first !== undefined && !Buffer.concat(this.#first).equals(body))
      throw new Error('another answer came back')
    this.#first = undefined
  }
}
