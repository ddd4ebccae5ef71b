const NOTHING = Buffer.alloc(0)
const MASK = Buffer.from('***')
/** As everywhere: what is shorter is no secret, and masking it would tear up words. */
const SHORTEST_SECRET = 4

/** What has been found fit to be passed on, as few and as large pieces as it came in; no byte of it is copied. */
export class PassedBytes {
  readonly #secret: Buffer | undefined
  #pieces: Buffer[] = []
  /** The last piece, as long as what follows may still lengthen it. */
  #bytes: Buffer = NOTHING
  #start = 0
  #end = 0

  /** @param secret masked wherever it occurs: a relay may echo the key it was given */
  constructor(secret: string | undefined) {
    this.#secret = secret === undefined || secret.length < SHORTEST_SECRET ? undefined : Buffer.from(secret)
  }

  get isEmpty(): boolean {
    return this.#end === this.#start && this.#pieces.length === 0
  }

  add(bytes: Buffer, start: number, end: number): void {
    if (bytes !== this.#bytes || start !== this.#end) {
      this.#close()
      this.#bytes = bytes
      this.#start = start
    }
    this.#end = end
  }

  addText(text: string): void {
    if (text === '') return
    const bytes = Buffer.from(text)
    this.add(bytes, 0, bytes.length)
  }

  /** Everything since the last time, as one piece. */
  take(): Buffer {
    this.#close()
    const pieces = this.#pieces
    this.#pieces = []
    const whole = pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces)
    return this.#secret === undefined ? whole : withoutSecret(whole, this.#secret)
  }

  #close(): void {
    if (this.#end > this.#start) this.#pieces.push(this.#bytes.subarray(this.#start, this.#end))
    this.#bytes = NOTHING
    this.#start = 0
    this.#end = 0
  }
}

/** The same bytes with the secret masked; the very same buffer where it does not occur. */
export function withoutSecret(bytes: Buffer, secret: Buffer): Buffer {
  let at = bytes.indexOf(secret)
  if (at === -1) return bytes
  const pieces: Buffer[] = []
  let from = 0
  for (; at !== -1; at = bytes.indexOf(secret, from)) {
    pieces.push(bytes.subarray(from, at), MASK)
    from = at + secret.length
  }
  return Buffer.concat([...pieces, bytes.subarray(from)])
}
