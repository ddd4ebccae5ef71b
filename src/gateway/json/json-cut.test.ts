import fc from 'fast-check'
import { expect, it } from 'vitest'
import { cutOf, type JsonPath, withoutPaths } from '../../dialects/index.ts'
import { textOf, writtenObject } from './fixtures/json-documents.ts'
import { cutJson } from './json-cut.ts'

function cut(text: string, ...paths: readonly JsonPath[]): string {
  return cutJson(Buffer.from(text), 0, cutOf(paths)).toString()
}

it.each<[string, readonly JsonPath[], string]>([
  ['{"a":[1, 2 ,3]}', [['a', 0]], '{"a":[2 ,3]}'],
  ['{"a":[1, 2 ,3]}', [['a', 1]], '{"a":[1, 3]}'],
  ['{"a":[1, 2 ,3 ]}', [['a', 2]], '{"a":[1, 2 ]}'],
  [
    '{"a":[ 1, 2 ,3 ]}',
    [
      ['a', 1],
      ['a', 2],
    ],
    '{"a":[ 1 ]}',
  ],
  [
    '{"a":[ 1, 2 ,3 ]}',
    [
      ['a', 0],
      ['a', 2],
    ],
    '{"a":[ 2 ]}',
  ],
  [
    '{"a":[ 1,2,3 ]}',
    [
      ['a', 0],
      ['a', 1],
      ['a', 2],
    ],
    '{"a":[  ]}',
  ],
  ['{ "a" : 1 , "b" : 2 }', [['a']], '{ "b" : 2 }'],
  ['{ "a" : 1 , "b" : 2 }', [['b']], '{ "a" : 1 }'],
  ['{"a":{"b":[{"c":1,"d":2}]},"e":3}', [['a', 'b', 0, 'c'], ['e']], '{"a":{"b":[{"d":2}]}}'],
  ['{"a":1,"b":2,"a":3}', [['a']], '{"b":2}'],
  ['{"a":1}', [['b'], ['a', 0], ['a', 'b']], '{"a":1}'],
])('out of %s takes %j', (text, paths, rest) => {
  expect(cut(text, ...paths)).toBe(rest)
})

it('gives back the very same bytes where there is nothing to cut', () => {
  const bytes = Buffer.from('{"a":1}')
  expect(cutJson(bytes, 0, cutOf([['b']]))).toBe(bytes)
})

it('leaves what is left, byte for byte, and what it means', () => {
  const path = fc.array(
    fc.oneof(fc.nat({ max: 3 }), fc.constantFrom('model', 'models', 'stream', 'a"b', 'größe', '')),
    {
      minLength: 1,
      maxLength: 3,
    },
  )
  fc.assert(
    fc.property(writtenObject, fc.array(path, { maxLength: 6 }), (written, paths) => {
      const text = textOf(written)
      const rest = cut(text, ...paths)
      expect(JSON.parse(rest)).toEqual(withoutPaths(JSON.parse(text), cutOf(paths)))
      expect(isSubsequence(rest, text)).toBe(true)
    }),
    { numRuns: 5_000 },
  )
})

function isSubsequence(part: string, whole: string): boolean {
  let at = 0
  for (const character of part) {
    at = whole.indexOf(character, at) + 1
    if (at === 0) return false
  }
  return true
}
