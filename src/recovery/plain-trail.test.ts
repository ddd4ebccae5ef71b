import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Diverged } from './answer-trail.ts'
import { MAX_DELIVERED_CHARACTERS } from './delivered-text.ts'
import { type PlainEvents, PlainTrail } from './plain-trail.ts'
import { ECHO_CHARACTERS } from './text-seam.ts'

interface Piece {
  readonly text?: string
  readonly ping?: true
  readonly call?: string
  readonly end?: string
}

const PIECES: PlainEvents<Piece> = {
  textOf: ({ text }) => text ?? '',
  isTerminal: ({ end }) => end !== undefined,
  withoutPrefix: (piece, characters) => {
    const text = (piece.text ?? '').slice(characters)
    if (text === '' && piece.end === undefined) return undefined
    return { ...piece, text }
  },
  isContent: ({ ping }) => ping === undefined,
}

const START: Piece = { ping: true }
const END: Piece = { end: 'stop' }
const piecesOf = (...texts: string[]): Piece[] => texts.map((text) => ({ text }))

function takeAll<E>(trail: PlainTrail<E>, events: readonly E[]): E[] {
  const out: E[] = []
  for (const event of events) trail.take(event, out)
  return out
}

const textIn = (pieces: readonly Piece[]): string => pieces.map(({ text }) => text ?? '').join('')

describe('PlainTrail', () => {
  it('passes the first attempt as it comes', () => {
    const trail = new PlainTrail(PIECES)
    const events = [START, ...piecesOf('Hel', 'lo '), END]
    const out = takeAll(trail, events)
    expect(out).toHaveLength(4)
    for (const [index, event] of out.entries()) expect(event).toBe(events[index])
    expect(trail).toMatchObject({ isPastSeam: true, isFinished: true, disarmedBy: 'finished', isHolding: false })
  })

  it('has no prefill before there is text', () => {
    const trail = new PlainTrail(PIECES)
    takeAll(trail, [START, ...piecesOf(' \n')])
    expect(trail.prefill).toBeUndefined()
  })

  it('takes what has no text for content where nobody says what is, but for the beginnings of answers', () => {
    const { textOf, isTerminal, withoutPrefix } = PIECES
    const trail = new PlainTrail<Piece>({ textOf, isTerminal, withoutPrefix })
    takeAll(trail, [START, ...piecesOf('Hello ')])
    expect(trail.disarmedBy).toBeUndefined()
    trail.resume('restart')
    expect(takeAll(trail, [START, ...piecesOf('Hello ', 'you')])).toEqual([{ text: 'you' }])
    takeAll(trail, [{ call: 'f' }])
    expect(trail.disarmedBy).toBe('other_content')
  })

  it('goes on behind a prefill', () => {
    const trail = new PlainTrail(PIECES)
    takeAll(trail, [START, ...piecesOf('Hello ')])
    trail.resume('prefill')
    expect(trail.isPastSeam).toBe(false)
    expect(takeAll(trail, [START, ...piecesOf(' ', 'world'), END])).toEqual([{ text: 'world' }, END])
    expect(trail).toMatchObject({ isPastSeam: true, isFinished: true })
  })

  it('suppresses what another attempt repeats, and passes the rest of the very same events', () => {
    const trail = new PlainTrail(PIECES)
    takeAll(trail, piecesOf('Hello wor'))
    trail.resume('restart')
    const events = [START, ...piecesOf('Hello', ' world', '!'), START, END]
    const out = takeAll(trail, events)
    expect(out).toEqual([{ text: 'ld' }, { text: '!' }, START, END])
    expect(out[1]).toBe(events[3])
  })

  it('gives the last event even where it holds a text that was delivered', () => {
    const trail = new PlainTrail(PIECES)
    takeAll(trail, piecesOf('Hello'))
    trail.resume('restart')
    expect(takeAll(trail, [{ text: 'Hello', end: 'stop' }])).toEqual([{ text: '', end: 'stop' }])
    expect(trail.isPastSeam).toBe(true)
  })

  it('gives nothing of an answer that differs, or lacks something', () => {
    for (const events of [piecesOf('Hel', 'p'), [...piecesOf('Hell'), END], [...piecesOf('Hell'), { call: 'f' }]]) {
      const trail = new PlainTrail(PIECES)
      takeAll(trail, piecesOf('Hello'))
      trail.resume('restart')
      const out: Piece[] = []
      expect(() => {
        for (const event of events) trail.take(event, out)
      }).toThrow(Diverged)
      expect(out).toEqual([])
    }
  })

  it('gives out at the end what might have been a repetition', () => {
    const delivered = 'The first sentence is long enough.'
    const trail = new PlainTrail(PIECES)
    takeAll(trail, piecesOf(delivered))
    trail.resume('prefill')
    const out = takeAll(trail, piecesOf('The', ' first'))
    expect(out).toEqual([])
    trail.finish(out)
    expect(out).toEqual(piecesOf('The', ' first'))
    trail.finish(out)
    expect(out).toHaveLength(2)
  })

  it('forgets what was withheld where the attempt breaks off', () => {
    const trail = new PlainTrail(PIECES)
    takeAll(trail, piecesOf('The first sentence is long enough.'))
    trail.resume('prefill')
    expect(takeAll(trail, piecesOf('The'))).toEqual([])
    trail.resume('prefill')
    expect(takeAll(trail, [...piecesOf(' And'), END])).toEqual([...piecesOf(' And'), END])
  })

  it('is disarmed by content that is no text', () => {
    const trail = new PlainTrail(PIECES)
    expect(takeAll(trail, [...piecesOf('Hello'), { call: 'f' }])).toHaveLength(2)
    expect(trail).toMatchObject({ disarmedBy: 'other_content', prefill: undefined })
  })

  it('takes every event for content where nobody says what is', () => {
    const { isContent: _, ...events } = PIECES
    const trail = new PlainTrail<Piece>(events)
    takeAll(trail, piecesOf('Hello'))
    expect(trail).toMatchObject({ disarmedBy: undefined, isFinished: false, prefill: 'Hello' })
    takeAll(trail, [START])
    expect(trail.disarmedBy).toBe('other_content')
  })

  it('passes content that is no text once everything was repeated', () => {
    const trail = new PlainTrail(PIECES)
    takeAll(trail, piecesOf('Hello'))
    trail.resume('restart')
    expect(takeAll(trail, [...piecesOf('Hello'), { call: 'f' }])).toEqual([{ call: 'f' }])
    expect(trail).toMatchObject({ disarmedBy: 'other_content', isPastSeam: true })
  })

  it('is disarmed by an answer that is too long', () => {
    const trail = new PlainTrail(PIECES)
    takeAll(trail, piecesOf('x'.repeat(MAX_DELIVERED_CHARACTERS)))
    expect(trail.disarmedBy).toBeUndefined()
    takeAll(trail, piecesOf('x'))
    expect(trail).toMatchObject({ disarmedBy: 'too_long', prefill: undefined })
  })

  it("reads another provider's events in its own way", () => {
    const upper: PlainEvents<Piece> = { ...PIECES, textOf: ({ text }) => (text ?? '').toLowerCase() }
    const trail = new PlainTrail(PIECES)
    takeAll(trail, piecesOf('hello'))
    trail.resumeWith(upper, 'restart')
    expect(takeAll(trail, [...piecesOf('HEL', 'LO'), ...piecesOf('!'), END])).toEqual([{ text: '!' }, END])
  })

  it('swallows nothing of an answer that says its first sentence again', () => {
    const sentence = 'I will not talk in class again. '
    const trail = new PlainTrail(PIECES)
    const out = takeAll(trail, piecesOf(sentence))
    trail.resume('prefill')
    expect(() => takeAll(trail, piecesOf(sentence, sentence, 'End.'))).toThrow(Diverged)
    trail.resume('restart')
    out.push(...takeAll(trail, [...piecesOf(sentence, sentence, sentence, 'End.'), END]))
    expect(textIn(out)).toBe(`${sentence.repeat(3)}End.`)
  })

  const words = fc.array(fc.constantFrom('a', 'b', ' ', '\n', 'word', '😀', 'Hello there, '), { maxLength: 20 })

  it('makes one answer of several attempts, or says that they differ', () => {
    const attempt = fc.record({
      mode: fc.constantFrom('prefill', 'restart', 'echo'),
      isFaithful: fc.boolean(),
      breaksAfter: fc.nat(25),
    })
    fc.assert(
      fc.property(words, fc.nat(25), fc.array(attempt, { maxLength: 3 }), (texts, firstBreak, attempts) => {
        const whole = texts.join('')
        const trail = new PlainTrail(PIECES)
        const out = takeAll(trail, [START, ...piecesOf(...texts.slice(0, firstBreak))])
        for (const [index, { mode, isFaithful, breaksAfter }] of attempts.entries()) {
          const known = textIn(out)
          const { prefill } = trail
          if (prefill === undefined && mode !== 'restart') return
          const rest = mode === 'prefill' ? whole.slice(prefill?.length ?? 0) : whole
          const said = isFaithful ? rest : `${rest.slice(0, rest.length / 2)}#${rest.slice(rest.length / 2)}`
          const isLast = index === attempts.length - 1
          const pieces = [START, ...piecesOf(...said), ...(isLast ? [END] : [])].slice(
            0,
            isLast ? undefined : breaksAfter,
          )
          trail.resume(mode === 'restart' ? 'restart' : 'prefill')
          const spoken = textIn(pieces).trimStart()
          // Nobody can tell such a continuation from an answer that begins again.
          const isAmbiguous = mode !== 'restart' && spoken.startsWith(known.trimStart().slice(0, ECHO_CHARACTERS))
          const before = out.length
          try {
            for (const piece of pieces) trail.take(piece, out)
          } catch (error) {
            expect(error).toBeInstanceOf(Diverged)
            expect(out).toHaveLength(before)
            expect(isAmbiguous || !isFaithful).toBe(true)
            return
          }
          expect(isAmbiguous).toBe(false)
          if (mode === 'echo' && isFaithful) {
            expect(out).toHaveLength(before)
            continue
          }
          // A continuation that differs is a continuation all the same; the others had to say what had been said.
          if (!isFaithful) return
          expect(whole.startsWith(textIn(out))).toBe(true)
          if (!isLast) continue
          expect(textIn(out)).toBe(whole)
          expect(out.filter((piece) => piece.end !== undefined)).toHaveLength(1)
        }
      }),
      { numRuns: 400 },
    )
  })
})
