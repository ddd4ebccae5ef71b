/** Takes one block: the lines of an event and the blank line behind them, exactly as they came. */
export type BlockListener = (bytes: Buffer, start: number, end: number) => void

interface SseBlocksOptions {
  readonly onBlock: BlockListener
  /**
   * Asked where a block begins: where it ends, if that is known without a search; -1 where it is not. Such blocks are
   * not handed out.
   */
  readonly skip?: ((bytes: Buffer, start: number, length: number) => number) | undefined
  /** How large one block may be, at least 1. Default 8 MiB. */
  readonly maxBlockBytes?: number | undefined
}

const DEFAULT_MAX_BLOCK_BYTES = 8 * 1024 * 1024
const FIRST_CARRY_BYTES = 512
/** `\r\n\r\n`: line ends do not count against the limit. */
const MAX_LINE_END_BYTES = 4

const LF = 10
const CR = 13
const EMPTY = Buffer.alloc(0)

/**
 * Cuts a server-sent event stream into blocks without changing a byte: what is handed out, one after the other, is what
 * came in. Bytes may be cut anywhere, also inside a UTF-8 character or between `\r` and `\n`.
 *
 * The bytes are searched for line feeds by the native search; a stream whose lines end in a lone `\r`, which the
 * format allows and nobody sends, is walked through byte by byte.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
export class SseBlocks {
  readonly #onBlock: BlockListener
  readonly #skip: ((bytes: Buffer, start: number, length: number) => number) | undefined
  readonly #maxBlockBytes: number
  /** The block that has begun but not ended: the first `#carryLength` bytes. */
  #carry: Buffer = EMPTY
  #carryLength = 0
  /** Where in the present block the present line begins, and up to where it has been searched. */
  #lineStart = 0
  #searchedTo = 0
  #endedInCarriageReturn = false

  constructor({ onBlock, skip, maxBlockBytes = DEFAULT_MAX_BLOCK_BYTES }: SseBlocksOptions) {
    this.#onBlock = onBlock
    this.#skip = skip
    this.#maxBlockBytes = maxBlockBytes
  }

  /**
   * Takes the next bytes and hands out each block they complete. The bytes may be kept: nothing is written to them.
   *
   * @throws RangeError where a block is larger than `maxBlockBytes`
   */
  push(chunk: Buffer): void {
    if (chunk.length === 0) return
    const isReturnAlone = this.#endedInCarriageReturn && chunk[0] !== LF
    const hasLoneReturns = isReturnAlone || hasLoneReturn(chunk)
    if (hasLoneReturns) this.#pushWalking(chunk)
    else {
      const from = this.#carryLength === 0 ? 0 : this.#finishCarry(chunk)
      if (this.#carryLength === 0) this.#keep(chunk, this.#search(chunk, from, chunk.length), chunk.length)
    }
    this.#endedInCarriageReturn = chunk[chunk.length - 1] === CR
    this.#check(this.#carryLength)
  }

  /** Hands out what is still there: a block whose blank line never came. */
  end(): void {
    if (this.#carryLength > 0) this.#onBlock(this.#carry, 0, this.#carryLength)
    this.#carryLength = 0
  }

  /**
   * Adds lines to the block that has begun, up to its end: what follows that need not be copied.
   * @returns where in the chunk that is
   */
  #finishCarry(chunk: Buffer): number {
    let from = 0
    while (from < chunk.length) {
      const lineEnd = chunk.indexOf(LF, from)
      const to = lineEnd === -1 ? chunk.length : lineEnd + 1
      this.#keep(chunk, from, to)
      from = to
      if (lineEnd === -1) break
      const lineStart = this.#lineStart
      const length = this.#carryLength
      const isBlank = length - 1 === lineStart || (length - 2 === lineStart && this.#carry[lineStart] === CR)
      this.#lineStart = length
      if (isBlank) {
        this.#handCarry()
        break
      }
    }
    return from
  }

  #handCarry(): void {
    const carry = this.#carry
    const length = this.#carryLength
    this.#carryLength = 0
    this.#lineStart = 0
    this.#searchedTo = 0
    // What is handed out is a view of these bytes, and may be kept: what follows moves to others.
    this.#carry = EMPTY
    if (this.#skip?.(carry, 0, length) !== length) this.#hand(carry, 0, length)
  }

  /** As above, where some lines end in a lone `\r`, which nobody sends. */
  #pushWalking(chunk: Buffer): void {
    if (this.#carryLength === 0) {
      this.#keep(chunk, this.#walk(chunk, chunk.length), chunk.length)
      return
    }
    this.#keep(chunk, 0, chunk.length)
    const carry = this.#carry
    const length = this.#carryLength
    const rest = this.#walk(carry, length)
    if (rest === 0) return
    this.#carryLength = 0
    this.#carry = EMPTY
    this.#keep(carry, rest, length)
  }

  /** @returns where the block begins that has not ended */
  #search(bytes: Buffer, start: number, length: number): number {
    let blockStart = this.#skipped(bytes, start, length)
    let lineStart = blockStart
    let lineEnd = bytes.indexOf(LF, lineStart)
    while (lineEnd !== -1 && lineEnd < length) {
      const isBlank = lineEnd === lineStart || (lineEnd === lineStart + 1 && bytes[lineStart] === CR)
      lineStart = lineEnd + 1
      if (isBlank) {
        this.#hand(bytes, blockStart, lineStart)
        blockStart = this.#skipped(bytes, lineStart, length)
        lineStart = blockStart
      }
      lineEnd = bytes.indexOf(LF, lineStart)
    }
    this.#lineStart = lineStart - blockStart
    this.#searchedTo = length - blockStart
    return blockStart
  }

  /** Where the first block begins, from here on, that has to be searched for its end. */
  #skipped(bytes: Buffer, start: number, length: number): number {
    if (this.#skip === undefined) return start
    let blockStart = start
    for (let end = this.#skip(bytes, start, length); end !== -1; end = this.#skip(bytes, end, length)) blockStart = end
    return blockStart
  }

  /**
   * As `#search`, for lines that end in a lone `\r`. One at the very end is left for later: the `\n` that may follow
   * belongs to the same block.
   */
  #walk(bytes: Buffer, length: number): number {
    const limit = bytes[length - 1] === CR ? length - 1 : length
    let blockStart = 0
    let lineStart = this.#lineStart
    for (let index = this.#searchedTo; index < limit; index += 1) {
      const byte = bytes[index]
      if (byte !== LF && byte !== CR) continue
      const isBlank = index === lineStart
      if (byte === CR && bytes[index + 1] === LF) index += 1
      lineStart = index + 1
      if (!isBlank) continue
      this.#hand(bytes, blockStart, lineStart)
      blockStart = lineStart
    }
    this.#lineStart = lineStart - blockStart
    this.#searchedTo = limit - blockStart
    return blockStart
  }

  #hand(bytes: Buffer, start: number, end: number): void {
    this.#check(end - start)
    this.#onBlock(bytes, start, end)
  }

  #keep(bytes: Buffer, start: number, end: number): void {
    const length = this.#carryLength + end - start
    if (length > this.#carry.length) {
      // Memory of its own: a stream may rest here, and a share of a pool would keep all of that.
      const grown = Buffer.allocUnsafeSlow(Math.max(FIRST_CARRY_BYTES, length, this.#carry.length * 2))
      this.#carry.copy(grown, 0, 0, this.#carryLength)
      this.#carry = grown
    }
    bytes.copy(this.#carry, this.#carryLength, start, end)
    this.#carryLength = length
  }

  #check(length: number): void {
    if (length <= this.#maxBlockBytes + MAX_LINE_END_BYTES) return
    throw new RangeError(`the stream has an event of more than ${this.#maxBlockBytes} bytes`)
  }
}

/** Is there a `\r` without a `\n` behind it, or at the very end, where that cannot be told yet? */
function hasLoneReturn(bytes: Buffer): boolean {
  for (let at = bytes.indexOf(CR); at !== -1; at = bytes.indexOf(CR, at + 1)) {
    if (bytes[at + 1] !== LF) return true
  }
  return false
}
