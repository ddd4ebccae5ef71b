import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SseBlocks } from './sse-blocks.ts'

const PARTS = ['data: {"a":"ü👋"}', 'event: ping', ': comment', '', '', 'data', 'id: 1', '<html>']

describe('SseBlocks', () => {
  it('hands out the lines of an event with the blank line behind them', () => {
    expect(cutUp(['data: 1\n\n: ping\r\n\r\nevent: a\ndata: 2\n\n\ndata: 3'])).toEqual([
      'data: 1\n\n',
      ': ping\r\n\r\n',
      'event: a\ndata: 2\n\n',
      '\n',
      'data: 3',
    ])
  })

  it('changes no byte, however the bytes are cut, and cuts where it would have cut the whole', () => {
    const text = fc
      .array(
        fc.tuple(fc.constantFrom(...PARTS), fc.constantFrom('\n', '\r\n', '\r')).map((pair) => pair.join('')),
        {
          maxLength: 24,
        },
      )
      .map((lines) => lines.join(''))
    fc.assert(
      fc.property(text, fc.array(fc.nat(), { maxLength: 10 }), (body, cuts) => {
        const bytes = Buffer.from(body)
        const pieces = split(bytes, cuts)
        const blocks = cutUp(pieces)
        expect(blocks.join('')).toBe(body)
        expect(blocks).toEqual(cutUp([bytes]))
      }),
      { numRuns: 3_000 },
    )
  })

  it('leaves out what it is told to skip, and takes up behind it, however the bytes are cut', () => {
    const skipped = 'data: skip\n\n'
    const body = `data: 1\n\n${skipped.repeat(3)}data: 2\n\n${skipped}: x\n\n`
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 6 }), (cuts) => {
        const order: string[] = []
        const blocks = new SseBlocks({
          onBlock: (bytes, start, end) => order.push(bytes.toString('utf8', start, end)),
          skip: (bytes, start, length) => {
            const end = start + skipped.length
            if (end > length || bytes.toString('utf8', start, end) !== skipped) return -1
            order.push(skipped)
            return end
          },
        })
        for (const piece of split(Buffer.from(body), cuts)) blocks.push(piece)
        blocks.end()
        expect(order.join('')).toBe(body)
        expect(order).toHaveLength(7)
      }),
    )
  })
})

function cutUp(chunks: readonly (string | Buffer)[]): string[] {
  const found: Buffer[] = []
  const blocks = new SseBlocks({ onBlock: (bytes, start, end) => found.push(Buffer.from(bytes.subarray(start, end))) })
  for (const chunk of chunks) blocks.push(Buffer.from(chunk))
  blocks.end()
  return found.map((bytes) => bytes.toString())
}

function split(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...cuts.map((at) => at % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return places.slice(1).map((place, index) => bytes.subarray(places[index], place))
}
