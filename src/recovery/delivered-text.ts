/** So much of an answer is kept, text and reasoning together, UTF-16 code units; an answer that is longer is not continued. */
export const MAX_DELIVERED_CHARACTERS = 1 << 20
/** What most answers of a few sentences need, bytes. */
const FIRST_BYTES = 256
/** Bytes that wait to be decoded: enough for decoding to cost little, and little enough for thousands of streams. */
const MAX_WAITING_BYTES = 2_048
/** Shorter pieces are copied faster byte by byte than by a call. */
const SHORT_BYTES = 48
const BACKSLASH = 0x5c

/**
 * Text that was delivered, as it grows. Pieces of events that nobody parsed come as bytes; they are copied into a small
 * buffer and decoded when it is full, or when somebody asks. Nothing is allocated before the first piece.
 */
export class DeliveredText {
  #settled = ''
  /** Pieces that came as text, and are joined now and then: a chain of thousands of tiny strings costs much memory. */
  #pieces: string[] = []
  #piecesLength = 0
  #bytes: Buffer | undefined
  #byteCount = 0

  append(text: string): void {
    if (text === '') return
    this.#decode()
    this.#addPiece(text)
  }

  /** Appends what stands in JSON between two quotes. */
  appendEscaped(bytes: Uint8Array, start: number, end: number): void {
    if (start >= end) return
    // A character that was cut in two by its sender is two broken ones to the caller; here it must not become whole.
    if (((bytes[start] ?? 0) & 0xc0) === 0x80) this.#decode()
    const length = end - start
    const target = this.#room(length)
    if (target === undefined) {
      this.#addPiece(textOfEscaped(asBuffer(bytes), start, end))
      return
    }
    let at = this.#byteCount
    if (length > SHORT_BYTES) target.set(bytes.subarray(start, end), at)
    else for (let from = start; from < end; from += 1) target[at++] = bytes[from] ?? 0
    this.#byteCount += length
  }

  /** All of it. */
  get text(): string {
    this.#decode()
    this.#settle()
    return this.#settled
  }

  /** UTF-16 code units. */
  get length(): number {
    this.#decode()
    return this.#settled.length + this.#piecesLength
  }

  /** No fewer than `length`, and known at once: a byte is never more than one code unit. */
  get maxLength(): number {
    return this.#settled.length + this.#piecesLength + this.#byteCount
  }

  get isEmpty(): boolean {
    return this.maxLength === 0
  }

  clear(): void {
    this.#settled = ''
    this.#pieces = []
    this.#piecesLength = 0
    this.#bytes = undefined
    this.#byteCount = 0
  }

  /** A buffer with room for so many bytes more; undefined where none is that large. What waits is decoded if need be. */
  #room(length: number): Buffer | undefined {
    const needed = this.#byteCount + length
    const buffer = this.#bytes
    if (buffer !== undefined && needed <= buffer.length) return buffer
    if (needed > MAX_WAITING_BYTES) {
      this.#decode()
      return length > MAX_WAITING_BYTES ? undefined : this.#grow(length)
    }
    return this.#grow(needed)
  }

  #grow(needed: number): Buffer {
    const known = this.#bytes
    let size = known?.length ?? FIRST_BYTES
    while (size < needed) size *= 2
    if (known !== undefined && size === known.length) return known
    // Not from the pool that Node shares: a slice of it would keep all of it alive.
    const grown = Buffer.allocUnsafeSlow(size)
    known?.copy(grown, 0, 0, this.#byteCount)
    this.#bytes = grown
    return grown
  }

  #decode(): void {
    if (this.#bytes === undefined || this.#byteCount === 0) return
    const end = this.#byteCount
    this.#byteCount = 0
    this.#addPiece(textOfEscaped(this.#bytes, 0, end))
  }

  #addPiece(text: string): void {
    this.#pieces.push(text)
    this.#piecesLength += text.length
    if (this.#piecesLength >= MAX_WAITING_BYTES) this.#settle()
  }

  #settle(): void {
    if (this.#piecesLength === 0) return
    this.#settled += this.#pieces.join('')
    this.#pieces = []
    this.#piecesLength = 0
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function textOfEscaped(bytes: Buffer, start: number, end: number): string {
  const raw = bytes.toString('utf8', start, end)
  return bytes.subarray(start, end).includes(BACKSLASH) ? String(JSON.parse(`"${raw}"`)) : raw
}
