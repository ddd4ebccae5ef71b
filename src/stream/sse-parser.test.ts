import { createParser } from 'eventsource-parser'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SseEvent } from './sse-event.ts'
import { SseParser } from './sse-parser.ts'

describe('SseParser', () => {
  it('reads events whose lines end in LF, CRLF or CR', () => {
    for (const end of ['\n', '\r\n', '\r']) {
      const text = ['event: a', 'data: 1', '', 'data: 2', 'data: 3', '', ''].join(end)
      expect(parse([text]).events, JSON.stringify(end)).toEqual([
        { name: 'a', data: '1' },
        { name: undefined, data: '2\n3' },
      ])
    }
  })

  it('takes one space after the colon away, and no more', () => {
    expect(parse(['data:a\n\ndata: b\n\ndata:  c\n\ndata\n\n']).events.map((event) => event.data)).toEqual([
      'a',
      'b',
      ' c',
      '',
    ])
  })

  it('drops one byte order mark, comments, id and retry', () => {
    const { events, leftovers } = parse(['\uFEFF: hello\n\nid: 1\nretry: 3000\n\n:\ndata: x\nid\n\n'])
    expect(events).toEqual([{ name: undefined, data: 'x' }])
    expect(leftovers).toBe('')
  })

  it('does not dispatch an event without data', () => {
    expect(parse(['event: ping\n\ndata: x\n\n']).events).toEqual([{ name: undefined, data: 'x' }])
  })

  it('flushes the last event when the stream ends without a blank line', () => {
    expect(parse(['data: whole\n']).events).toEqual([{ name: undefined, data: 'whole' }])
    expect(parse(['data: {"cut":']).events).toEqual([{ name: undefined, data: '{"cut":' }])
    expect(parse(['event: x\r\ndata: y\r']).events).toEqual([{ name: 'x', data: 'y' }])
  })

  it('hands back the lines that are no fields', () => {
    const page = '<html>\n  <p>data: no</p>\n</html>'
    expect(parse([page]).leftovers).toBe(`${page}\n`)
    expect(parse(['data: 1\n\nerror: {"code":500}\n\n'])).toEqual({
      events: [{ name: undefined, data: '1' }],
      leftovers: 'error: {"code":500}\n',
    })
    expect(parse(['{"error":{"message":"x"}}']).leftovers).toBe('{"error":{"message":"x"}}\n')
    expect(parse(['dataset: 1\n']).leftovers).toBe('dataset: 1\n')
  })

  it('keeps the first 64 KiB of such lines', () => {
    const line = `${'x'.repeat(1023)}\n`
    expect(parse(Array.from({ length: 200 }, () => line)).leftovers.length).toBe(64 * 1024)
  })

  it('refuses an event that is too large, in one line or in many', () => {
    expect(() => parse([`data: ${'x'.repeat(100)}\n`], 100)).toThrow(RangeError)
    expect(() => parse(Array.from(`data: ${'x'.repeat(100)}`), 100)).toThrow(RangeError)
    expect(() => parse(['data: xxxxxxxxxx\n'.repeat(10)], 100)).toThrow(RangeError)
    expect(parse(['data: xxxxxxxxxx\n\n'.repeat(100)], 100).events).toHaveLength(100)
    expect(parse([`data: ${'x'.repeat(94)}\n\n`], 100).events).toHaveLength(1)
  })

  it('takes a large event byte by byte in linear time', () => {
    const parser = new SseParser({ onEvent: () => {} })
    const byte = Buffer.from('x')
    parser.push(Buffer.from('data: '))
    for (let count = 0; count < 1_000_000; count++) parser.push(byte)
    expect(parser.end()).toBe('')
  })

  it('sees what eventsource-parser sees, however the bytes are cut', () => {
    const line = fc.oneof(
      fc.constantFrom(
        '',
        '',
        '',
        'data',
        'data:',
        'data: {"a":"ü👋"}',
        'event: ping',
        'event:',
        ': comment',
        'id: 1',
        'retry: 10',
      ),
      fc.constantFrom(
        'data: a:b',
        'data:  two',
        'dataa: x',
        'error: {}',
        '\uFEFFdata: x',
        'event',
        'DATA: x',
        ' data: x',
      ),
      fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => `data: ${text}`),
    )
    const end = fc.constantFrom('\n', '\r\n', '\r')
    const text = fc
      .array(
        fc.tuple(line, end).map((parts) => parts.join('')),
        { maxLength: 20 },
      )
      .map((lines) => lines.join(''))
    fc.assert(
      fc.property(text, fc.array(fc.nat(), { maxLength: 12 }), fc.boolean(), (body, cuts, hasMark) => {
        const whole = Buffer.from(hasMark ? `\uFEFF${body}` : body)
        const expected: SseEvent[] = []
        const reference = createParser({ onEvent: ({ event, data }) => expected.push({ name: event, data }) })
        reference.feed(`${whole.toString()}\n\n`)
        expect(parse([...cut(whole, cuts), '\n\n']).events).toEqual(expected)
      }),
      { numRuns: 3000 },
    )
  })
})

function parse(
  chunks: readonly (string | Uint8Array)[],
  maxEventBytes?: number,
): { events: SseEvent[]; leftovers: string } {
  const events: SseEvent[] = []
  const parser = new SseParser({ onEvent: (event) => events.push(event), maxEventBytes })
  for (const chunk of chunks) parser.push(Buffer.from(chunk))
  return { events, leftovers: parser.end() }
}

function cut(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [0, ...cuts.map((at) => at % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return places.slice(1).map((place, index) => bytes.subarray(places[index], place))
}
