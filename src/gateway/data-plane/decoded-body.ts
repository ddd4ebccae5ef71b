import type { Transform } from 'node:stream'
import { FailoverError } from '../../failure/index.ts'
import type { BodyReader } from './body-reader.ts'

interface Wire {
  pause(): void
  resume(): void
}

/** A body in a content coding that was not asked for: undone on its way to the reader that wants it plain. */
export class DecodedBody implements BodyReader {
  readonly #reader: BodyReader
  readonly #decoder: Transform

  constructor(decoder: Transform, reader: BodyReader, wire: Wire) {
    this.#reader = reader
    this.#decoder = decoder
    decoder.on('data', (chunk: Buffer) => reader.take(chunk))
    decoder.on('end', () => reader.end())
    decoder.on('drain', () => wire.resume())
    decoder.on('error', (cause) => reader.fail(undecodable(cause)))
    this.take = (chunk) => {
      if (!decoder.write(chunk)) wire.pause()
    }
  }

  readonly take: (chunk: Buffer) => void

  end(): void {
    this.#decoder.end()
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

function undecodable(cause: Error): FailoverError {
  return new FailoverError('NETWORK_ERROR', 'the answer does not decode as its content-encoding says', {
    cause,
    reason: 'network',
    isRetryable: true,
  })
}
