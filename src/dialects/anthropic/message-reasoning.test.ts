import { describe, expect, it } from 'vitest'
import { Caller, call, HELLO, signed, text, thinking } from './fixtures/caller.ts'
import type { Told } from './fixtures/message-events.ts'

describe('unsigned thinking that broke off', () => {
  const THOUGHT = 'Let me think about this.'
  const broken = () => new Caller().breakAfter([thinking(THOUGHT)], 10)

  it('goes on in the same block where the other attempt thinks the same', () => {
    for (const length of [3, 10, 100]) {
      const caller = broken()
      caller.resume('restart', [thinking(THOUGHT), text('So.')], { pieces: [length] })
      expect(caller.blocks).toEqual([
        ['thinking', THOUGHT],
        ['text', 'So.'],
      ])
    }
  })

  it.each([
    ['otherwise', 'Let me see, then.'],
    ['less', 'Let me'],
    ['something else from the start', 'Well'],
  ])('is closed, and begun again in a block of its own, where the other thinks %s', (_, said) => {
    const caller = broken()
    caller.resume('restart', [thinking(said), text('So.')], { pieces: [3] })
    expect(caller.blocks).toEqual([
      ['thinking', THOUGHT.slice(0, 10)],
      ['thinking', said],
      ['text', 'So.'],
    ])
  })

  it('has no empty block behind it where the other thinks nothing in a block', () => {
    const caller = broken()
    caller.resume('restart', [thinking(''), text('So.')])
    expect(caller.blocks).toEqual([
      ['thinking', THOUGHT.slice(0, 10)],
      ['text', 'So.'],
    ])
  })

  it('is begun again once, wherever the other begins to say it', () => {
    const caller = broken()
    caller.trail.resume('restart')
    const block = { type: 'thinking', thinking: 'Let me see' }
    caller.take({ type: 'content_block_start', index: 0, content_block: block })
    expect(caller.blocks[1]).toEqual(['thinking', 'Let me see'])
  })

  it('is no prefill: the other attempt is taken to begin from the beginning', () => {
    const caller = broken()
    caller.resume('prefill', [thinking(THOUGHT), text('So.')])
    expect(caller.blocks[0]).toEqual(['thinking', THOUGHT])
  })

  it('is closed where the other signs its thoughts: a signature stands for a whole block', () => {
    const caller = broken()
    caller.resume('restart', [signed(THOUGHT), text('So.')])
    expect(caller.blocks.map(([, said]) => said)).toEqual([THOUGHT.slice(0, 10), THOUGHT, 'So.'])
    expect(caller.built.blocks.map(({ signature }) => signature)).toEqual(['', 'sig', ''])
  })

  it.each<[string, readonly Told[]]>([
    ['nothing', [text('So.')]],
    ['nothing readable', [{ type: 'redacted_thinking', said: 'x' }, text('So.')]],
    ['nothing, and calls a tool', [call('a')]],
  ])('is closed where the other thinks %s', (_, blocks) => {
    const caller = broken()
    caller.resume('restart', blocks)
    expect(caller.blocks.slice(1)).toEqual(blocks.map(({ type, said }) => [type, said]))
  })

  it('does not count as thinking that was delivered as a whole once it was closed', () => {
    const caller = broken()
    caller.trail.resume('restart')
    caller.take(
      { type: 'message_start', message: { usage: {} } },
      { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'Hm, no' } },
    )
    caller.resume('restart', [thinking('Hm, no. Well'), text('So.')])
    expect(caller.blocks.map(([, said]) => said)).toEqual([THOUGHT.slice(0, 10), 'Hm, no. Well', 'So.'])
  })
})

describe('thinking of another attempt', () => {
  it('is dropped once text was delivered', () => {
    const caller = new Caller().breakAfter([text('So it is.')], 4)
    caller.resume('restart', [signed('hm '.repeat(1_000)), text('So it is.')])
    expect(caller.blocks).toEqual([['text', 'So it is.']])
  })

  it('is dropped where a whole block of it was delivered, and passes where it is a further one', () => {
    const caller = new Caller().breakAfter([signed('hm'), text('')], 0)
    caller.got.pop()
    const between = new Caller()
    between.take(...caller.got)
    between.resume('restart', [signed('well'), text('So.'), signed('and'), call('a')])
    expect(between.blocks).toEqual([
      ['thinking', 'hm'],
      ['text', 'So.'],
      ['thinking', 'and'],
      ['tool_use', '{"a": 1}'],
    ])
  })

  it('passes behind the text, whatever thinking came before it', () => {
    for (const mode of ['restart', 'prefill'] as const) {
      const caller = new Caller().breakAfter([signed('hm'), text(HELLO)], 30)
      caller.resume(mode, [text(HELLO.slice(mode === 'prefill' ? 30 : 0)), signed('and'), call('a')])
      expect(caller.blocks.map(([, said]) => said)).toEqual(['hm', HELLO, 'and', '{"a": 1}'])
      expect(caller.built.blocks[2]?.signature).toBe('sig')
    }
  })

  /** A whole text and whole thinking behind it were delivered. */
  const behindText = () => {
    const caller = new Caller().breakAfter([text('One.'), signed('hm'), text('')], 0)
    const between = new Caller()
    between.take(...caller.got.slice(0, -1))
    return between
  }

  it('is dropped behind the text where thinking behind it was delivered as a whole', () => {
    const caller = behindText()
    caller.resume('restart', [text('One.'), signed('well'), text('Two.'), signed('and'), call('a')])
    expect(caller.blocks.map(([, said]) => said)).toEqual(['One.', 'hm', 'Two.', 'and', '{"a": 1}'])
  })

  it('passes behind what is new, though thinking before that was delivered and is not repeated', () => {
    for (const said of [text('Two.'), call('b')]) {
      const again = behindText()
      again.resume('restart', [text('One.'), said, signed('and'), call('a')])
      expect(again.blocks.map(([, each]) => each)).toEqual(['One.', 'hm', said.said, 'and', '{"a": 1}'])
    }
    const caller = behindText()
    caller.resume('prefill', [text('Two.'), signed('and'), call('a')])
    expect(caller.blocks.map(([, each]) => each)).toEqual(['One.', 'hm', 'Two.', 'and', '{"a": 1}'])
  })

  it('is dropped before the text that goes on from a prefill, and passes behind it', () => {
    const caller = new Caller().breakAfter([text('So it is.')], 5)
    caller.resume('prefill', [thinking('hm'), text(' is.'), thinking('and'), call('a')])
    expect(caller.blocks).toEqual([
      ['text', 'So it is.'],
      ['thinking', 'and'],
      ['tool_use', '{"a": 1}'],
    ])
  })
})
