import { describe, expect, it } from 'vitest'
import { type Answer, DEFAULT_ANSWER, planAnswer, splitFragments, splitTokens } from './answer.ts'
import { anthropic } from './anthropic.ts'
import type { Dialect } from './dialect.ts'
import { ERROR_KINDS } from './fault.ts'
import { openai } from './openai.ts'
import type { FaultRequest } from './request.ts'

const TOOLS: Answer = {
  reasoning: 'Weather needed.',
  text: 'Let me check. ',
  toolCalls: [
    { name: 'get_weather', arguments: { city: 'München' } },
    { name: 'get_time', arguments: '{"zone": "CET', id: 'mine' },
  ],
}

function plan(dialect: Dialect, answer: Answer, body: Record<string, unknown> = {}) {
  const request: FaultRequest = {
    method: 'POST',
    path: '/',
    query: '',
    headers: {},
    key: undefined,
    dialect: dialect.name,
    model: 'm',
    stream: true,
    body: { stream_options: { include_usage: true }, ...body },
    bodyBytes: 41,
    endpoint: 'chat',
  }
  const serial = 'x1'
  return planAnswer({ request, answer, prefill: 'continue', splitTokens, omitUsage: false, serial, nowMs: 5_000_900 })
}

/** What a stream carries, in order: the data of each event, parsed where it is JSON. */
function dataOf(dialect: Dialect, answer: Answer, body = {}) {
  return dialect.frames(plan(dialect, answer, body)).map(({ text }) => {
    const data = /^(?:event: .*\n)?data: (.*)\n\n$/.exec(text)?.[1] ?? ''
    return data.startsWith('{') ? JSON.parse(data) : data
  })
}

describe('tokens', () => {
  it('are sixty in the default answer, all different', () => {
    expect(new Set(splitTokens(DEFAULT_ANSWER)).size).toBe(60)
    expect(splitTokens(DEFAULT_ANSWER)).toHaveLength(60)
  })

  it.each(['', ' ', 'one', ' one  two\n', 'a b '])('of %j put together are the text', (text) => {
    expect(splitTokens(text).join('')).toBe(text)
    expect(splitFragments(text).join('')).toBe(text)
  })
})

describe('openai', () => {
  it('streams role, reasoning, text, tool calls, finish, usage and [DONE], under one id', () => {
    const data = dataOf(openai, TOOLS)
    expect(data.at(-1)).toBe('[DONE]')
    const chunks = data.slice(0, -1)
    for (const chunk of chunks) {
      const head = { id: 'chatcmpl-x1', object: 'chat.completion.chunk', created: 5000, model: 'm' }
      expect(chunk).toMatchObject(head)
    }
    const deltas = chunks.slice(0, -1).map((chunk) => chunk.choices[0].delta)
    expect(deltas[0]).toEqual({ role: 'assistant', content: '', refusal: null })
    expect(deltas.slice(1, 7)).toEqual([
      { reasoning_content: 'Weather ' },
      { reasoning_content: 'needed.' },
      { content: 'Let ' },
      { content: 'me ' },
      { content: 'check. ' },
      {
        tool_calls: [{ index: 0, id: 'call_x10', type: 'function', function: { name: 'get_weather', arguments: '' } }],
      },
    ])
    const fragments = (index: number) =>
      deltas
        .flatMap((delta) => delta.tool_calls ?? [])
        .flatMap((call) => (call.index === index ? [call.function.arguments] : []))
    expect(fragments(0).join('')).toBe('{"city":"München"}')
    expect(fragments(0).length).toBeGreaterThan(2)
    expect(fragments(1).join('')).toBe('{"zone": "CET')
    expect(chunks.at(-2)).toMatchObject({ choices: [{ delta: {}, finish_reason: 'tool_calls' }], usage: null })
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: {
        prompt_tokens: 11,
        completion_tokens: 10,
        total_tokens: 21,
        completion_tokens_details: { reasoning_tokens: 2 },
      },
    })
  })

  it('mentions usage only where it was asked for', () => {
    expect(JSON.stringify(dataOf(openai, { text: 'hi' }, { stream_options: null }))).not.toContain('usage')
  })

  it('answers in one piece', () => {
    expect(openai.message(plan(openai, TOOLS))).toMatchObject({
      object: 'chat.completion',
      choices: [
        {
          message: {
            role: 'assistant',
            content: 'Let me check. ',
            reasoning_content: 'Weather needed.',
            tool_calls: [
              { id: 'call_x10', type: 'function', function: { name: 'get_weather', arguments: '{"city":"München"}' } },
              { id: 'mine', function: { name: 'get_time', arguments: '{"zone": "CET' } },
            ],
          },
          finish_reason: 'tool_calls',
        },
      ],
      usage: { completion_tokens: 10 },
    })
  })
})

describe('anthropic', () => {
  it('streams one block after the other, with usage at start and end', () => {
    const data = dataOf(anthropic, TOOLS)
    expect(data[0]).toMatchObject({
      type: 'message_start',
      message: {
        id: 'msg_x1',
        type: 'message',
        role: 'assistant',
        content: [],
        usage: { input_tokens: 11, output_tokens: 1 },
      },
    })
    const starts = data.filter((event) => event.type === 'content_block_start')
    expect(starts).toEqual([
      { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '', signature: '' } },
      { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
      {
        type: 'content_block_start',
        index: 2,
        content_block: { type: 'tool_use', id: 'toolu_x10', name: 'get_weather', input: {} },
      },
      {
        type: 'content_block_start',
        index: 3,
        content_block: { type: 'tool_use', id: 'mine', name: 'get_time', input: {} },
      },
    ])
    expect(data.filter((event) => event.type === 'content_block_stop').map((event) => event.index)).toEqual([
      0, 1, 2, 3,
    ])
    expect(data.filter((event) => event.type === 'ping')).toHaveLength(1)
    const deltas = (index: number) =>
      data.filter((event) => event.type === 'content_block_delta' && event.index === index).map((event) => event.delta)
    expect(deltas(0).map((delta) => delta.type)).toEqual(['thinking_delta', 'thinking_delta', 'signature_delta'])
    expect(deltas(1)).toEqual(['Let ', 'me ', 'check. '].map((text) => ({ type: 'text_delta', text })))
    expect(deltas(2)[0]).toEqual({ type: 'input_json_delta', partial_json: '' })
    expect(
      deltas(2)
        .map((delta) => delta.partial_json)
        .join(''),
    ).toBe('{"city":"München"}')
    expect(data.slice(-2)).toEqual([
      { type: 'message_delta', delta: { stop_reason: 'tool_use', stop_sequence: null }, usage: { output_tokens: 10 } },
      { type: 'message_stop' },
    ])
  })

  it('names each event on its own line', () => {
    for (const { text } of anthropic.frames(plan(anthropic, TOOLS))) {
      const [, name, type] = /^event: (\w+)\ndata: \{"type":"(\w+)"/.exec(text) ?? []
      expect(name).toBe(type)
    }
  })

  it('answers in one piece', () => {
    expect(anthropic.message(plan(anthropic, TOOLS))).toMatchObject({
      type: 'message',
      content: [
        { type: 'thinking', thinking: 'Weather needed.' },
        { type: 'text', text: 'Let me check. ' },
        { type: 'tool_use', id: 'toolu_x10', name: 'get_weather', input: { city: 'München' } },
        { type: 'tool_use', id: 'mine', input: '{"zone": "CET' },
      ],
      stop_reason: 'tool_use',
      usage: { input_tokens: 11, output_tokens: 10 },
    })
  })
})

describe.each([openai, anthropic])('$name', (dialect) => {
  it('counts in its stream as many tokens as its usage says', () => {
    const tokens = dialect.frames(plan(dialect, TOOLS)).filter((frame) => frame.kind === 'token')
    expect(tokens).toHaveLength(10)
  })

  it.each([
    ['stop', 'end_turn'],
    ['length', 'max_tokens'],
    ['tool_calls', 'tool_use'],
    ['content_filter', 'refusal'],
  ] as const)('ends with %s', (finishReason, stopReason) => {
    const text = JSON.stringify(dialect.message(plan(dialect, { text: 'a', finishReason })))
    expect(text).toContain(
      dialect.name === 'openai' ? `"finish_reason":"${finishReason}"` : `"stop_reason":"${stopReason}"`,
    )
  })

  it.each(ERROR_KINDS)('has its own words for %s', (kind) => {
    const { status, body } = dialect.error(kind, { model: 'gpt-x', serial: 'x1' })
    expect(status).toBeGreaterThanOrEqual(400)
    expect(JSON.stringify(body)).not.toContain('MODEL')
    if (dialect.name === 'openai') {
      expect(Object.keys((body as { error: object }).error)).toEqual(['message', 'type', 'param', 'code'])
    } else {
      expect(body).toMatchObject({ type: 'error', error: { type: expect.any(String) }, request_id: 'req_x1' })
    }
  })
})
