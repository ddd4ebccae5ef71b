import type { ByteStream } from './byte-stream.ts'

/** What was read of a body. */
export interface WholeBody {
  readonly text: string
  /** There was more than `maxBytes`; the rest was not taken in. */
  readonly isCut: boolean
}

/** Reads a body to its end, or up to `maxBytes`. Rejects where it broke off. */
export async function readWhole(body: ByteStream, maxBytes: number): Promise<WholeBody> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for (let item = await body.next(); !item.done; item = await body.next()) {
    chunks.push(item.value)
    bytes += item.value.length
    if (bytes > maxBytes) {
      body.cancel()
      return { text: Buffer.concat(chunks, bytes).toString('utf8', 0, maxBytes), isCut: true }
    }
  }
  return { text: Buffer.concat(chunks, bytes).toString('utf8'), isCut: false }
}
