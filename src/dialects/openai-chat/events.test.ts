import { describe, expect, it } from 'vitest'
import { errorOf, isContent, isTerminal, isWholeAnswer, textOf, usageOf } from './events.ts'
import { ChatProgress } from './progress.ts'

const delta = (piece: object, finish_reason: string | null = null, index = 0) => ({
  choices: [{ index, delta: piece, finish_reason }],
})

describe('isContent', () => {
  it.each([
    { content: 'a' },
    { reasoning_content: 'a' },
    { reasoning: 'a', content: '' },
    { refusal: 'no' },
    { tool_calls: [{ index: 0, function: { arguments: '' } }] },
    { function_call: { name: 'f' } },
  ])('is true for the delta %j', (piece) => {
    expect(isContent(delta(piece))).toBe(true)
  })

  it.each([
    {},
    { role: 'assistant' },
    { role: 'assistant', content: '', refusal: null },
    { content: null, reasoning_content: null, tool_calls: [], function_call: null },
  ])('is false for the delta %j', (piece) => {
    expect(isContent(delta(piece))).toBe(false)
  })

  it('is false for chunks without choices, and for what is no chunk', () => {
    for (const event of [{ choices: [], usage: {} }, { choices: null }, {}, null, 'x', 1, []])
      expect(isContent(event)).toBe(false)
  })

  it('looks into whole answers', () => {
    expect(isContent({ choices: [{ message: { role: 'assistant', content: 'a' } }] })).toBe(true)
    expect(isContent({ choices: [{ message: { role: 'assistant', content: null, tool_calls: [{ id: 'x' }] } }] })).toBe(
      true,
    )
    expect(isContent({ choices: [{ message: { role: 'assistant', content: '' } }] })).toBe(false)
  })

  it('looks into older completions', () => {
    expect(isContent({ object: 'text_completion', choices: [{ text: 'a', finish_reason: null }] })).toBe(true)
    expect(isContent({ object: 'text_completion', choices: [{ text: '', finish_reason: 'stop' }] })).toBe(false)
  })
})

it('isTerminal is true for a finish reason', () => {
  expect(isTerminal(delta({}, 'stop'))).toBe(true)
  expect(isTerminal(delta({ content: 'a' }))).toBe(false)
})

it('isWholeAnswer wants a message', () => {
  expect(isWholeAnswer({ choices: [{ message: {} }] })).toBe(true)
  for (const body of [{ choices: [] }, { status: 'ok' }, delta({ content: 'a' }), null])
    expect(isWholeAnswer(body)).toBe(false)
})

describe('errorOf', () => {
  it.each([
    [{ error: { message: 'boom', type: 'server_error' } }, 'boom'],
    [{ error: 'boom' }, 'boom'],
    [{ error: { code: 'rate_limit_exceeded' } }, 'rate_limit_exceeded'],
    [{ choices: [{ delta: { content: 'a' }, finish_reason: 'error' }], error: { message: 'boom', code: 502 } }, 'boom'],
    [{ object: 'error', message: 'boom', code: 400 }, 'boom'],
    [{ type: 'error', message: 'boom' }, 'boom'],
    [{ choices: null, base_resp: { status_code: 1008, status_msg: 'insufficient balance' } }, 'insufficient balance'],
  ])('finds the error in %j', (event, message) => {
    expect(errorOf(event)?.message).toBe(message)
  })

  it('knows finish reasons that are failures', () => {
    expect(errorOf(delta({}, 'error'))?.flaw).toBe('failed')
    expect(errorOf(delta({}, 'insufficient_system_resource'))?.flaw).toBe('no_capacity')
  })

  it('finds none in sound events', () => {
    const sound = [
      delta({ content: 'a' }),
      { ...delta({}), error: null },
      { ...delta({}), error: { code: 0, message: '', details: {} } },
      { ...delta({}), base_resp: { status_code: 0 } },
      null,
      'error',
    ]
    for (const event of sound) expect(errorOf(event)).toBeUndefined()
  })
})

it('usageOf reads counts, Groq’s too', () => {
  expect(usageOf({ usage: { prompt_tokens: 3, completion_tokens: 0 } })).toEqual({ inputTokens: 3, outputTokens: 0 })
  expect(usageOf({ x_groq: { usage: { prompt_tokens: 3, completion_tokens: 4 } } })).toEqual({
    inputTokens: 3,
    outputTokens: 4,
  })
  for (const event of [{ usage: null }, { usage: { prompt_tokens: 'x' } }, {}, null])
    expect(usageOf(event)).toBeUndefined()
})

describe('ChatProgress', () => {
  const after = (...events: unknown[]): ChatProgress => {
    const progress = new ChatProgress()
    for (const event of events) progress.observe(event)
    return progress
  }
  const usage = (completion_tokens: number) => ({ choices: [], usage: { prompt_tokens: 5, completion_tokens } })

  it('is finished when every choice that began has ended, and closed by the usage chunk', () => {
    expect(after().state).toBe('open')
    expect(after(delta({ content: 'a' })).state).toBe('open')
    expect(after(delta({ content: 'a' }), delta({ content: 'b' }, null, 1), delta({}, 'stop')).state).toBe('open')
    expect(
      after(delta({ content: 'a' }), delta({ content: 'b' }, null, 1), delta({}, 'stop'), delta({}, 'stop', 1)).state,
    ).toBe('finished')
    expect(after(delta({ content: 'a' }), delta({}, 'stop'), usage(1)).state).toBe('closed')
  })

  it('stays open at a chunk without choices before the end', () => {
    expect(after({ choices: [], prompt_filter_results: [] }).state).toBe('open')
    expect(after(usage(0)).state).toBe('open')
  })

  it('stays finished when a late chunk repeats the choice', () => {
    expect(after(delta({ content: 'a' }), delta({}, 'stop'), { ...delta({ content: '' }), usage: {} }).state).toBe(
      'finished',
    )
  })

  it('finds an answer without content wrong, and says why', () => {
    expect(after(delta({ content: 'a' }), delta({}, 'content_filter')).verdict()).toMatchObject({
      flaw: 'withheld',
      hasContent: true,
    })
    expect(after(delta({}, 'stop')).verdict()?.flaw).toBe('empty')
    expect(after(delta({}, 'content_filter')).verdict()?.flaw).toBe('withheld')
    expect(after(delta({}, 'length'), usage(0)).verdict()?.flaw).toBe('no_room')
    expect(after(delta({}, 'length')).verdict()?.flaw).toBe('empty')
  })

  it('finds nothing wrong where one of several choices is sound, and the flaw that has content where none is', () => {
    const both = [delta({ content: 'a' }), delta({}, null, 1)]
    expect(after(...both, delta({}, 'stop'), delta({}, 'content_filter', 1)).verdict()).toBeUndefined()
    expect(after(...both, delta({}, 'content_filter'), delta({}, 'stop', 1)).verdict()).toMatchObject({
      flaw: 'withheld',
      hasContent: true,
    })
    expect(after().verdict()?.flaw).toBe('empty')
  })

  it('accepts an answer whose whole budget went into hidden reasoning', () => {
    expect(after(delta({}, 'length'), usage(64)).verdict()).toBeUndefined()
  })
})

describe('textOf', () => {
  it.each<[event: unknown, text: string]>([
    [delta({ content: 'a ' }), 'a '],
    [{ choices: [{ message: { role: 'assistant', content: 'whole' } }] }, 'whole'],
    [delta({ reasoning_content: 'hm' }), ''],
    [delta({ content: null }), ''],
    [{ choices: [] }, ''],
    [null, ''],
  ])('of %j is %j', (event, text) => {
    expect(textOf(event)).toBe(text)
  })
})
