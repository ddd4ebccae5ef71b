import { describe, expect, it } from 'vitest'
import { ParsedBody } from '../request-body.ts'
import { messageContinuation } from './continuation.ts'

const { charactersOf, disarmedBy, encode, fitsPrefill, members, signOfLife, textsOf, wantsEagerCalls, withoutPrefix } =
  messageContinuation
const REQUEST = { messages: [{ role: 'user', content: 'Hi' }], max_tokens: 1 }
const SCHEMA = { type: 'json_schema', schema: {} }
const delta = (piece: object) => ({ type: 'content_block_delta', index: 1, delta: piece })

/** A body that has nothing but what is asked for. */
const body = (request: object) =>
  new ParsedBody(Object.fromEntries(Object.entries(request).filter(([name]) => members.includes(name))))

describe('fitsPrefill', () => {
  it.each([
    REQUEST,
    { ...REQUEST, thinking: { type: 'disabled' } },
    { ...REQUEST, tools: [{ name: 'look' }], tool_choice: { type: 'auto' } },
    { ...REQUEST, tool_choice: { type: 'none' } },
    { ...REQUEST, output_config: { effort: 'low' } },
  ])('is true for %j', (request) => {
    expect(fitsPrefill(body(request))).toBe(true)
  })

  it.each([
    {},
    { messages: [] },
    { messages: [...REQUEST.messages, { role: 'assistant', content: 'Well' }] },
    { ...REQUEST, thinking: { type: 'enabled', budget_tokens: 1_024 } },
    { ...REQUEST, thinking: { type: 'adaptive' } },
    { ...REQUEST, tool_choice: { type: 'any' } },
    { ...REQUEST, tool_choice: { type: 'tool', name: 'look' } },
    { ...REQUEST, output_format: SCHEMA },
    { ...REQUEST, output_config: { format: SCHEMA } },
    { ...REQUEST, thread: {} },
  ])('is false for %j', (request) => {
    expect(fitsPrefill(body(request))).toBe(false)
  })
})

it('an answer that must match a schema is not continued, one that must call a tool is', () => {
  expect(disarmedBy(body({ ...REQUEST, output_format: SCHEMA }))).toBe('structured_output')
  expect(disarmedBy(body({ ...REQUEST, output_config: { format: SCHEMA } }))).toBe('structured_output')
  expect(
    disarmedBy(body({ ...REQUEST, output_config: { effort: 'low' }, tool_choice: { type: 'any' } })),
  ).toBeUndefined()
})

it('a tool may ask for its input as it is written', () => {
  expect(
    wantsEagerCalls(body({ ...REQUEST, tools: [{ name: 'a' }, { name: 'b', eager_input_streaming: true }] })),
  ).toBe(true)
  expect(wantsEagerCalls(body({ ...REQUEST, tools: [{ name: 'a', eager_input_streaming: false }] }))).toBe(false)
  expect(wantsEagerCalls(body(REQUEST))).toBe(false)
})

describe('withoutPrefix', () => {
  it('leaves the rest of a text, and nothing where there is none', () => {
    const event = delta({ type: 'text_delta', text: 'Hello' })
    expect(withoutPrefix(event, 2)).toEqual(delta({ type: 'text_delta', text: 'llo' }))
    expect(withoutPrefix(event, 5)).toBeUndefined()
    expect(event).toEqual(delta({ type: 'text_delta', text: 'Hello' }))
  })

  it('leaves the beginning of a block, and what has no text', () => {
    const start = { type: 'content_block_start', index: 0, content_block: { type: 'text', text: 'Hello' } }
    expect(withoutPrefix(start, 5)).toEqual({ ...start, content_block: { type: 'text', text: '' } })
    for (const event of [
      delta({ type: 'thinking_delta', thinking: 'hm' }),
      { type: 'ping' },
      { ...start, content_block: {} },
    ])
      expect(withoutPrefix(event, 1)).toBe(event)
  })
})

it.each([
  [delta({ type: 'text_delta', text: 'abc' }), 3],
  [delta({ type: 'thinking_delta', thinking: 'abcd' }), 4],
  [delta({ type: 'input_json_delta', partial_json: '{}' }), 2],
  [delta({ type: 'signature_delta', signature: 'abc' }), 0],
  [{ type: 'content_block_start', index: 0, content_block: { type: 'text', text: 'a' } }, 1],
  [{ type: 'message_start', message: {} }, 0],
  [{ type: 'ping' }, 0],
])('of %j a caller waits for %i characters', (event, characters) => {
  expect(charactersOf(event)).toBe(characters)
})

it.each([
  [delta({ type: 'text_delta', text: 'abc', thinking: 'x' }), { text: 'abc', thinking: '' }],
  [delta({ type: 'thinking_delta', thinking: 'abc', text: 'x' }), { text: '', thinking: 'abc' }],
  [delta({ type: 'input_json_delta', partial_json: '{}' }), { text: '', thinking: '' }],
  [
    { ...delta({ type: 'text_delta', text: 1 }), text: 'x' },
    { text: '', thinking: '' },
  ],
  [
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: 'a' } },
    { text: '', thinking: '' },
  ],
  [{ type: 'ping' }, { text: '', thinking: '' }],
])('of %j a trail notes %j', (event, texts) => {
  expect(textsOf(event)).toEqual(texts)
})

it('events go over the wire under their names', () => {
  expect(encode({ type: 'content_block_stop', index: 0 })).toBe(
    'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n',
  )
  expect(signOfLife).toBe('event: ping\ndata: {"type": "ping"}\n\n')
})
