import type { BodyReader } from './body-reader.ts'

interface CollectedBodyOptions {
  readonly maxBytes: number
  /** Told once, with what has arrived by then. */
  readonly onDone: (bytes: Buffer, how: 'whole' | 'cut' | 'broken', error?: Error) => void
}

/** A body that is taken in whole before anything is made of it. */
export class CollectedBody implements BodyReader {
  readonly #options: CollectedBodyOptions
  #chunks: Buffer[] = []
  #length = 0
  #isDone = false

  constructor(options: CollectedBodyOptions) {
    this.#options = options
  }

  take(chunk: Buffer): void {
    if (this.#isDone) return
    this.#chunks.push(chunk)
    this.#length += chunk.length
    if (this.#length > this.#options.maxBytes) this.cut()
  }

  end(): void {
    this.#done('whole')
  }

  /** No more of it is wanted. */
  cut(): void {
    this.#done('cut')
  }

  fail(error: Error): void {
    this.#done('broken', error)
  }

  drop(): void {
    this.#isDone = true
    this.#chunks = []
  }

  #done(how: 'whole' | 'cut' | 'broken', error?: Error): void {
    if (this.#isDone) return
    const [first] = this.#chunks
    const bytes = this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks, this.#length)
    this.drop()
    this.#options.onDone(bytes, how, error)
  }
}
