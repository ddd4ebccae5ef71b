import type { SecretMask } from '../../upstream/index.ts'

const NOTHING = Buffer.alloc(0)
/** What is shorter is copied together, bytes; a write costs about as much as copying so many. */
const MAX_COPIED_BYTES = 8 * 1024
const MAX_PIECES = 8
const LF = 10
const CR = 13

/** What has been found fit to be passed on, as few and as large pieces as it came in; no byte of it is copied. */
export class PassedBytes {
  readonly #mask: Pick<SecretMask, 'bytes'>
  #pieces: Buffer[] = []
  /** The last piece, as long as what follows may still lengthen it. */
  #bytes: Buffer = NOTHING
  #start = 0
  #end = 0
  /** What the last block lacks of its blank line: what follows must not become part of it. */
  #missingEnd = ''

  /** @param mask hides what must not go on: a relay may echo the key it was given */
  constructor(mask: Pick<SecretMask, 'bytes'>) {
    this.#mask = mask
  }

  get isEmpty(): boolean {
    return this.#end === this.#start && this.#pieces.length === 0
  }

  add(bytes: Buffer, start: number, end: number): void {
    if (this.#missingEnd !== '') this.finishBlock()
    if (bytes !== this.#bytes || start !== this.#end) {
      this.#close()
      this.#bytes = bytes
      this.#start = start
    }
    this.#end = end
  }

  /** As `add`, a block whose blank line never came: it gets one if anything follows. */
  addUnfinished(bytes: Buffer, start: number, end: number): void {
    this.add(bytes, start, end)
    this.#missingEnd = missingEndOf(bytes, end)
  }

  /** The last block ends here, whatever becomes of it. */
  finishBlock(): void {
    const missing = this.#missingEnd
    this.#missingEnd = ''
    this.addText(missing)
  }

  addText(text: string): void {
    if (text === '') return
    const bytes = Buffer.from(text)
    this.add(bytes, 0, bytes.length)
  }

  /** Everything since the last time: in one piece, or where copying it would cost more than writing them, in a few. */
  takePieces(): readonly Buffer[] {
    this.#close()
    const pieces = this.#pieces
    const isLong = pieces.reduce((sum, { length }) => sum + length, 0) > MAX_COPIED_BYTES
    if (!isLong || pieces.length > MAX_PIECES) return [this.take()]
    this.#pieces = []
    // A secret never stands over the border of two events.
    return pieces.map((piece) => this.#mask.bytes(piece))
  }

  /** Everything since the last time, as one piece. */
  take(): Buffer {
    this.#close()
    const pieces = this.#pieces
    this.#pieces = []
    return this.#mask.bytes(pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces))
  }

  #close(): void {
    if (this.#end > this.#start) this.#pieces.push(this.#bytes.subarray(this.#start, this.#end))
    this.#bytes = NOTHING
    this.#start = 0
    this.#end = 0
  }
}

/** Lines end in LF, CRLF or CR. */
function missingEndOf(bytes: Buffer, end: number): string {
  const last = bytes[end - 1]
  if (last === CR) return bytes[end - 2] === CR ? '' : '\n\n'
  if (last !== LF) return '\n\n'
  const before = bytes[end - 2] === CR ? bytes[end - 3] : bytes[end - 2]
  return before === LF || before === CR ? '' : '\n'
}
