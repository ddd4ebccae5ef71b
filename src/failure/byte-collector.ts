const FIRST_SIZE_BYTES = 1_024

/** Gathers pieces of bytes, however small, in time and memory that grow with their length; no more than its limit. */
export class ByteCollector {
  readonly #maxBytes: number
  #bytes: Buffer = Buffer.alloc(0)
  #length = 0
  #isOverfull = false

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** More came than is kept: what is kept is a beginning. */
  get isOverfull(): boolean {
    return this.#isOverfull
  }

  push(piece: Uint8Array): void {
    const room = this.#maxBytes - this.#length
    const kept = piece.length > room ? piece.subarray(0, room) : piece
    this.#isOverfull ||= kept.length < piece.length
    if (kept.length === 0) return
    this.#makeRoomFor(this.#length + kept.length)
    this.#bytes.set(kept, this.#length)
    this.#length += kept.length
  }

  /** What is kept, as text. A byte order mark at its beginning is left out. */
  text(): string {
    return new TextDecoder().decode(this.#bytes.subarray(0, this.#length))
  }

  /** Begins anew. Memory that was taken for something large is given back. */
  clear(): void {
    if (this.#bytes.length > FIRST_SIZE_BYTES) this.#bytes = Buffer.alloc(0)
    this.#length = 0
    this.#isOverfull = false
  }

  #makeRoomFor(length: number): void {
    if (length <= this.#bytes.length) return
    const size = Math.min(this.#maxBytes, Math.max(FIRST_SIZE_BYTES, length, this.#bytes.length * 2))
    const grown = Buffer.allocUnsafe(size)
    this.#bytes.copy(grown, 0, 0, this.#length)
    this.#bytes = grown
  }
}
