import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NAMES, textOf, textOfMember, type WrittenObject, writtenObject } from './fixtures/json-documents.ts'
import { type JsonMember, membersNamed, outlineJson } from './json-outline.ts'
import { MAX_JSON_DEPTH } from './json-value.ts'

describe('outlineJson', () => {
  it('says where the members that were asked for stand', () => {
    const text = '{"messages":[{"model":"no"}], "model" : "gpt" ,"stream":true}'
    expect(outlineJson(Buffer.from(text), ['model', 'stream', 'user'])).toEqual({
      state: 'valid',
      start: 0,
      names: ['model', 'stream', 'user'],
      members: [
        { name: 'model', keyStart: 30, valueStart: 40, valueEnd: 45 },
        { name: 'stream', keyStart: 47, valueStart: 56, valueEnd: 60 },
      ],
    })
  })

  it('finds keys that are written with escapes, and every repetition', () => {
    const text = '{"model":1,"mod\\u0065l":2,"\\u006D\\u006fdel":3,"models":4,"Model":5,"mode":6}'
    const outline = outlineJson(Buffer.from(text), ['model'])
    if (outline.state === 'invalid') throw new Error(outline.problem)
    expect(membersNamed(outline, 'model').map(({ valueStart }) => text[valueStart])).toEqual(['1', '2', '3'])
    expect(() => membersNamed(outline, 'models')).toThrow('was not looked for')
  })

  it('skips one byte order mark and says so', () => {
    const outline = outlineJson(Buffer.from('\uFEFF {"a":1}'), ['a'])
    expect(outline).toMatchObject({ state: 'valid', start: 3, members: [{ keyStart: 5, valueStart: 9, valueEnd: 10 }] })
    expect(problemOf('\uFEFF\uFEFF{}')).toBe('3: an object is expected')
    expect(problemOf(' \uFEFF{}')).toBe('1: an object is expected')
  })

  it('says what is wrong and where, without quoting the body', () => {
    const problems = {
      '': '0: an object is expected',
      '[1]': '0: an object is expected',
      '"text"': '0: an object is expected',
      '{': '1: a name in double quotes is expected',
      '{"a":1,}': '7: a name in double quotes is expected',
      "{'a':1}": '1: a name in double quotes is expected',
      '{"a" 1}': '5: a colon is expected',
      '{"a":}': '5: a value is expected',
      '{"a":nul}': '5: a value is expected',
      '{"a":-}': '6: a digit is expected',
      '{"a":1.}': '7: a digit is expected',
      '{"a":01}': '6: a comma or } is expected',
      '{"a":[1 2]}': '8: a comma or ] is expected',
      '{"a":[1}}': '7: a comma or ] is expected',
      '{"a":{"b":1]}': '11: a comma or } is expected',
      '{"a":{"b":1,}}': '12: a name in double quotes is expected',
      '{"a":{"b":1,2}}': '12: a name in double quotes is expected',
      '{"a":[1,]}': '8: a value is expected',
      '{"a":"b': '7: the end of a string is missing',
      '{"a":"\n"}': '6: a string has a control character that is not escaped',
      '{"a":"\\x"}': '6: a string has an escape that JSON does not know',
      '{"a":"\\u12g4"}': '6: a \\u needs four hexadecimal digits',
      '{"a":1} {': '8: nothing more is expected',
    }
    for (const [text, problem] of Object.entries(problems)) expect(problemOf(text), text).toBe(problem)
  })

  it('refuses what is not UTF-8 and says where', () => {
    const problem = 'the text is not UTF-8'
    for (const malformed of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0xaf], [0xf5, 0x80, 0x80, 0x80]]) {
      const bytes = Buffer.concat([Buffer.from('{"a":"ü'), Buffer.from(malformed), Buffer.from('"}')])
      expect(outlineJson(bytes, [])).toEqual({ state: 'invalid', offset: 8, problem })
    }
    expect(outlineJson(Buffer.from('{"a":"ü').subarray(0, 7), [])).toEqual({ state: 'invalid', offset: 6, problem })
  })

  it('follows the nesting down to its limit, and refuses what goes deeper without a stack overflow', () => {
    const nested = (depth: number): string => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`
    expect(problemOf(nested(MAX_JSON_DEPTH))).toBeUndefined()
    expect(problemOf(nested(MAX_JSON_DEPTH + 1))).toBe('1004: it is nested more than 1000 levels deep')
    expect(problemOf(`{"a":${'['.repeat(100_000)}`)).toBe('1004: it is nested more than 1000 levels deep')
    expect(problemOf('{"a":'.repeat(100_000))).toBe('5000: it is nested more than 1000 levels deep')
    expect(problemOf('['.repeat(100_000))).toBe('0: an object is expected')
    expect(problemOf(`{"a":[${'[[]],'.repeat(10_000)}{"b":{}}]}`)).toBeUndefined()
  })

  it('works on a buffer that is part of a larger one', () => {
    const larger = Buffer.from(`xxx{"model":"${'é'.repeat(40)}"}"]}\u0001`)
    expect(outlineJson(larger.subarray(3, -4), ['model'])).toMatchObject({ members: [{ keyStart: 1, valueStart: 9 }] })
  })
})

describe('outlineJson, held against JSON.parse,', () => {
  it('judges every byte alike at every place of a string, a number and between values', () => {
    for (let place = 0; place < 40; place++) {
      const [before, after] = ['x'.repeat(place), 'y'.repeat(40 - place)]
      for (let byte = 0; byte < 256; byte++) expectAgreement(bytesOf(`{"a":"${before}`, byte, `${after}"}`))
      for (const end of ['', '"', '"}', '"} ', after]) expectAgreement(Buffer.from(`{"a":"${before}${end}`))
    }
    for (let byte = 0; byte < 256; byte++) {
      for (const [before, after] of [
        ['', '{}'],
        ['{}', ''],
        ['{', '}'],
        ['{"a"', ':[1]}'],
        ['{"a":[1', ']}'],
        ['{"a":[1', '2]}'],
        ['{"a":[-', '2]}'],
        ['{"a":[1.', '2]}'],
        ['{"a":[1e', '2]}'],
        ['{"a":["\\', '"]}'],
        ['{"a":["\\', '0000"]}'],
        ['{"a":["\\u000', '"]}'],
        ['{"a":["\\u', '000"]}'],
        ['{"a":tru', '}'],
      ] as const) {
        expectAgreement(bytesOf(before, byte, after))
      }
    }
  })

  it('accepts every object, however it is written, and finds its members where they stand', () => {
    fc.assert(
      fc.property(writtenObject, fc.boolean(), (object, hasMark) => {
        const text = `${hasMark ? '\uFEFF' : ''}${textOf(object)}`
        const bytes = Buffer.from(text)
        expect(accepts(bytes), text).toBe(true)
        expect(outlineJson(bytes, NAMES)).toEqual({
          state: 'valid',
          start: hasMark ? 3 : 0,
          names: NAMES,
          members: whereMembersStand(object, hasMark ? 3 : 0),
        })
      }),
      { numRuns: 3000 },
    )
  })

  it('agrees on objects that were damaged', () => {
    const piece = fc.oneof(
      fc.constantFrom(...'{}[],:"\\ \n\t0-.eEu/', '\u0000', '\uFEFF', '\u00a0', 'true', 'nul', '\\u', '""', '"a":1'),
      fc.string({ unit: 'binary', maxLength: 2 }),
    )
    const change = fc.record({ at: fc.nat(), removed: fc.nat({ max: 3 }), put: fc.option(piece, { nil: '' }) })
    fc.assert(
      fc.property(writtenObject, fc.array(change, { minLength: 1, maxLength: 3 }), fc.nat(), (object, changes, cut) => {
        let bytes = Buffer.from(textOf(object))
        for (const { at, removed, put } of changes) {
          const place = at % (bytes.length + 1)
          bytes = Buffer.concat([bytes.subarray(0, place), Buffer.from(put), bytes.subarray(place + removed)])
        }
        expectAgreement(bytes)
        expectAgreement(Buffer.concat([Buffer.from('{"a":['), bytes, Buffer.from(']}')]))
        expectAgreement(bytes.subarray(0, cut % (bytes.length + 1)))
      }),
      { numRuns: 5000 },
    )
  })

  it('agrees on garbage', () => {
    const token = fc.constantFrom(
      ...[
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '"a"',
        '"\\n"',
        '1',
        '-',
        '0',
        '.',
        'e',
        '+',
        'true',
        'fals',
        'null',
        ' ',
        '\n',
      ],
      ...['\f', '\u00a0', '\\', '"', "'", '//', 'NaN', '-Infinity'],
    )
    const tokens = fc.array(token, { maxLength: 12 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(tokens, fc.uint8Array({ maxLength: 30 }), (text, noise) => {
        expectAgreement(Buffer.from(text))
        expectAgreement(Buffer.from(`{"a":${text}}`))
        expectAgreement(Buffer.from(`{"a":[1${text}]}`))
        expectAgreement(Buffer.from(`{"a":{"b":1${text}}}`))
        expectAgreement(Buffer.from(noise))
        expectAgreement(Buffer.concat([Buffer.from('{"a":"'), noise, Buffer.from('"}')]))
      }),
      { numRuns: 5000 },
    )
  })
})

function expectAgreement(bytes: Buffer): void {
  const outline = outlineJson(bytes, NAMES)
  if ((outline.state === 'valid') !== accepts(bytes)) expect.fail(`${outline.state}: ${JSON.stringify(`${bytes}`)}`)
  if (outline.state === 'invalid' && !(outline.offset >= 0 && outline.offset <= bytes.length)) {
    expect.fail(`offset ${outline.offset}: ${JSON.stringify(`${bytes}`)}`)
  }
}

/** The decoder skips one byte order mark, as we do. */
function accepts(bytes: Buffer): boolean {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

function problemOf(text: string): string | undefined {
  const outline = outlineJson(Buffer.from(text), ['a'])
  return outline.state === 'invalid' ? `${outline.offset}: ${outline.problem}` : undefined
}

function bytesOf(before: string, byte: number, after: string): Buffer {
  return Buffer.concat([Buffer.from(before), Buffer.from([byte]), Buffer.from(after)])
}

function whereMembersStand({ lead, members }: WrittenObject, start: number): JsonMember[] {
  const found: JsonMember[] = []
  let at = start + Buffer.byteLength(lead) + 1
  for (const member of members) {
    const { name, before, key, value } = member
    const keyStart = at + Buffer.byteLength(before)
    const valueStart = keyStart + Buffer.byteLength(key)
    const valueEnd = valueStart + Buffer.byteLength(value)
    if (NAMES.some((known) => known === name)) found.push({ name, keyStart, valueStart, valueEnd })
    at += Buffer.byteLength(textOfMember(member)) + 1
  }
  return found
}
