import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Diverged, type ResumeMode } from './answer-trail.ts'
import { ECHO_CHARACTERS, prefillOf, TextSeam } from './text-seam.ts'

/** What comes of these pieces, or how many characters agreed before they differed. */
function seamed(mode: ResumeMode, delivered: string, pieces: readonly string[]): string | number {
  const seam = new TextSeam(mode, delivered)
  let fresh = ''
  try {
    for (const piece of pieces) fresh += seam.take(piece)
    fresh += seam.end()
  } catch (error) {
    if (!(error instanceof Diverged)) throw error
    expect(fresh).toBe('')
    return error.characters
  }
  expect(seam.isPast).toBe(fresh !== '')
  expect(seam.isThrough).toBe(true)
  return fresh
}

/** Texts of few letters repeat themselves a lot; the others have what makes seams hard. */
const texts = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\n'), maxLength: 80 }),
  fc.string({ unit: fc.constantFrom('a', ' ', '😀', 'é', '\u00a0', '\t', 'word'), maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.array(fc.lorem(), { maxLength: 6 }).map((words) => words.join(' ')),
)

function cut(text: string, places: readonly number[]): string[] {
  const at = [0, ...places.map((place) => place % (text.length + 1)), text.length].sort((left, right) => left - right)
  return at.slice(1).map((end, index) => text.slice(at[index], end))
}

const headOf = (delivered: string): string => delivered.trimStart().slice(0, ECHO_CHARACTERS)
const beginsLike = (delivered: string, said: string): boolean => said.trimStart().startsWith(headOf(delivered))

const cuts = fc.array(fc.nat(1_000), { maxLength: 12 })
const LONG = { numRuns: 400 }

describe('prefillOf', () => {
  it('leaves out white space and half a character at the end', () => {
    expect(prefillOf('Hello \n\t')).toBe('Hello')
    expect(prefillOf('Hello \ud83d')).toBe('Hello')
    expect(prefillOf('Hello\ud83d \ud83d')).toBe('Hello')
    expect(prefillOf('Hello 😀')).toBe('Hello 😀')
    expect(prefillOf(' \n')).toBe('')
  })
})

describe('TextSeam, restart', () => {
  it('suppresses what was delivered, wherever the pieces are cut', () => {
    expect(seamed('restart', 'Hello wor', ['Hel', 'lo w', 'orld', '!'])).toBe('ld!')
    expect(seamed('restart', 'Hello', ['Hello'])).toBe('')
    expect(seamed('restart', '', ['Hi'])).toBe('Hi')
  })

  it('tells how far the texts agreed', () => {
    expect(seamed('restart', 'Hello world', ['Hello', ' there'])).toBe(6)
    expect(seamed('restart', 'Hello world', ['Hello'])).toBe(5)
    expect(seamed('restart', 'Hello', [])).toBe(0)
  })

  it('does not ask for white space at the very end', () => {
    expect(seamed('restart', 'Hello \n', ['Hello'])).toBe('')
    expect(seamed('restart', 'Hello \n', ['Hello', '!'])).toBe(5)
  })

  it('gives the whole text or says that it differs', () => {
    fc.assert(
      fc.property(texts, fc.nat(200), cuts, (text, at, places) => {
        const delivered = text.slice(0, at % (text.length + 1))
        expect(delivered + seamed('restart', delivered, cut(text, places))).toBe(text)
      }),
      LONG,
    )
  })

  it('never passes on another text', () => {
    fc.assert(
      fc.property(texts, fc.nat(200), texts, fc.nat(200), cuts, (text, at, other, common, places) => {
        const delivered = text.slice(0, at % (text.length + 1))
        const answer = text.slice(0, common % (text.length + 1)) + other
        const result = seamed('restart', delivered, cut(answer, places))
        if (typeof result === 'number') expect(delivered.slice(0, result)).toBe(answer.slice(0, result))
        else if (answer.length >= delivered.length) expect(delivered + result).toBe(answer)
        else expect([result, delivered.trimEnd()]).toEqual(['', answer.trimEnd()])
      }),
      LONG,
    )
  })
})

describe('TextSeam, prefill', () => {
  it('takes what comes after the prefill', () => {
    expect(seamed('prefill', 'Hello wor', ['ld', '!'])).toBe('ld!')
    expect(seamed('prefill', 'Hello', [])).toBe('')
  })

  it('suppresses white space that was delivered behind the prefill', () => {
    expect(seamed('prefill', 'Hello \n', [' ', '\nworld'])).toBe('world')
    expect(seamed('prefill', 'Hello ', ['  world'])).toBe(' world')
  })

  it('takes white space that was delivered for the border where none comes', () => {
    expect(seamed('prefill', 'Hello ', ['world'])).toBe('world')
    expect(seamed('prefill', 'Hello\n\n', [])).toBe('')
  })

  it('does not mix different white space', () => {
    expect(seamed('prefill', 'Hello ', ['\nworld'])).toBe(5)
    expect(seamed('prefill', 'Hello  ', [' ', 'world'])).toBe(6)
  })

  it('asks for the other half of a character', () => {
    expect(seamed('prefill', 'Hello \ud83d', [' \ud83d\ude00!'])).toBe('\ude00!')
    expect(seamed('prefill', 'Hello \ud83d', ['world'])).toBe(5)
    expect(seamed('prefill', 'Hello \ud83d', [])).toBe(5)
  })

  const delivered = 'The first sentence is long enough to be known. And so'

  it('does not go on with a server that may have answered from the beginning', () => {
    expect(seamed('prefill', delivered, [delivered.slice(0, 10), `${delivered.slice(10)} on.`])).toBe(ECHO_CHARACTERS)
    expect(seamed('prefill', delivered, [delivered.slice(0, ECHO_CHARACTERS), ' but differs'])).toBe(ECHO_CHARACTERS)
    expect(seamed('prefill', delivered, [delivered.slice(0, ECHO_CHARACTERS - 1), '#'])).toHaveLength(ECHO_CHARACTERS)
  })

  it.each([
    ['less', `\n\n${delivered}`, delivered],
    ['more', delivered, `\n ${delivered}`],
    ['other', `\n${delivered}`, ` ${delivered}`],
  ])('sees that in spite of %s white space at the beginning', (_, known, said) => {
    for (const length of [1, 5, 100]) {
      const places = Array.from({ length: Math.floor(said.length / length) }, (_each, at) => at * length)
      expect(seamed('prefill', known, cut(said, places))).toBe(ECHO_CHARACTERS)
    }
  })

  it('swallows nothing of an answer that says its first sentence again', () => {
    const sentence = 'I will not talk in class again. '
    expect(seamed('prefill', sentence, [sentence, sentence, 'End.'])).toBe(ECHO_CHARACTERS)
    expect(seamed('prefill', sentence.repeat(2), [`${sentence}End.`])).toBe(ECHO_CHARACTERS)
    expect(seamed('prefill', sentence.repeat(3), ['End.'])).toBe('End.')
    expect(seamed('restart', sentence, [sentence.repeat(3), 'End.'])).toBe(`${sentence.repeat(2)}End.`)
  })

  it('begins from the beginning where what was delivered leaves no prefill', () => {
    expect(seamed('prefill', ' \n', [' \nHello'])).toBe('Hello')
    expect(seamed('prefill', ' \n', ['Hello'])).toBe(0)
  })

  it('passes on a text that only begins like the answer', () => {
    expect(seamed('prefill', delivered, ['The first', ' was'])).toBe('The first was')
    expect(seamed('prefill', delivered, ['The first'])).toBe('The first')
  })

  it('withholds what may be either, and says so', () => {
    const seam = new TextSeam('prefill', delivered)
    expect(seam.take('The first')).toBe('')
    expect(seam).toMatchObject({ isWithholding: true, isPast: false, isThrough: false })
    expect(seam.take(' was')).toBe('The first was')
    expect(seam).toMatchObject({ isWithholding: false, isPast: true, isThrough: true })
  })

  it('gives up where it cannot tell', () => {
    expect(seamed('prefill', 'Hello', ['Hello', ' world'])).toBe(5)
    expect(seamed('prefill', delivered + delivered, [delivered])).toBe(ECHO_CHARACTERS)
  })

  it('makes the whole text of a faithful continuation or says that it differs', () => {
    fc.assert(
      fc.property(texts, fc.nat(200), cuts, (text, at, places) => {
        const known = text.slice(0, at % (text.length + 1))
        const prefill = prefillOf(known)
        fc.pre(prefill !== '')
        const rest = text.slice(prefill.length)
        const result = seamed('prefill', known, cut(rest, places))
        // Nobody could tell this from an answer that begins again.
        if (beginsLike(known, rest)) expect(result).toBe(headOf(known).length)
        else expect(known + result).toBe(text)
      }),
      LONG,
    )
  })

  it('gives nothing of an answer that begins again', () => {
    fc.assert(
      fc.property(texts, fc.nat(200), cuts, (text, at, places) => {
        const known = text.slice(0, at % (text.length + 1))
        fc.pre(prefillOf(known) !== '')
        expect(seamed('prefill', known, cut(text, places))).toBe(headOf(known).length)
        expect(seamed('prefill', known, cut(` \n${text.trimStart()}`, places))).toBe(headOf(known).length)
      }),
      LONG,
    )
  })

  it('never tears a foreign continuation', () => {
    fc.assert(
      fc.property(texts, texts, cuts, (known, other, places) => {
        fc.pre(prefillOf(known) !== '')
        const result = seamed('prefill', known, cut(other, places))
        if (beginsLike(known, other)) expect(result).toBe(headOf(known).length)
        if (typeof result === 'number') return
        const tail = known.slice(prefillOf(known).length)
        const whole = [prefillOf(known) + other, known + other, ...(tail.startsWith(other) ? [known] : [])]
        expect(whole).toContain(known + result)
      }),
      LONG,
    )
  })
})
