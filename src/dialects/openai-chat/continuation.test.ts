import { describe, expect, it } from 'vitest'
import { ParsedBody } from '../request-body.ts'
import { chatContinuation } from './continuation.ts'

const USER = { role: 'user', content: 'Hi' }
const body = (members: object): ParsedBody => new ParsedBody({ messages: [USER], ...members })

describe('a request', () => {
  it.each([
    [{ n: 2 }, 'several_choices'],
    [{ response_format: { type: 'json_object' } }, 'structured_output'],
    [{ response_format: { type: 'json_schema', json_schema: {} } }, 'structured_output'],
    [{ guided_json: { type: 'object' } }, 'structured_output'],
    [{ grammar: 'root ::= "a"' }, 'structured_output'],
    [{ modalities: ['text', 'audio'], audio: { voice: 'alloy' } }, 'other_content'],
    [{ logprobs: true }, 'other_content'],
    [{}, undefined],
    [{ n: 1, response_format: { type: 'text' }, modalities: ['text'], logprobs: false, audio: null }, undefined],
    [{ n: 'many', response_format: null, modalities: 'audio', tools: [{}] }, undefined],
  ])('with %j is disarmed by %s', (members, reason) => {
    expect(chatContinuation.disarmedBy(body(members))).toBe(reason)
  })

  it.each([
    [{ tool_stream: true }, true],
    [{ tools: [{ type: 'function', function: { name: 'f' }, eager_input_streaming: true }] }, true],
    [{ tools: [{}, { type: 'function', function: { name: 'f', eager_input_streaming: true } }] }, true],
    [{ tools: [{ type: 'function', function: { name: 'f' } }], tool_stream: false }, false],
    [{ tools: 'all' }, false],
  ])('with %j asks for calls piece by piece: %s', (members, isEager) => {
    expect(chatContinuation.wantsEagerCalls(body(members))).toBe(isEager)
  })

  it.each([
    [{}, true],
    [{ tools: [{}], tool_choice: 'auto', response_format: { type: 'text' } }, true],
    [{ messages: [USER, { role: 'assistant', tool_calls: [] }, { role: 'tool', content: '1' }] }, true],
    [{ thinking: { type: 'disabled' }, reasoning_effort: 'none', reasoning: { enabled: false } }, true],
    [{ messages: [USER, { role: 'assistant', content: 'The' }] }, false],
    [{ messages: [] }, false],
    [{ tool_choice: 'required' }, false],
    [{ tool_choice: { type: 'function', function: { name: 'f' } } }, false],
    [{ function_call: { name: 'f' } }, false],
    [{ response_format: { type: 'json_object' } }, false],
    [{ thinking: { type: 'enabled' } }, false],
    [{ reasoning_effort: 'high' }, false],
    [{ reasoning: { effort: 'high' } }, false],
    [{ enable_thinking: true }, false],
  ])('with %j has room for a prefill: %s', (members, fits) => {
    expect(chatContinuation.fitsPrefill(body(members))).toBe(fits)
  })

  it('names every member it is asked for', () => {
    const asked = new Set<string>()
    const spy = new (class extends ParsedBody {
      override member(name: string): unknown {
        asked.add(name)
        return super.member(name)
      }
    })({ messages: [USER] })
    chatContinuation.disarmedBy(spy)
    chatContinuation.wantsEagerCalls(spy)
    chatContinuation.fitsPrefill(spy)
    expect(new Set(chatContinuation.members)).toEqual(asked)
  })
})

describe('a chunk', () => {
  const chunkOf = (delta: object, finish: string | null = null) => ({
    id: 'c',
    choices: [{ index: 0, delta, finish_reason: finish }],
  })

  it('without a prefix of its text', () => {
    const cut = chatContinuation.withoutPrefix
    const chunk = chunkOf({ role: 'assistant', content: 'Hello' })
    expect(cut(chunk, 0)).toBe(chunk)
    expect(cut(chunk, 3)).toEqual(chunkOf({ role: 'assistant', content: 'lo' }))
    expect(cut(chunk, 5)).toBeUndefined()
    expect(cut(chunkOf({ content: 'Hello' }, 'stop'), 5)).toEqual(chunkOf({ content: '' }, 'stop'))
    expect(cut(chunkOf({ content: 'a', reasoning: 'b' }), 1)).toEqual(chunkOf({ content: '', reasoning: 'b' }))
  })

  it('has as many characters as its caller waits for', () => {
    const count = (delta: object) => chatContinuation.charactersOf(chunkOf(delta))
    expect(count({ role: 'assistant', content: '' })).toBe(0)
    expect(count({ content: 'Hello', refusal: 'No', reasoning_content: 'Hm', reasoning: 'Hm' })).toBe(9)
    expect(count({ reasoning_details: [{ text: 'abc' }, { summary: 'de' }, { data: 'xxxx' }] })).toBe(5)
    expect(count({ tool_calls: [{ function: { name: 'f', arguments: '{}' } }, { custom: { input: 'abc' } }] })).toBe(5)
    expect(count({ function_call: { name: 'f', arguments: '{}' } })).toBe(2)
    expect(chatContinuation.charactersOf({ choices: [] })).toBe(0)
  })

  it('has texts for a trail in its delta alone', () => {
    const none = { content: '', reasoning_content: '', reasoning: '' }
    const texts = chatContinuation.textsOf
    expect(texts({ content: 'x', ...chunkOf({ content: 'a', refusal: 'b' }) })).toEqual({ ...none, content: 'a' })
    expect(texts(chunkOf({ content: null, reasoning: 'a', reasoning_content: 'b' }))).toEqual({
      ...none,
      reasoning: 'a',
      reasoning_content: 'b',
    })
    expect(texts({ choices: [{ index: 0, content: 'x' }] })).toEqual(none)
    expect(texts({})).toEqual(none)
  })

  it('goes over the wire as a server-sent event', () => {
    expect(chatContinuation.encode(chunkOf({ content: 'a\nb' }))).toBe(
      'data: {"id":"c","choices":[{"index":0,"delta":{"content":"a\\nb"},"finish_reason":null}]}\n\n',
    )
    expect(chatContinuation.signOfLife).toMatch(/^:.*\n\n$/)
  })
})
