import { pipeline, type Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import type { AnswerBody } from './answer-body.ts'
import type { ByteStream } from './byte-stream.ts'

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
}

/** The body without its content coding; absent, and canceled, for a coding that is not known. */
export function decodedBody(
  body: AnswerBody,
  contentEncoding: string | readonly string[] | undefined,
): ByteStream | undefined {
  const decoder = decoderOf(contentEncoding)
  if (decoder === 'none') return body
  if (decoder !== 'unknown') return decode(body, decoder)
  body.cancel()
  return undefined
}

/** What undoes a content coding; `none` is needed where there is none. */
export function decoderOf(contentEncoding: string | readonly string[] | undefined): Transform | 'none' | 'unknown' {
  const coding = `${contentEncoding ?? ''}`.trim().toLowerCase()
  if (coding === '' || coding === 'identity') return 'none'
  return Object.hasOwn(DECODERS, coding) ? (DECODERS[coding]?.() ?? 'unknown') : 'unknown'
}

function decode(body: AnswerBody, decoder: Transform): ByteStream {
  const chunks: AsyncIterator<Uint8Array, undefined> = decoder[Symbol.asyncIterator]()
  // A failure of either side surfaces at the reader, through the decoder.
  pipeline(body, decoder, () => {})
  const cancel = (): void => {
    body.cancel()
    decoder.destroy()
  }
  return { next: () => chunks.next(), stop: () => body.stop(), cancel, drain: cancel }
}
