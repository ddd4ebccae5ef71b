import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Diverged } from '../../recovery/index.ts'
import { Caller, call, HELLO, signed, text } from './fixtures/caller.ts'
import { eventsOf, type Told } from './fixtures/message-events.ts'

/** What servers really send. */
const RECORDED = new URL('../../../test/fixtures/streams/', import.meta.url)

describe('a recorded stream', () => {
  const names = readdirSync(RECORDED).filter((name) => name.startsWith('anthropic-ok'))

  it.each(names)('%s goes on after every event that leaves anything to go on with', (name) => {
    const lines = readFileSync(new URL(name, RECORDED), 'utf8').split(/\r?\n/)
    const events = lines.filter((line) => line.startsWith('data: ')).map((line) => JSON.parse(line.slice(6)))
    const whole = new Caller()
    whole.take(...events)
    let resumed = 0
    for (const at of events.keys()) {
      const caller = new Caller()
      caller.take(...events.slice(0, at + 1))
      if (caller.trail.disarmedBy !== undefined) continue
      caller.trail.resume('restart')
      caller.take(...events)
      caller.trail.finish(caller.got)
      expect(caller.built).toEqual(whole.built)
      resumed += 1
    }
    expect(resumed).toBeGreaterThan(3)
  })
})

describe('the first attempt', () => {
  it('comes out as the very objects it came as, at once', () => {
    const events = eventsOf([signed('hm'), text(HELLO), call('a'), call('b')])
    const caller = new Caller({ holdsToolCalls: () => false })
    for (const event of events) expect(caller.take(event)).toEqual([event])
    expect(caller.got.every((event, at) => event === events[at])).toBe(true)
    expect(caller.trail.isPastSeam).toBe(true)
  })

  it('may be passed on without a look while deltas of one kind follow each other', () => {
    const caller = new Caller()
    for (const event of eventsOf([text(HELLO)])) {
      caller.take(event)
      const { type } = event as { type: string }
      if (type !== 'ping') expect(caller.trail.passesFamiliar, type).toBe(type === 'content_block_delta')
    }
  })

  it('notes what was passed on without a look', () => {
    const caller = new Caller().breakAfter([text('Hello')], 5)
    const bytes = Buffer.from('"text":", w\\u00f6rld \\"x"')
    caller.trail.noteFamiliar('text', bytes, 8, bytes.length - 1)
    caller.trail.noteFamiliar('thinking', bytes, 8, bytes.length - 1)
    caller.trail.noteFamiliar('partial_json', bytes, 8, bytes.length - 1)
    expect(caller.trail.prefill).toBe('Hello, wörld "x')
  })
})

describe('tool calls', () => {
  const start = { type: 'content_block_start', index: 0, content_block: { type: 'tool_use', id: 'a', name: 'f' } }
  const piece = (length: number) => ({
    type: 'content_block_delta',
    index: 0,
    delta: { type: 'input_json_delta', partial_json: 'x'.repeat(length) },
  })

  it('are held until they are whole, and come as they came', () => {
    const events = eventsOf([text('Let me look.'), call('a'), call('b')])
    const caller = new Caller()
    let held = 0
    for (const event of events) {
      const [first, ...more] = caller.take(event)
      const { type, index } = event as { type: string; index?: number }
      if ((index ?? 0) > 0 && type !== 'content_block_stop') {
        expect(first).toBeUndefined()
        expect(caller.trail.isHolding).toBe(true)
        held += 1
      } else expect(caller.trail.isHolding).toBe(false)
      if (type === 'content_block_stop' && index === 1) expect(more.at(-1)).toBe(event)
    }
    expect(held).toBeGreaterThan(4)
    expect(caller.got).toEqual(events)
    expect(caller.trail.disarmedBy).toBe('tool_call')
  })

  it('let pings through while they are held', () => {
    const caller = new Caller()
    expect(caller.take(start, { type: 'ping' }, piece(2))).toEqual([{ type: 'ping' }])
    expect(caller.trail.disarmedBy).toBeUndefined()
  })

  it('come out when they are released, and pass from then on', () => {
    const caller = new Caller()
    caller.take(start, piece(2))
    const out: object[] = []
    caller.trail.release(out)
    expect(out).toEqual([start, piece(2)])
    expect(caller.trail.isHolding).toBe(false)
    expect(caller.trail.disarmedBy).toBe('tool_call')
    expect(caller.take(piece(3))).toEqual([piece(3)])
    expect(caller.trail.passesFamiliar).toBe(true)
    const next = { ...start, index: 1 }
    expect(caller.take({ type: 'content_block_stop', index: 0 }, next).at(-1)).toBe(next)
  })

  it('come out when they are too large to be held', () => {
    const caller = new Caller()
    expect(caller.take(start, piece(200_000))).toEqual([])
    expect(caller.take(piece(100_000))).toHaveLength(3)
    expect(caller.trail.disarmedBy).toBe('tool_call')
  })

  it('are each measured for themselves', () => {
    const caller = new Caller()
    for (const index of [0, 1]) {
      expect(caller.take({ ...start, index }, { ...piece(200_000), index })).toEqual([])
      expect(caller.take({ type: 'content_block_stop', index })).toHaveLength(3)
    }
  })

  it('come out when the answer is said to be complete', () => {
    const caller = new Caller()
    caller.take(start, piece(2))
    const out: object[] = []
    caller.trail.finish(out)
    expect(out).toEqual([start, piece(2)])
    expect(caller.trail.disarmedBy).toBe('tool_call')
  })

  it('come out with the end of a message that never ended them', () => {
    const caller = new Caller()
    caller.take(start, piece(2))
    const end = { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: {} }
    expect(caller.take(end)).toEqual([start, piece(2), end])
  })

  it('are asked for at the first one only, and forgotten when an attempt breaks off in one', () => {
    let asked = 0
    const caller = new Caller({ holdsToolCalls: () => ++asked > 0 }).breakAfter([text(HELLO)], 12)
    expect(asked).toBe(0)
    caller.take({ type: 'content_block_stop', index: 0 }, { ...start, index: 1 })
    caller.resume('restart', [text('Hello, this '), call('b'), call('c')])
    expect(asked).toBe(1)
    expect(caller.built.blocks.map(({ id }) => id)).toEqual([undefined, 'b', 'c'])
    expect(caller.trail.isHolding).toBe(false)
  })
})

describe('restart', () => {
  it('suppresses what was delivered, wherever its pieces are cut', () => {
    const caller = new Caller().breakAfter([text(HELLO)], 9)
    const out = caller.resume('restart', [text(HELLO)], { pieces: [4] })
    expect(out[0]).toEqual({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'is ' } })
    expect(caller.blocks).toEqual([['text', HELLO]])
    expect(caller.built).toMatchObject({ id: 'msg_1', isClosed: true, stopReason: 'end_turn' })
  })

  it('is past the seam with the first thing that is new', () => {
    const caller = new Caller().breakAfter([text(HELLO)], 9)
    caller.trail.resume('restart')
    expect(caller.trail.passesFamiliar).toBe(false)
    const events = eventsOf([text(HELLO)], { pieces: [9] })
    caller.take({ type: 'ping' }, ...events.slice(0, 3))
    expect(caller.trail.isPastSeam).toBe(false)
    expect(caller.trail.passesFamiliar).toBe(false)
    expect(caller.take(...events.slice(3, 4))).toEqual(events.slice(3, 4))
    expect(caller.trail.isPastSeam).toBe(true)
    caller.take({ type: 'ping' })
    expect(caller.trail.passesFamiliar).toBe(true)
  })

  it('diverges at another text, and has passed on nothing of it', () => {
    const caller = new Caller().breakAfter([text(HELLO)], 9)
    const before = caller.got.length
    expect(() => caller.resume('restart', [text('Hello, you')])).toThrow(Diverged)
    expect(caller.got).toHaveLength(before)
    caller.resume('restart', [text(HELLO)])
    expect(caller.blocks).toEqual([['text', HELLO]])
  })

  it.each<[string, readonly Told[]]>([
    ['ends too early', [text('Hello')]],
    ['says too much in a block that is closed', [text('Hello, you!'), text('Now')]],
    ['says too little in a block that is closed', [text('Hello'), text(', youNow')]],
    ['puts another block between', [text('Hello, you'), call('a')]],
    ['has no block where there is an empty one', []],
  ])('diverges where it %s', (_, blocks) => {
    const caller = new Caller().breakAfter([text('Hello, you'), text('Now then')], 3)
    expect(() => caller.resume('restart', blocks)).toThrow(Diverged)
  })

  it('takes missing white space at the very end for no difference', () => {
    const caller = new Caller().breakAfter([text('Hello.\n\n')], 8)
    caller.resume('restart', [text('Hello.'), call('a')])
    expect(caller.blocks).toEqual([
      ['text', 'Hello.\n\n'],
      ['tool_use', '{"a": 1}'],
    ])
  })

  it('goes on in the block that is open, and numbers the further ones on', () => {
    const caller = new Caller().breakAfter([signed('hm'), text('One'), text('Two')], 1)
    caller.resume('restart', [text('One'), text('Two'), call('a'), call('b')])
    expect(caller.blocks.map(([type]) => type)).toEqual(['thinking', 'text', 'text', 'tool_use', 'tool_use'])
  })

  it('may be given up and begun again several times', () => {
    const caller = new Caller().breakAfter([text(HELLO)], 9)
    for (const length of [12, 20, 21]) {
      caller.trail.resume('restart')
      caller.take(...eventsOf([text(HELLO)], { pieces: [length, 100] }).slice(0, 3))
    }
    expect(() => caller.resume('restart', [text('No')])).toThrow(Diverged)
    caller.resume('prefill', [text(HELLO.slice(21))])
    expect(caller.blocks).toEqual([['text', HELLO]])
  })
})
