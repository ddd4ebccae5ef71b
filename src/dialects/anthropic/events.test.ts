import { describe, expect, it } from 'vitest'
import { errorOf, isContent, isTerminal, isWholeAnswer, textOf, usageOf } from './events.ts'
import { MessageProgress } from './progress.ts'

const delta = (piece: object) => ({ type: 'content_block_delta', index: 0, delta: piece })
const start = (content_block: object) => ({ type: 'content_block_start', index: 0, content_block })
const stop = (stop_reason: string, output_tokens = 0) => ({
  type: 'message_delta',
  delta: { stop_reason },
  usage: { output_tokens },
})
const end = { type: 'message_stop' }

describe('isContent', () => {
  it.each([
    delta({ type: 'text_delta', text: 'a' }),
    delta({ type: 'thinking_delta', thinking: 'a' }),
    delta({ type: 'input_json_delta', partial_json: '{' }),
    start({ type: 'tool_use', id: 'x', name: 'f', input: {} }),
    start({ type: 'server_tool_use', id: 'x', name: 'web_search', input: {} }),
    start({ type: 'text', text: 'a' }),
    { type: 'message', content: [{ type: 'text', text: 'a' }] },
  ])('is true for %j', (event) => {
    expect(isContent(event)).toBe(true)
  })

  it.each([
    { type: 'ping' },
    { type: 'message_start', message: { content: [], usage: {} } },
    start({ type: 'text', text: '' }),
    start({ type: 'thinking', thinking: '', signature: '' }),
    start({ type: 'redacted_thinking', data: 'x' }),
    delta({ type: 'text_delta', text: '' }),
    delta({ type: 'input_json_delta', partial_json: '' }),
    delta({ type: 'signature_delta', signature: 'x' }),
    { type: 'content_block_stop', index: 0 },
    stop('end_turn'),
    end,
    { type: 'message', content: [] },
    null,
    [],
    'x',
  ])('is false for %j', (event) => {
    expect(isContent(event)).toBe(false)
  })
})

it('isTerminal is true for message_stop alone', () => {
  expect(isTerminal(end)).toBe(true)
  expect(isTerminal(stop('end_turn'))).toBe(false)
})

it('isWholeAnswer wants a message', () => {
  expect(isWholeAnswer({ type: 'message', content: [] })).toBe(true)
  for (const body of [{ type: 'message' }, { choices: [] }, null]) expect(isWholeAnswer(body)).toBe(false)
})

it('errorOf finds error events', () => {
  expect(errorOf({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } })?.message).toBe(
    'Overloaded',
  )
  expect(errorOf({ type: 'error', error: { type: 'overloaded_error' } })?.message).toBe('overloaded_error')
  expect(errorOf({ type: 'ping' })).toBeUndefined()
})

it('usageOf adds what was cached to the input', () => {
  const usage = { input_tokens: 5, cache_creation_input_tokens: 10, cache_read_input_tokens: 100, output_tokens: 1 }
  expect(usageOf({ type: 'message_start', message: { usage } })).toEqual({ inputTokens: 115, outputTokens: 1 })
  expect(usageOf(stop('end_turn', 12))).toEqual({ outputTokens: 12 })
  expect(usageOf({ type: 'message', usage })).toEqual({ inputTokens: 115, outputTokens: 1 })
  expect(usageOf({ type: 'ping' })).toBeUndefined()
})

describe('MessageProgress', () => {
  const after = (...events: unknown[]): MessageProgress => {
    const progress = new MessageProgress()
    for (const event of events) progress.observe(event)
    return progress
  }
  const text = delta({ type: 'text_delta', text: 'a' })

  it('is finished with the stop reason and closed by message_stop', () => {
    expect(after(text).state).toBe('open')
    expect(after(text, stop('end_turn')).state).toBe('finished')
    expect(after(text, stop('end_turn'), end).state).toBe('closed')
    expect(after({ type: 'message', content: [], stop_reason: 'end_turn' }).state).toBe('finished')
  })

  it('finds an answer without content wrong, and says why', () => {
    expect(after(text, stop('refusal'), end).verdict()).toMatchObject({ flaw: 'refused', hasContent: true })
    expect(after(text, stop('model_context_window_exceeded'), end).verdict()).toBeUndefined()
    expect(after(stop('end_turn'), end).verdict()?.flaw).toBe('empty')
    expect(after(stop('refusal'), end).verdict()).toMatchObject({ flaw: 'refused', hasContent: false })
    expect(after(stop('model_context_window_exceeded'), end).verdict()?.flaw).toBe('no_room')
    expect(after(stop('max_tokens'), end).verdict()?.flaw).toBe('empty')
  })

  it('accepts empty answers that were asked for', () => {
    expect(after(stop('max_tokens', 16), end).verdict()).toBeUndefined()
    expect(after(stop('stop_sequence'), end).verdict()).toBeUndefined()
  })
})

describe('textOf', () => {
  it.each<[event: unknown, text: string]>([
    [delta({ type: 'text_delta', text: 'a ' }), 'a '],
    [start({ type: 'text', text: 'b' }), 'b'],
    [
      {
        type: 'message',
        content: [
          { type: 'thinking', thinking: 'hm' },
          { type: 'text', text: 'x' },
          { type: 'text', text: 'y' },
        ],
      },
      'xy',
    ],
    [delta({ type: 'thinking_delta', thinking: 'hm' }), ''],
    [delta({ type: 'input_json_delta', partial_json: '{' }), ''],
    [{ type: 'ping' }, ''],
  ])('of %j is %j', (event, text) => {
    expect(textOf(event)).toBe(text)
  })
})
