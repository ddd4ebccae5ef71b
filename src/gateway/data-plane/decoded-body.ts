import type { Transform } from 'node:stream'
import type { FailoverError } from '../../failure/index.ts'
import type { AnswerErrors } from '../../upstream/index.ts'
import type { BodyReader } from './body-reader.ts'

interface Wire {
  pause(): void
  resume(): void
}

/** A body in a content coding that was not asked for: undone on its way to the reader that wants it plain. */
export class DecodedBody implements BodyReader {
  readonly #reader: BodyReader
  readonly #decoder: Transform
  readonly #wire: Wire

  constructor(decoder: Transform, reader: BodyReader, wire: Wire, errors: AnswerErrors) {
    this.#reader = reader
    this.#decoder = decoder
    this.#wire = wire
    decoder.on('data', (chunk: Buffer) => reader.take(chunk))
    decoder.on('end', () => reader.end())
    decoder.on('drain', () => wire.resume())
    decoder.on('error', (cause) => reader.fail(errors.undecodable(cause)))
  }

  take(chunk: Buffer): void {
    if (!this.#decoder.write(chunk)) this.#wire.pause()
  }

  end(): void {
    this.#decoder.end()
  }

  /** The reader wants no more for now; the decoder holds a little, then the wire is paused. */
  pause(): void {
    this.#decoder.pause()
  }

  resume(): void {
    this.#decoder.resume()
  }

  fail(error: FailoverError): void {
    this.#decoder.destroy()
    this.#reader.fail(error)
  }

  drop(): void {
    this.#decoder.destroy()
    this.#reader.drop()
  }
}
