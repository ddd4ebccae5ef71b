import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { anthropicMessages, openaiChat } from '../../dialects/index.ts'
import { BodyOutliner } from './body-outline.ts'
import { MEMBERS, ProxyRequest } from './proxy-request.ts'

const CHAT = new BodyOutliner(openaiChat.requests, MEMBERS)
const MESSAGES = new BodyOutliner(anthropicMessages.requests, MEMBERS)

function parse(body: string, headers: IncomingHttpHeaders = {}, outliner = CHAT): ProxyRequest {
  // All that is read of it are its headers.
  return new ProxyRequest({ headers } as IncomingMessage, Buffer.from(body), undefined, outliner)
}

describe('the session of a proxied request', () => {
  const BODY = '{"model":"m","messages":[{"role":"user","content":"Hi"}]}'
  const NAMED = '{"model":"m","prompt_cache_key":"in-the-body"}'

  it.each<[string, string, IncomingHttpHeaders, object]>([
    ['a name in the body', NAMED, { 'x-session-id': 'in-a-header' }, { key: 'in-the-body', isNamed: true }],
    ['OpenRouter’s header', BODY, { 'x-session-id': 'a' }, { key: 'a', isNamed: true }],
    ['opencode’s header', BODY, { 'x-session-affinity': 'b' }, { key: 'b', isNamed: true }],
    ['Codex’s header', BODY, { 'session-id': 'c' }, { key: 'c', isNamed: true }],
    ['an empty header', BODY, { 'session-id': ' ' }, { key: expect.any(String), isNamed: false }],
    ['what it begins with', BODY, {}, { key: expect.any(String), isNamed: false }],
  ])('is guessed from %s', (_, body, headers, session) => {
    expect(parse(body, headers).guessSession()).toEqual(session)
  })

  it('is explicit in our own header alone', () => {
    expect(parse(NAMED, { 'x-hotspare-session': ' s-1 ' }).sessionKey).toBe('s-1')
    expect(parse(NAMED, { 'x-session-id': 's-1' }).sessionKey).toBeUndefined()
  })
})

describe('the body for a target', () => {
  const THOUGHT = '{"type":"thinking","thinking":"Hm","signature":"signed"}'
  const body = (model: string, thought: string, models = ''): string =>
    `{"messages" : [ {"role":"user","content":"Hi"},\n {"role":"assistant","content":[${thought}{"type":"text","text":"A \\u00e9"}]} ],${models} "model": ${JSON.stringify(model)}, "x": 1.0 }`

  it('has its model, and every other byte as it came', () => {
    const request = parse(body('a', `${THOUGHT}, `), {}, MESSAGES)
    expect(request.bodyFor('b').toString()).toBe(body('b', `${THOUGHT}, `))
    expect(request.bodyFor('b')).toBe(request.bodyFor('b'))
  })

  it('has no thoughts where the target cannot serve them, and for others they are still there', () => {
    const request = parse(body('a', `${THOUGHT}, `, ' "models": ["a", "b"],'), {}, MESSAGES)
    expect(request.bindings).toEqual([{ kind: 'thinking', id: 'signed', scope: 'vendor', isDroppable: true }])
    expect(request.bodyFor('b', ['thinking']).toString()).toBe(body('b', '').replace('], "model"', '],  "model"'))
    expect(request.bodyFor('b').toString()).toBe(body('b', `${THOUGHT}, `).replace('], "model"', '],  "model"'))
    expect(request.bodyFor('b', ['file_id']).toString()).toBe(request.bodyFor('b').toString())
  })

  it('is told by its bytes alone, also behind a byte order mark', () => {
    const request = parse(`\uFEFF${body('a', `${THOUGHT}, `)}`, {}, MESSAGES)
    expect(request.bodyFor('b', ['thinking']).toString()).toBe(body('b', ''))
  })

  it('has a prefill at the end of its messages, and what else that wants; every other byte stays', () => {
    const prefill = { message: { role: 'assistant', content: 'So "it"\n' }, fields: { prefix: true } }
    const outliner = new BodyOutliner(anthropicMessages.requests, [...MEMBERS, 'prefix'])
    const request = parse(body('a', `${THOUGHT}, `), {}, outliner)
    const before = request.bodyFor('b')
    const expected = (thought: string): string =>
      body('b', thought)
        .replace('{', '{"prefix":true,')
        .replace('} ],', '} ,{"role":"assistant","content":"So \\"it\\"\\n"}],')
    expect(request.bodyFor('b', undefined, prefill).toString()).toBe(expected(`${THOUGHT}, `))
    expect(request.bodyFor('b', ['thinking'], prefill).toString()).toBe(expected(''))
    expect(request.bodyFor('b')).toBe(before)
  })

  it('is kept as it came while no target is asked', () => {
    const request = parse(body('a', ''), {}, MESSAGES)
    const before = request.bodyFor('b')
    request.rest()
    expect(request.bodyFor('b')).toEqual(before)
    expect(request.bodyFor('b')).not.toBe(before)
  })

  it('is let go of, and nothing is read of it any more', () => {
    const request = parse(body('a', `${THOUGHT}, `), {}, MESSAGES)
    request.release()
    expect(request.bindings).toEqual([])
    expect(request.guessSession()).toBeUndefined()
    expect(request.estimateTokens()).toBeUndefined()
    expect(request.body).toBeUndefined()
    expect(() => request.bodyFor('b')).toThrow('let go of')
  })
})

it('a member that only a dialect looks at may be there twice: that is the provider’s affair', () => {
  const twice = '{"model":"m","messages":[],"messages":[],"max_tokens":1,"max_tokens":2}'
  expect(parse(twice).bodyFor('n').toString()).toBe(twice.replace('"m"', '"n"'))
  expect(() => parse('{"model":"m","model":"n"}')).toThrow('model twice')
})

it('tokens are estimated from the bytes and what the answer may have', () => {
  const body = '{"model":"m","messages":[{"role":"user","content":"Hi"}],"max_tokens":500}'
  expect(parse(body).estimateTokens()).toBe(Math.ceil(body.length / 4) + 500)
})
