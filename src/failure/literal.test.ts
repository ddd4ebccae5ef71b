import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseLiteral } from './literal.ts'

/** A value as Python writes it. */
function repr(value: unknown): string {
  if (value === null) return 'None'
  if (value === true) return 'True'
  if (value === false) return 'False'
  if (typeof value === 'string') {
    const quote = value.includes("'") && !value.includes('"') ? '"' : "'"
    return quote + value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll(quote, `\\${quote}`) + quote
  }
  if (Array.isArray(value)) return `[${value.map(repr).join(', ')}]`
  if (typeof value === 'object')
    return `{${Object.entries(value as object)
      .map(([name, item]) => `${repr(name)}: ${repr(item)}`)
      .join(', ')}}`
  return String(value)
}

const text = fc.string({
  unit: fc.constantFrom('a', '"', "'", '\\', '\n', '{', '}', ',', ':', ' ', 'é', '余'),
  maxLength: 8,
})
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.dictionary(text, fc.oneof(text, fc.integer(), fc.constantFrom(null, true, false), tie('value')), { maxKeys: 4 }),
    fc.array(fc.oneof(text, tie('value')), { maxLength: 3 }),
  ),
}))

const plain = (parsed: unknown): unknown => JSON.parse(JSON.stringify(parsed))

describe('parseLiteral', () => {
  it('reads what JSON and Python write, and where it ends', () => {
    fc.assert(
      fc.property(value, fc.constantFrom('', ' and more', '}'), (written, rest) => {
        for (const form of [JSON.stringify(written), JSON.stringify(written, null, 2), repr(written)]) {
          const literal = parseLiteral(`x${form}${rest}`, 1)
          expect(plain(literal?.value)).toEqual(plain(written))
          expect(literal?.end).toBe(form.length + 1)
        }
      }),
      { numRuns: 1_000 },
    )
  })

  it('mends a text that a terminal has broken into lines', () => {
    expect(plain(parseLiteral('{"message":"You\n    have reached your limit"}', 0)?.value)).toEqual({
      message: 'You have reached your limit',
    })
  })

  it('reads as far as it goes what was cut short, and never throws', () => {
    fc.assert(
      fc.property(value, fc.nat(), (written, at) => {
        const form = repr(written)
        const cut = form.slice(0, 1 + (at % form.length))
        expect(() => parseLiteral(cut, 0)).not.toThrow()
      }),
    )
    expect(plain(parseLiteral('{"error":{"code":"a_code","message":"half a sent', 0)?.value)).toEqual({
      error: { code: 'a_code', message: 'half a sent' },
    })
  })

  it.each([
    [`{'a': b'{"x": 1}', 'c': (1, 'two')}`, { a: '{"x": 1}', c: [1, 'two'] }],
    ['{ status: 429, name: Error, cause: undefined }', { status: 429, name: 'Error' }],
    ["{'a': \"it's\"}", { a: "it's" }],
    ['{"a":"\\u00e9\\x41\\t"}', { a: 'éA\t' }],
  ])('reads %s', (form, expected) => {
    expect(plain(parseLiteral(form, 0)?.value)).toEqual(expected)
  })

  it.each(['{"a":"say "no" now"}', '{"a" "b"}', '{a b}', '{:1}', '[1 2]'])('gives up on %s', (form) => {
    expect(parseLiteral(form, 0)).toBeUndefined()
  })

  it('takes an object with a hostile name for what it is', () => {
    const parsed = parseLiteral('{"__proto__":{"code":"x"},"constructor":1}', 0)?.value as object
    expect(Object.getPrototypeOf(parsed)).toBeNull()
    expect(Object.keys(parsed)).toEqual(['__proto__', 'constructor'])
  })
})
