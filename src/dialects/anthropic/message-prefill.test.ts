import { describe, expect, it } from 'vitest'
import { Diverged } from '../../recovery/index.ts'
import { Caller, call, HELLO, text, thinking } from './fixtures/caller.ts'
import { eventsOf, type Told } from './fixtures/message-events.ts'

describe('prefill', () => {
  it('is the text that was delivered, without white space at its end', () => {
    expect(new Caller().trail.prefill).toBeUndefined()
    expect(new Caller().breakAfter([text(' \n')], 2).trail.prefill).toBeUndefined()
    expect(new Caller().breakAfter([text('One '), text('Two, three')], 5).trail.prefill).toBe('One Two,')
  })

  it('lets the text go on in the block that is open', () => {
    const caller = new Caller().breakAfter([text(HELLO)], 9)
    caller.resume('prefill', [text(HELLO.slice(9)), call('a')])
    expect(caller.blocks).toEqual([
      ['text', HELLO],
      ['tool_use', '{"a": 1}'],
    ])
    expect(caller.built).toMatchObject({ id: 'msg_1', isClosed: true })
  })

  it.each([
    ['repeats the white space', ' this is'],
    ['takes it as said', 'this is'],
  ])('has the white space before the seam once where the other %s', (_, said) => {
    const caller = new Caller().breakAfter([text(HELLO)], 7)
    caller.resume('prefill', [text(said)], { pieces: [1] })
    expect(caller.blocks).toEqual([['text', 'Hello, this is']])
  })

  it('has each of several pieces of white space once', () => {
    const caller = new Caller().breakAfter([text('\n\nHi\n\n')], 6)
    caller.resume('prefill', [text('\n\nyou')], { pieces: [1] })
    expect(caller.blocks).toEqual([['text', '\n\nHi\n\nyou']])
  })

  it('diverges where half of a character was delivered and the other half does not follow', () => {
    const caller = new Caller().breakAfter([text('Hi 🎉')], 4)
    expect(() => caller.resume('prefill', [call('a')])).toThrow(Diverged)
    expect(() => caller.resume('prefill', [text(' '), call('a')])).toThrow(Diverged)
    caller.resume('prefill', [text(' 🎉'), call('b')], { pieces: [3] })
    expect(caller.blocks[0]).toEqual(['text', 'Hi 🎉'])
  })

  it('passes thinking behind a short text, though the text is not ended', () => {
    const caller = new Caller().breakAfter([text(HELLO)], HELLO.length)
    caller.trail.resume('prefill')
    const [message, start, piece, , , ...rest] = eventsOf([text('Hell'), thinking('hm'), call('a')])
    for (const event of [message, start, piece, ...rest]) if (event !== undefined) caller.take(event)
    expect(caller.blocks.slice(1)).toEqual([
      ['thinking', 'hm'],
      ['tool_use', '{"a": 1}'],
    ])
  })

  it('begins a new block behind one that is closed', () => {
    const delivered = () => {
      const caller = new Caller().breakAfter([text('One. '), text('')], 0)
      const between = new Caller()
      between.take(...caller.got.slice(0, -1))
      return between
    }
    for (const [blocks, built] of [
      [[call('a')], ['tool_use']],
      [[text(' '), call('a')], ['tool_use']],
      [[text(' Two')], ['text']],
      [
        [text('Two'), text('Three')],
        ['text', 'text'],
      ],
    ] as const) {
      const caller = delivered()
      caller.resume('prefill', blocks, { pieces: [1] })
      expect(caller.blocks.slice(1).map(([type]) => type)).toEqual(built)
      expect(caller.blocks[0]).toEqual(['text', 'One. '])
    }
  })

  it('closes the text where a tool call follows it at once, and ends where there is nothing to add', () => {
    for (const blocks of [[call('a')], []]) {
      const caller = new Caller().breakAfter([text(HELLO)], HELLO.length)
      caller.resume('prefill', blocks)
      expect(caller.blocks).toHaveLength(1 + blocks.length)
      expect(caller.built.isClosed).toBe(true)
    }
  })

  it.each([1, 4, 23, 24, 60])('diverges where the answer begins again, in pieces of %i', (length) => {
    const blocks: readonly Told[] = [text(HELLO), text('And then some.'), call('a')]
    for (const said of [HELLO, `\n${HELLO}`]) {
      const caller = new Caller().breakAfter(blocks.slice(0, 2), 5)
      const before = caller.got.length
      const again = [text(said), ...blocks.slice(1)]
      expect(() => caller.resume('prefill', again, { pieces: [length] })).toThrow(Diverged)
      expect(caller.got).toHaveLength(before)
      caller.resume('restart', blocks, { pieces: [length] })
      expect(caller.blocks).toEqual(blocks.map(({ type, said: whole }) => [type, whole]))
    }
  })

  it('swallows nothing of an answer that says its first sentence again', () => {
    const sentence = 'I will not talk in class again. '
    const caller = new Caller().breakAfter([text(`${sentence.repeat(3)}End.`)], sentence.length)
    const before = caller.got.length
    expect(() => caller.resume('prefill', [text(`${sentence.repeat(2)}End.`)])).toThrow(Diverged)
    expect(caller.got).toHaveLength(before)
    caller.resume('restart', [text(`${sentence.repeat(3)}End.`)])
    expect(caller.blocks).toEqual([['text', `${sentence.repeat(3)}End.`]])
  })

  it.each<[string, readonly Told[], readonly Told[]]>([
    ['all that was delivered is short', [text('Hello')], [text('Hello, you')]],
    ['the first block is short', [text('Hi.'), text(HELLO)], [text('Hi.'), text(HELLO)]],
    ['what was delivered repeats itself', [text(HELLO + HELLO)], [text(HELLO + HELLO)]],
    ['the first block that says anything is short', [text(''), text('Hi.'), text(HELLO)], [text('Hi.'), text(HELLO)]],
    ['the first block had white space before it', [text('\n\nHi.'), text(HELLO)], [text('Hi.'), text(HELLO)]],
    ['its borders are others', [text('Hello'), text(HELLO)], [text(`Hello${HELLO}`)]],
  ])('diverges where it begins again and %s', (_, delivered, told) => {
    const caller = new Caller().breakAfter(delivered, delivered.at(-1)?.said.length ?? 0)
    const before = caller.got.length
    expect(() => caller.resume('prefill', told)).toThrow(Diverged)
    expect(caller.got).toHaveLength(before)
  })

  it('takes what only begins like the answer for a continuation', () => {
    const caller = new Caller().breakAfter([text(`${HELLO} `)], HELLO.length + 1)
    caller.resume('prefill', [text('Hello, that was'), text('all.')], { pieces: [3] })
    expect(caller.blocks).toEqual([
      ['text', `${HELLO} Hello, that was`],
      ['text', 'all.'],
    ])
    const short = new Caller().breakAfter([text(`${HELLO} `)], HELLO.length + 1)
    short.resume('prefill', [text('Hell')])
    expect(short.blocks).toEqual([['text', `${HELLO} Hell`]])
  })
})
