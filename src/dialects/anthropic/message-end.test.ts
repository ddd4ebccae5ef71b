import { describe, expect, it } from 'vitest'
import { Diverged, MAX_DELIVERED_CHARACTERS } from '../../recovery/index.ts'
import { Caller, call, HELLO, signed, text, thinking } from './fixtures/caller.ts'
import { eventsOf, type Told } from './fixtures/message-events.ts'

describe('what another attempt cannot go on with', () => {
  const begun = (blocks: readonly Told[], count: number) => {
    const caller = new Caller()
    caller.take(...eventsOf(blocks).slice(0, count))
    return caller.trail.disarmedBy
  }
  const start = (content_block: object) => ({ type: 'content_block_start', index: 0, content_block })

  it('is a signed block that is open, not one that is closed', () => {
    expect(begun([signed('hm')], 2)).toBe('signed_reasoning')
    expect(begun([signed('hm')], 4)).toBe('signed_reasoning')
    expect(begun([signed('hm')], 5)).toBeUndefined()
    expect(begun([{ type: 'redacted_thinking', said: 'x' }], 2)).toBe('signed_reasoning')
    expect(begun([{ type: 'redacted_thinking', said: 'x' }], 3)).toBeUndefined()
  })

  it.each([
    ['a citation', eventsOf([{ type: 'text', said: 'x', citation: 'y' }]).slice(0, 4)],
    ['a search', [start({ type: 'server_tool_use', id: 'a', name: 'web_search', input: {} })]],
    ['a result', [start({ type: 'web_search_tool_result', tool_use_id: 'a', content: [] })]],
    ['a call of a remote tool', [start({ type: 'mcp_tool_use', id: 'a', name: 'f', input: {} })]],
    ['a text that begins with citations', [start({ type: 'text', text: '', citations: [{}] })]],
    [
      'an unknown delta',
      [start({ type: 'text', text: '' }), { type: 'content_block_delta', index: 0, delta: { type: 'x' } }],
    ],
    [
      'a delta outside of its block',
      [{ type: 'content_block_delta', index: 3, delta: { type: 'text_delta', text: 'x' } }],
    ],
    ['the end of a block that has not begun', [{ type: 'content_block_stop', index: 3 }]],
    ['two blocks at a time', [start({ type: 'text', text: '' }), { ...start({ type: 'text', text: '' }), index: 1 }]],
    [
      'a message that begins with content',
      [{ type: 'message_start', message: { content: [{ type: 'text', text: 'x' }] } }],
    ],
    ['a block that begins again', [...eventsOf([text('')]).slice(1, 3), start({ type: 'text', text: '' })]],
    ['the end of the message', eventsOf([text('x')]).slice(0, -1)],
  ])('is %s', (_, events) => {
    const caller = new Caller()
    expect(caller.take(...events)).toEqual(events)
    expect(caller.trail.disarmedBy).toMatch(/^(other_content|finished)$/)
    expect(caller.trail.prefill).toBeUndefined()
  })

  it('is more than is kept', () => {
    const caller = new Caller().breakAfter(
      [text('x'.repeat(MAX_DELIVERED_CHARACTERS / 2)), text('x'.repeat(MAX_DELIVERED_CHARACTERS))],
      MAX_DELIVERED_CHARACTERS / 2,
    )
    expect(caller.trail.disarmedBy).toBeUndefined()
    const byte = Buffer.from('x')
    caller.trail.noteFamiliar('text', byte, 0, 1)
    expect(caller.trail.disarmedBy).toBe('too_long')
    expect(caller.trail.prefill).toBeUndefined()
    caller.trail.noteFamiliar('text', byte, 0, 1)
  })

  it('is asked of the request once, and only where nothing else speaks', () => {
    let asked = 0
    const caller = new Caller({
      disarmedBy: () => {
        asked += 1
        return 'structured_output'
      },
    }).breakAfter([text(HELLO)], 5)
    expect(asked).toBe(0)
    expect([caller.trail.disarmedBy, caller.trail.disarmedBy, asked]).toEqual([
      'structured_output',
      'structured_output',
      1,
    ])
  })

  it('gets nothing of an attempt that is made all the same', () => {
    const caller = new Caller()
    caller.take(...eventsOf([text(HELLO), call('a')]).slice(0, -2))
    expect(() => caller.resume('restart', [text(HELLO), call('b')])).toThrow(Diverged)
    const kept = new Caller({ recovers: false }).breakAfter([text(HELLO)], 5)
    expect(kept.trail.prefill).toBeUndefined()
    expect(() => kept.resume('restart', [text(HELLO)])).toThrow(Diverged)
  })
})

describe('an attempt that keeps to the format badly', () => {
  const delta = (index: number, said: string) => ({
    type: 'content_block_delta',
    index,
    delta: { type: 'text_delta', text: said },
  })

  it('has its blocks closed where it does not close them', () => {
    const caller = new Caller().breakAfter([text('One')], 2)
    const stops = ({ type }: { type?: string }) => type !== 'content_block_stop'
    caller.trail.resume('restart')
    caller.take(...eventsOf([text('One'), text('Two'), call('a')]).filter(stops))
    expect(caller.blocks.map(([, said]) => said)).toEqual(['One', 'Two', '{"a": 1}'])
    expect(caller.built.isClosed).toBe(true)
    const last = new Caller().breakAfter([text('One')], 2)
    last.trail.resume('restart')
    last.take(...eventsOf([text('One')]).filter(stops))
    expect(last.built.isClosed).toBe(true)
  })

  it('ends no other block than the one it is in', () => {
    const caller = new Caller().breakAfter([text('One')], 2)
    caller.trail.resume('restart')
    const events = eventsOf([text('One more')])
    caller.take(...events.slice(0, 3), { type: 'content_block_stop', index: 7 }, ...events.slice(3))
    expect(caller.blocks).toEqual([['text', 'One more']])
  })

  it('has its block closed before message_stop where nothing else ends the message', () => {
    const caller = new Caller().breakAfter([text('One')], 2)
    caller.trail.resume('restart')
    caller.take(...eventsOf([text('One')]).slice(0, 3))
    const stop = { type: 'message_stop' }
    expect(caller.take(stop)).toEqual([{ type: 'content_block_stop', index: 0 }, stop])
    const short = new Caller().breakAfter([text('One')], 2)
    short.trail.resume('restart')
    short.take(...eventsOf([text('O')]).slice(0, 3))
    expect(() => short.take(stop)).toThrow(Diverged)
  })

  it('diverges with a delta that belongs to no block', () => {
    const caller = new Caller().breakAfter([text('One')], 2)
    caller.trail.resume('restart')
    expect(() => caller.take(delta(0, 'One'))).toThrow(Diverged)
  })

  it('may begin its texts in the start of their blocks', () => {
    const caller = new Caller().breakAfter([text('One')], 2)
    caller.trail.resume('restart')
    const block = (index: number, said: string) => [
      { type: 'content_block_start', index, content_block: { type: 'text', text: said } },
      { type: 'content_block_stop', index },
    ]
    caller.take(...block(0, 'One more'), ...block(1, 'Two'))
    expect(caller.blocks.map(([, said]) => said)).toEqual(['One more', 'Two'])
  })

  it('passes a citation behind the seam, and diverges with one before it', () => {
    const cited: readonly Told[] = [{ type: 'text', said: 'One', citation: 'x' }]
    const caller = new Caller().breakAfter([text('One')], 3)
    caller.resume('restart', cited)
    expect(caller.trail.disarmedBy).toBe('other_content')
    expect(caller.blocks[0]?.[1]).toContain('cited_text')
    for (const [delivered, characters] of [
      [[text('One'), text('Two')], 3],
      [[text('One'), text('')], 0],
      [[text('One more')], 8],
    ] as const) {
      const early = new Caller().breakAfter(delivered, characters)
      early.trail.resume('restart')
      expect(() => early.take(...eventsOf(cited).slice(0, 4))).toThrow(Diverged)
    }
  })

  it('tells counts alone only to the caller of the first attempt', () => {
    const counts = { type: 'message_delta', delta: { stop_reason: null }, usage: { output_tokens: 3 } }
    const caller = new Caller().breakAfter([text('One')], 2)
    expect(caller.take(counts)).toEqual([counts])
    caller.trail.resume('restart')
    expect(caller.take(counts)).toEqual([])
  })
})

describe('the counts at the end', () => {
  const counted = (usage: object, mode: 'restart' | 'prefill', told: Told, telling: object) => {
    const caller = new Caller()
    caller.take(...eventsOf([text(HELLO)], { usage, pieces: [30] }).slice(0, 3))
    caller.resume(mode, [told], telling)
    return caller.built.usage
  }
  const first = { input_tokens: 5, cache_read_input_tokens: 100, output_tokens: 1 }
  const again = { input_tokens: 110, cache_read_input_tokens: 0, output_tokens: 1 }
  const rest = text(HELLO.slice(30))

  it('have the input as it was told first, and the output of an attempt from the beginning', () => {
    const endUsage = {
      input_tokens: 110,
      cache_read_input_tokens: 0,
      cache_creation_input_tokens: 7,
      output_tokens: 30,
    }
    const usage = counted(first, 'restart', text(HELLO), { usage: again, endUsage })
    expect(usage).toEqual({ ...first, output_tokens: 30 })
  })

  it('have the prefill in the output, as the input tells', () => {
    expect(counted(first, 'prefill', rest, { usage: again, endUsage: { output_tokens: 30 } })).toEqual({
      ...first,
      output_tokens: 35,
    })
    const larger = { ...again, input_tokens: 500 }
    expect(counted(first, 'prefill', rest, { usage: larger, endUsage: { output_tokens: 30 } }).output_tokens).toBe(38)
  })

  it('have the thinking that came before a prefill in the output', () => {
    const caller = new Caller().breakAfter([thinking('x'.repeat(40)), text(HELLO)], 30)
    caller.resume('prefill', [rest])
    expect(caller.built.usage.output_tokens).toBe(12 + 8 + 10)
  })

  it('have the input of the end, without the prefill, where none was told before', () => {
    const endUsage = { input_tokens: 110, output_tokens: 30 }
    const usage = counted({ input_tokens: 0, output_tokens: 0 }, 'prefill', rest, { usage: {}, endUsage })
    expect(usage).toEqual({ input_tokens: 102, output_tokens: 38 })
    expect(counted({}, 'restart', text(HELLO), { usage: {}, endUsage })).toEqual(endUsage)
  })
})
