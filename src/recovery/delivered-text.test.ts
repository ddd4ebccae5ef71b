import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DeliveredText } from './delivered-text.ts'

/** A text as JSON has it between quotes, in one of the ways it may be written. */
function escaped(text: string, isAscii: boolean): Buffer {
  const json = JSON.stringify(text).slice(1, -1)
  const plain = isAscii
    ? json.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    : json
  return Buffer.from(plain)
}

const anyText = fc.string({ unit: 'binary', maxLength: 40 })
const anyUnits = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 30 })
  .map((units) => String.fromCharCode(...units))
const piece = fc.record({
  text: fc.oneof(anyText, anyUnits, fc.constant('x'.repeat(3_000)), fc.constant('é'.repeat(900))),
  form: fc.constantFrom('text', 'bytes', 'ascii'),
})

function append(delivered: DeliveredText, { text, form }: { text: string; form: string }): void {
  if (form === 'text') {
    delivered.append(text)
    return
  }
  const bytes = escaped(text, form === 'ascii')
  const around = Buffer.concat([Buffer.from('"content":"'), bytes, Buffer.from('"}')])
  delivered.appendEscaped(around, 11, 11 + bytes.length)
}

describe('DeliveredText', () => {
  it('is all that was appended, in whatever form it came', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), fc.nat(30), (pieces, lookAt) => {
        const delivered = new DeliveredText()
        let expected = ''
        for (const [index, one] of pieces.entries()) {
          append(delivered, one)
          expected += one.text
          expect(delivered.maxLength).toBeGreaterThanOrEqual(expected.length)
          if (index === lookAt) expect(delivered.text).toBe(expected)
        }
        expect(delivered.isEmpty).toBe(expected === '')
        expect(delivered.length).toBe(expected.length)
        expect(delivered.text).toBe(expected)
      }),
    )
  })

  it('does not mend a character that its sender cut in two', () => {
    const delivered = new DeliveredText()
    const [euro = 0, ...rest] = Buffer.from('€')
    delivered.appendEscaped(Buffer.from([euro, rest[0] ?? 0]), 0, 2)
    delivered.appendEscaped(Buffer.from([rest[1] ?? 0]), 0, 1)
    expect(delivered.text).toBe('\ufffd\ufffd')
  })

  it('keeps its own copy of the bytes', () => {
    const delivered = new DeliveredText()
    const bytes = Buffer.from('Hello')
    delivered.appendEscaped(bytes, 0, 5)
    bytes.fill(0)
    expect(delivered.text).toBe('Hello')
  })

  it('is empty once it was cleared, and can be used again', () => {
    const delivered = new DeliveredText()
    delivered.append('Hello')
    delivered.appendEscaped(Buffer.from(' you'), 0, 4)
    delivered.clear()
    expect(delivered).toMatchObject({ text: '', length: 0, isEmpty: true })
    delivered.append('Again')
    expect(delivered.text).toBe('Again')
  })
})
