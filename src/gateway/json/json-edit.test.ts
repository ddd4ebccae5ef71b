import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NAMES, textOf, textOfMember, type WrittenMember, writtenObject } from './fixtures/json-documents.ts'
import { editJson, type MemberEdit } from './json-edit.ts'
import { outlineJson, type ValidJsonOutline } from './json-outline.ts'

describe('editJson', () => {
  it('replaces a value and leaves all other bytes alone', () => {
    expect(edit('{ "model" :\t"a" , "n": 1.0 }\n', { model: '"b/ü"' })).toBe('{ "model" :\t"b/ü" , "n": 1.0 }\n')
    expect(edit('{"mod\\u0065l":{"model":1}}', { model: '[]' })).toBe('{"mod\\u0065l":[]}')
  })

  it('puts a member that is not there first', () => {
    expect(edit('{"n":1}', { model: '"b"' })).toBe('{"model":"b","n":1}')
    expect(edit(' {\n  "n": 1\n}', { model: '"b"', a: 'null' })).toBe(' {"model":"b","a":null,\n  "n": 1\n}')
    expect(edit('{}', { model: '"b"' })).toBe('{"model":"b"}')
    expect(edit('{ }', { 'a"b': '1', model: '2' })).toBe('{"a\\"b":1,"model":2 }')
  })

  it('removes a member and one comma', () => {
    expect(edit('{"model":1,"n":2}', { model: undefined })).toBe('{"n":2}')
    expect(edit('{"n":2,"model":1}', { model: undefined })).toBe('{"n":2}')
    expect(edit('{"a":1,"model":1,"n":2}', { model: undefined })).toBe('{"a":1,"n":2}')
    expect(edit('{ "model" : 1 }', { model: undefined })).toBe('{  }')
    expect(edit('{\n  "a": 1,\n  "model": 1\n}', { model: undefined })).toBe('{\n  "a": 1\n}')
    expect(edit('{"n":2}', { model: undefined })).toBe('{"n":2}')
  })

  it('removes neighbours, whatever stands around them', () => {
    const removeBoth = { a: undefined, model: undefined }
    expect(edit('{"a":1,"model":2}', removeBoth)).toBe('{}')
    expect(edit('{"n":0,"model":1,"a":2}', removeBoth)).toBe('{"n":0}')
    expect(edit('{"model":1,"a":2,"n":0}', removeBoth)).toBe('{"n":0}')
    expect(edit('{"a":2,"n":0,"model":1}', removeBoth)).toBe('{"n":0}')
    expect(edit('{"x":1, "a":2 , "n":0 , "model":1}', removeBoth)).toBe('{"x":1,  "n":0 }')
  })

  it('puts an item at the end of a list, and nothing else changes', () => {
    const append = (text: string): string => {
      const bytes = Buffer.from(text)
      return editJson(bytes, outlineOf(bytes), [
        { name: 'models', appended: '{"x":"é"}' },
        { name: 'model', value: '"b"' },
      ]).toString()
    }
    expect(append('{"models":[1, [2] ],"model":"a"}')).toBe('{"models":[1, [2] ,{"x":"é"}],"model":"b"}')
    expect(append('{ "model":"a" , "models" : [ ] }')).toBe('{ "model":"b" , "models" : [ {"x":"é"}] }')
    expect(append('{"models":[1],"models":[2],"n":3}')).toBe('{"model":"b","models":[1],"models":[2,{"x":"é"}],"n":3}')
    expect(() => append('{"models":{}}')).toThrow('no list')
    expect(() => append('{}')).toThrow('no list')
  })

  it('replaces, removes and puts in at once', () => {
    expect(edit('{"a":1,"model":2}', { models: '3', a: undefined, model: '4' })).toBe('{"models":3,"model":4}')
    expect(edit('{"a":1 , "model":2}', { a: undefined, model: undefined, models: '3' })).toBe('{"models":3 }')
  })

  it('drops a byte order mark', () => {
    expect(edit('\uFEFF {"model":1}', {})).toBe(' {"model":1}')
    expect(edit('\uFEFF{"model":1}', { model: undefined, a: '2' })).toBe('{"a":2}')
  })

  it('hands back the very same buffer where nothing changes', () => {
    const bytes = Buffer.from('{"model": "ü"}')
    const edits = [
      { name: 'model', value: '"ü"' },
      { name: 'a', value: undefined },
    ]
    expect(editJson(bytes, outlineOf(bytes), edits)).toBe(bytes)
    expect(editJson(bytes, outlineOf(bytes), [])).toBe(bytes)
  })

  it('refuses what its caller should have settled', () => {
    expect(() => edit('{"model":1,"mod\\u0065l":2}', { model: '3' })).toThrow('model occurs more than once')
    expect(() => edit('{}', { temperature: '3' })).toThrow('temperature was not looked for')
    const bytes = Buffer.from('{}')
    const twice = [
      { name: 'model', value: '1' },
      { name: 'model', value: undefined },
    ]
    expect(() => editJson(bytes, outlineOf(bytes), twice)).toThrow('only once')
  })

  it('means what was asked for, and changes nothing else', () => {
    const name = fc.constantFrom(...NAMES)
    const value = fc.option(fc.json({ maxDepth: 1 }), { nil: undefined })
    const changes = fc.uniqueArray(fc.record({ name, value }), { selector: (change) => change.name, maxLength: 4 })
    fc.assert(
      fc.property(writtenObject, changes, fc.boolean(), (written, wanted, hasMark) => {
        const { lead, members, trail } = written
        const edits = wanted.filter((change) => members.filter((member) => member.name === change.name).length <= 1)
        const bytes = Buffer.from(`${hasMark ? '\uFEFF' : ''}${textOf(written)}`)
        const result = editJson(bytes, outlineOf(bytes), edits).toString()

        const expected: Record<string, unknown> = JSON.parse(textOf(written))
        for (const change of edits) {
          if (change.value === undefined) delete expected[change.name]
          else expected[change.name] = JSON.parse(change.value)
        }
        if (!isDeepStrictEqual(JSON.parse(result), expected)) expect.fail(`${bytes} became ${result}`)

        const added = edits
          .filter((change) => change.value !== undefined && !members.some((member) => member.name === change.name))
          .map((change) => `${JSON.stringify(change.name)}:${change.value}`)
        const kept = members.flatMap((member) => memberAfter(member, edits))
        const head = `${lead}{${added.join(',')}`
        if (kept.length === members.length) {
          const comma = added.length > 0 && kept.length > 0 ? ',' : ''
          expect(result).toBe(`${head}${comma}${kept.map(textOfMember).join(',') || written.inside}}${trail}`)
        }
        const pieces = [head, ...kept.map((member) => `${member.key}${member.value}`), `}${trail}`]
        if (!standInOrder(result, pieces)) expect.fail(`${bytes} became ${result}`)
      }),
      { numRuns: 5000 },
    )
  })
})

function edit(text: string, values: Readonly<Record<string, string | undefined>>): string {
  const bytes = Buffer.from(text)
  const edits = Object.entries(values).map(([name, value]) => ({ name, value }))
  return editJson(bytes, outlineOf(bytes), edits).toString()
}

function outlineOf(bytes: Buffer): ValidJsonOutline {
  const outline = outlineJson(bytes, [...NAMES, 'a'])
  if (outline.state === 'invalid') throw new Error(outline.problem)
  return outline
}

/** None where it is removed. */
function memberAfter(member: WrittenMember, edits: readonly MemberEdit[]): WrittenMember[] {
  const change = edits.find(({ name }) => name === member.name)
  if (change === undefined) return [member]
  return change.value === undefined ? [] : [{ ...member, value: change.value }]
}

/** Whether a text is made of these pieces, with nothing but white space and commas between them. */
function standInOrder(text: string, pieces: readonly string[]): boolean {
  let at = 0
  for (const piece of pieces) {
    if (!text.startsWith(piece, at)) while (' \t\r\n,'.includes(text.charAt(at) || 'x')) at++
    if (!text.startsWith(piece, at)) return false
    at += piece.length
  }
  return at === text.length
}
