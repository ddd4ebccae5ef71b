import type { IncomingMessage } from 'node:http'
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib'
import { Refusal } from './refusal.ts'

type Done = (error: Error | null, decoded: Buffer) => void

/** RFC 9110 §8.4.1, and zstd (RFC 8878). */
const DECODERS: Readonly<Record<string, (bytes: Buffer, maxOutputLength: number, done: Done) => void>> = {
  gzip: (bytes, maxOutputLength, done) => gunzip(bytes, { maxOutputLength }, done),
  'x-gzip': (bytes, maxOutputLength, done) => gunzip(bytes, { maxOutputLength }, done),
  deflate: (bytes, maxOutputLength, done) => inflate(bytes, { maxOutputLength }, done),
  br: (bytes, maxOutputLength, done) => brotliDecompress(bytes, { maxOutputLength }, done),
  zstd: (bytes, maxOutputLength, done) => zstdDecompress(bytes, { maxOutputLength }, done),
}

/**
 * The whole body of a request, without its content coding.
 *
 * @throws Refusal 413 as soon as it is known to be larger than `maxBytes`, coded or not; 415 for a coding that is not
 *   known; 400 where it does not decode
 */
export function readRequestBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const coding = request.headers['content-encoding']?.trim().toLowerCase() ?? ''
  const decode = Object.hasOwn(DECODERS, coding) ? DECODERS[coding] : undefined
  const isPlain = coding === '' || coding === 'identity'
  if (!isPlain && decode === undefined) {
    const message = `the content-encoding ${JSON.stringify(coding.slice(0, 40))} is not known; allowed are ${Object.keys(DECODERS).join(', ')}, identity`
    return Promise.reject(new Refusal(415, 'unsupported_encoding', message))
  }
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return Promise.reject(tooLarge(maxBytes))
  const whole = collect(request, maxBytes)
  return decode === undefined ? whole : whole.then((bytes) => undo(decode, coding, bytes, maxBytes))
}

function undo(
  decode: (bytes: Buffer, maxOutputLength: number, done: Done) => void,
  coding: string,
  bytes: Buffer,
  maxBytes: number,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    decode(bytes, maxBytes, (error, decoded) => {
      if (error === null) resolve(decoded)
      else if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') reject(tooLarge(maxBytes))
      else reject(new Refusal(400, 'invalid_encoding', `the body is not ${coding}, as its content-encoding says`))
    })
  })
}

/** Where the connection is closed before the end, nobody waits for what would be answered. */
function collect(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    const onData = (chunk: Buffer): void => {
      length += chunk.length
      if (length <= maxBytes) chunks.push(chunk)
      else {
        request.off('data', onData).off('end', onEnd)
        reject(tooLarge(maxBytes))
      }
    }
    const onEnd = (): void => {
      request.off('data', onData).off('end', onEnd)
      const [first] = chunks
      resolve(chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, length))
      // The request lives as long as its answer; what it brought must not.
      chunks.length = 0
    }
    request.on('data', onData).on('end', onEnd)
  })
}

function tooLarge(maxBytes: number): Refusal {
  return new Refusal(413, 'body_too_large', `the body has more than ${maxBytes} bytes (server.maxBodyBytes)`)
}

/** @throws Refusal 415 */
export function checkContentType({ headers }: IncomingMessage): void {
  const whole = headers['content-type'] ?? ''
  if (whole === 'application/json') return
  const [type = ''] = whole.split(';')
  const name = type.trim().toLowerCase()
  if (name === 'application/json' || name.endsWith('+json')) return
  const found =
    name === '' ? 'there is no content-type' : `the content-type ${JSON.stringify(name.slice(0, 60))} is not allowed`
  const message = `${found}; it must be application/json`
  throw new Refusal(415, 'unsupported_content_type', message)
}
