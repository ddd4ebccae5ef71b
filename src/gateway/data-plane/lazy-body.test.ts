import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
// The formats whose dialects the gateway does not serve yet have to agree, too.
import { messageRequests } from '../../dialects/anthropic/request-format.ts'
import { generateContentRequests } from '../../dialects/gemini/index.ts'
import { cutOf, estimateTokens, ParsedBody, type RequestFormat, withoutPaths } from '../../dialects/index.ts'
import { chatRequests } from '../../dialects/openai-chat/request-format.ts'
import { responseRequests } from '../../dialects/openai-responses/index.ts'
import { cutJson } from '../json/json-cut.ts'
import { BodyOutliner } from './body-outline.ts'
import type { LazyBody } from './lazy-body.ts'

const FORMATS: Readonly<Record<string, RequestFormat>> = {
  chatRequests,
  messageRequests,
  responseRequests,
  generateContentRequests,
}
const KINDS = [
  'thinking',
  'fallback_credit_token',
  'thought_signature',
  'reasoning_details',
  'reasoning',
  'thoughtSignature',
]
const NAMES = ['model', 'models', 'stream']

function lazy(format: RequestFormat, text: string): LazyBody {
  return new BodyOutliner(format, NAMES).outline(Buffer.from(text)).body
}

/** Words of all formats, so that whatever is put together of them is half a request. */
const word = fc.constantFrom(
  ...new Set(Object.values(FORMATS).flatMap(({ marks }) => marks)),
  ...['role', 'content', 'type', 'id', 'text', 'source', 'data', 'parts', 'tool_calls', 'extra_content', 'google'],
  ...['file', 'output', 'fileUri', 'file_uri', 'environment', 'skills', 'skill_id', 'previous_message_id', 'user_id'],
)
const text = fc.oneof(
  fc.constantFrom('user', 'system', 'developer', 'assistant', 'model', 'thinking', 'redacted_thinking', 'reasoning'),
  fc.constantFrom(
    'tool_result',
    'compaction',
    'message',
    'item_reference',
    'custom',
    'https://generativelanguage.googleapis.com/v1beta/files/1',
  ),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.string({ minLength: 60, maxLength: 90 }),
)
const { value } = fc.letrec<{ value: unknown; object: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    text,
    fc.constantFrom(null, true, 0, 1_000, -1),
    fc.array(tie('value'), { maxLength: 3 }),
    tie('object'),
    tie('object'),
  ),
  object: fc.array(fc.tuple(word, tie('value')), { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
}))

/** What refers to something, in one of the formats. */
const reference = fc.constantFrom<object>(
  { type: 'file', file: { file_id: 'file-1' } },
  { type: 'document', source: { type: 'file', file_id: 'file-2' } },
  { type: 'thinking', thinking: 'Hm', signature: 'signed' },
  { type: 'redacted_thinking', data: 'hidden' },
  { type: 'compaction', encrypted_content: 'hidden' },
  { type: 'web_search_tool_result', content: [{ encrypted_content: 'hidden' }] },
  { type: 'reasoning', id: 'rs_1', encrypted_content: 'hidden' },
  { type: 'item_reference', id: 'msg_1' },
  { type: 'file_search', vector_store_ids: ['vs_1'] },
  { type: 'code_interpreter', container: 'cntr_1' },
  { text: 'Hm', thoughtSignature: 'signed' },
  { fileData: { fileUri: 'https://generativelanguage.googleapis.com/v1beta/files/1' } },
  { id: 'call_1', extra_content: { google: { thought_signature: 'signed' } } },
  { audio: { id: 'audio_1' }, reasoning_details: [{ data: 'hidden' }] },
)
const piece = fc.oneof({ weight: 3, arbitrary: reference }, value)
const pieces = fc.array(piece, { maxLength: 4, size: 'max' })
const item = fc.oneof(
  piece,
  fc.record({ role: text, content: fc.oneof(text, pieces) }),
  fc.record({ role: fc.constantFrom('user', 'system', 'model'), parts: pieces }),
  fc.record({ role: fc.constant('user'), content: text }),
  fc.record({ role: fc.constant('assistant'), tool_calls: pieces }),
  fc.record({ type: fc.constant('tool_result'), content: pieces }),
)

function requestOf({ members }: RequestFormat): fc.Arbitrary<object> {
  const list = fc.array(item, { maxLength: 5, size: 'max' })
  const others = fc.array(fc.tuple(fc.constantFrom(...members, ...NAMES), fc.oneof(list, value)), { maxLength: 3 })
  return fc
    .record({ messages: list, input: list, contents: list, tools: list, others })
    .map(({ others: more, ...lists }) => ({ ...lists, ...Object.fromEntries(more) }))
}

describe.each(Object.entries(FORMATS))('a lazy body (%s)', (_, format) => {
  it('says the same as a parsed one', () => {
    fc.assert(
      fc.property(requestOf(format), fc.constantFrom(undefined, 1, '\t'), (request, indent) => {
        const written = JSON.stringify(request, null, indent)
        const [here, there] = [lazy(format, written), new ParsedBody(JSON.parse(written))]
        for (const read of [format.sessionOf, format.bindingsOf, format.maxOutputTokensOf]) {
          const found = read(here)
          if (!isDeepStrictEqual(found, read(there))) expect(found, written).toEqual(read(there))
        }
        const paths = format.removalsOf(here, KINDS)
        expect(paths).toEqual(format.removalsOf(there, KINDS))
        const cut = cutOf(paths)
        const rest = JSON.parse(cutJson(Buffer.from(written), 0, cut).toString())
        expect(rest).toEqual(withoutPaths(JSON.parse(written), cut))
      }),
      { numRuns: 2_000 },
    )
  })

  it('parses nothing where nothing is bound', () => {
    const words = format.marks.map((mark) => `${mark} "${mark}"`).join(' ')
    const body = lazy(
      format,
      JSON.stringify({
        messages: [{ role: 'user', content: words }],
        input: [{ role: 'user', content: words }],
        contents: [{ parts: [{ text: words }] }],
        tools: [{ name: 'f' }],
      }),
    )
    const parse = vi.spyOn(JSON, 'parse')
    try {
      expect(format.bindingsOf(body)).toEqual([])
      expect(format.removalsOf(body, KINDS)).toEqual([])
      // `tools` of other dialects are not even looked for.
      expect(parse).not.toHaveBeenCalled()
    } finally {
      parse.mockRestore()
    }
  })
})

describe('a lazy body', () => {
  it('takes the last of a member that is there twice, as parsing does', () => {
    const body = lazy(chatRequests, '{"session_id":"a","messages":[],"session_id":"b","prompt_cache_key":null}')
    expect(chatRequests.sessionOf(body)).toEqual({ key: 'b', isNamed: true })
  })

  it('finds what is bound in the last of two lists only', () => {
    const message = (id: string) => `[{"role":"user","content":[{"type":"file","file":{"file_id":"${id}"}}]}]`
    const body = lazy(chatRequests, `{"messages":${message('a')},"messages":[1,${message('b').slice(1)}}`)
    expect(chatRequests.bindingsOf(body).map(({ id }) => id)).toEqual(['b'])
  })

  it('reads the beginning of a session and nothing behind it', () => {
    const parse = vi.spyOn(JSON, 'parse')
    try {
      const body = lazy(chatRequests, '{"messages":[{"role":"user","content":"Hi"},{"role":"user","content":"More"}]}')
      expect(chatRequests.sessionOf(body)).toBeDefined()
      expect(parse.mock.calls).toEqual([['{"role":"user","content":"Hi"}']])
    } finally {
      parse.mockRestore()
    }
  })

  it('passes over what is too long to be looked at for a session', () => {
    const long = JSON.stringify({ role: 'user', content: 'x'.repeat(300_000) })
    const rest = '{"role":"user","content":"Hi"}'
    expect(chatRequests.sessionOf(lazy(chatRequests, `{"messages":[${long},${rest}]}`))).toEqual(
      chatRequests.sessionOf(lazy(chatRequests, `{"messages":[${rest}]}`)),
    )
  })

  it('behind a byte order mark is the same', () => {
    const written = '{"messages":[{"role":"user","content":[{"file":{"file_id":"a"}}]}]}'
    for (const read of [chatRequests.sessionOf, chatRequests.bindingsOf]) {
      expect(read(lazy(chatRequests, `\uFEFF${written}`))).toEqual(read(lazy(chatRequests, written)))
    }
  })

  it('is estimated like a parsed one, images and files at what they are worth', () => {
    const image = `data:image/png;base64,${'iVBORw0KGgo/+AAA'.repeat(60_000)}`
    const pdf = 'JVBERi0xLjQK'.repeat(50_000)
    const request = {
      model: 'm',
      max_tokens: 100,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this? Grüße! '.repeat(500) },
            { type: 'image_url', image_url: { url: image } },
            { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: pdf } },
          ],
        },
      ],
    }
    const written = JSON.stringify(request)
    const estimate = estimateTokens(chatRequests, lazy(chatRequests, written))
    const bytesOfText = Buffer.byteLength('What is this? Grüße! ') * 500
    expect(estimate).toBeGreaterThan(bytesOfText / 4 + 2 * 1_600 + 100)
    expect(estimate).toBeLessThan(bytesOfText / 4 + 2 * 1_600 + 100 + 100)
    expect(Math.abs(estimateTokens(chatRequests, new ParsedBody(request)) - estimate)).toBeLessThanOrEqual(2)
  })
})
