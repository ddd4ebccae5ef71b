import fc from 'fast-check'
import { expect, it } from 'vitest'
import { PhraseFinder } from './phrase-finder.ts'

const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' ', '-', '…', '余', '1'), maxLength: 12 })
const phrase = letters.filter((text) => text !== '')

/** Where a phrase stands first, looked for the slow way. */
function firstPlace(text: string, phrase: string): number {
  const isWord = (mark: string | undefined): boolean => mark !== undefined && /[a-z0-9]/.test(mark)
  for (let at = text.indexOf(phrase); at >= 0; at = text.indexOf(phrase, at + 1)) {
    if (phrase.length < 3 || !(isWord(phrase[0]) && isWord(text[at - 1]))) return at
  }
  return -1
}

it('finds what a search for each phrase would find, where it stands first', () => {
  fc.assert(
    fc.property(
      fc.array(phrase, { maxLength: 30 }),
      fc.array(fc.oneof(letters, phrase), { maxLength: 12 }),
      (phrases, parts) => {
        const text = [...parts, ...phrases.slice(0, 2)].join('')
        const found = new PhraseFinder(phrases).find(text)
        for (const each of phrases)
          expect(found.get(each) ?? -1, JSON.stringify([each, text])).toBe(firstPlace(text, each))
      },
    ),
    { numRuns: 2_000 },
  )
})

it('takes a phrase that begins inside a word for none', () => {
  const finder = new PhraseFinder(['no credits', 'quota', 'err_x', '(1008)'])
  expect([...finder.find('casino credits, subquota, x_err_x (1008)').keys()].sort()).toEqual(['(1008)', 'err_x'])
})
