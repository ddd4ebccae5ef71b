import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { AnswerBody } from './answer-body.ts'
import { decodedBody } from './content-decoding.ts'
import { readWhole, type WholeBody } from './read-whole.ts'

const text = 'grüße '.repeat(10_000)
const idle = { pause() {}, resume() {}, abort() {}, detach() {} }

function bodyOf(bytes: Uint8Array, pieceBytes = 1_000): AnswerBody {
  const body = new AnswerBody(idle)
  for (let at = 0; at < bytes.length; at += pieceBytes) body.push(bytes.subarray(at, at + pieceBytes))
  return body
}

describe('decodedBody', () => {
  it.each([
    ['gzip', gzipSync(text)],
    ['x-gzip', gzipSync(text)],
    ['GZIP', gzipSync(text)],
    ['deflate', deflateSync(text)],
    ['br', brotliCompressSync(text)],
    ['zstd', zstdCompressSync(text)],
    ['identity', Buffer.from(text)],
  ])('decodes %s', async (coding, bytes) => {
    const body = bodyOf(bytes)
    body.end()
    expect((await readDecoded(body, coding, 1e9)).text).toBe(text)
  })

  it('passes a body without coding on as it is', () => {
    const body = bodyOf(Buffer.from('x'))
    expect(decodedBody(body, undefined)).toBe(body)
  })

  it('gives up a body whose coding it does not know', async () => {
    for (const coding of ['gzip, br', 'constructor', 'compress']) {
      const body = bodyOf(Buffer.from('x'))
      expect(decodedBody(body, coding)).toBeUndefined()
      expect((await body.next()).done).toBe(true)
    }
  })

  it('fails on bytes that were never encoded, and on a cut body', async () => {
    const plain = bodyOf(Buffer.from('plain'))
    plain.end()
    await expect(readDecoded(plain, 'gzip', 1e9)).rejects.toThrow('header')
    const cut = bodyOf(gzipSync(text).subarray(0, 100))
    cut.end()
    await expect(readDecoded(cut, 'gzip', 1e9)).rejects.toThrow('unexpected end')
  })

  it('passes on why the body broke off', async () => {
    const body = bodyOf(gzipSync(text).subarray(0, 100))
    const reason = new Error('reset')
    body.fail(reason)
    await expect(readDecoded(body, 'gzip', 1e9)).rejects.toBe(reason)
  })

  it('cuts a body that grows beyond the limit', async () => {
    const body = bodyOf(gzipSync(Buffer.alloc(50_000_000)))
    body.end()
    expect(await readDecoded(body, 'gzip', 1_000)).toEqual({ text: '\0'.repeat(1_000), isCut: true })
  })
})

function readDecoded(body: AnswerBody, coding: string, maxBytes: number): Promise<WholeBody> {
  const bytes = decodedBody(body, coding)
  return bytes === undefined ? expect.unreachable(coding) : readWhole(bytes, maxBytes)
}
