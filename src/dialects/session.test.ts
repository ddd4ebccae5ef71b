import { describe, expect, it } from 'vitest'
import { messageRequests } from './anthropic/request-format.ts'
import { generateContentRequests } from './gemini/index.ts'
import { chatRequests } from './openai-chat/request-format.ts'
import { responseRequests } from './openai-responses/index.ts'
import { ParsedBody } from './request-body.ts'
import type { RequestFormat, SessionGuess } from './request-format.ts'

function sessionOf(format: RequestFormat, request: unknown): SessionGuess | undefined {
  return format.sessionOf(new ParsedBody(request))
}

const USER = { role: 'user', content: 'Rename the function.' }
const CLAUDE_CODE_ID = 'user_3f2a_account_7c1e-11_session_0b9d4c8e-5a51-4b7e-9a0f-2f1f1f6f7a10'
const CLAUDE_CODE_JSON = JSON.stringify({
  device_id: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  account_uuid: '7c1e0000-0000-4000-8000-000000000011',
  session_id: '0b9d4c8e-5a51-4b7e-9a0f-2f1f1f6f7a10',
})

describe('a session that its client names', () => {
  it.each([
    [
      'chat completions',
      chatRequests,
      { prompt_cache_key: 'codex-1', session_id: 'other', messages: [USER] },
      'codex-1',
    ],
    ['chat completions of OpenRouter', chatRequests, { session_id: 'run-7', messages: [USER] }, 'run-7'],
    ['responses, as Codex asks', responseRequests, { prompt_cache_key: '0199-aa', input: [USER] }, '0199-aa'],
    ['Claude Code, earlier', messageRequests, { metadata: { user_id: CLAUDE_CODE_ID } }, CLAUDE_CODE_ID],
    ['Claude Code, later', messageRequests, { metadata: { user_id: CLAUDE_CODE_JSON } }, CLAUDE_CODE_JSON],
  ])('is known by that name: %s', (_, format, request, key) => {
    expect(sessionOf(format, request)).toEqual({ key, isNamed: true })
  })

  it.each([null, '', 7, {}, ['a']])('is not named by %j', (name) => {
    for (const format of [chatRequests, responseRequests, messageRequests]) {
      const request = {
        prompt_cache_key: name,
        session_id: name,
        metadata: { user_id: name },
        messages: [USER],
        input: [USER],
      }
      expect(sessionOf(format, request)).toMatchObject({ isNamed: false })
    }
  })

  it('goes by a short name where its own is long', () => {
    const key = (end: string) => sessionOf(chatRequests, { prompt_cache_key: `${'long '.repeat(2_000)}${end}` })?.key
    expect(key('a')?.length).toBeLessThan(20)
    expect(key('a')).toBe(key('a'))
    expect(key('a')).not.toBe(key('b'))
  })
})

describe('a session without a name', () => {
  const CASES: readonly [string, RequestFormat, (system: string, first: string, more?: boolean) => unknown][] = [
    [
      'chat completions',
      chatRequests,
      (system, first, more) => ({
        messages: [
          { role: 'system', content: system },
          { role: 'user', content: first },
          ...(more ? [{ role: 'assistant', content: 'Done.' }, USER] : []),
        ],
      }),
    ],
    [
      'messages',
      messageRequests,
      (system, first, more) => ({
        system: [{ type: 'text', text: system, ...(more && { cache_control: { type: 'ephemeral' } }) }],
        messages: [
          {
            role: 'user',
            content: [{ type: 'text', text: first, ...(!more && { cache_control: { type: 'ephemeral' } }) }],
          },
          ...(more ? [{ role: 'assistant', content: 'Done.' }, USER] : []),
        ],
      }),
    ],
    [
      'responses',
      responseRequests,
      (system, first, more) => ({
        instructions: system,
        input: [
          { type: 'message', role: 'user', content: [{ type: 'input_text', text: first }] },
          ...(more ? [{ type: 'reasoning', id: 'rs_1', summary: [] }, USER] : []),
        ],
      }),
    ],
    ['responses of a single text', responseRequests, (system, first) => ({ instructions: system, input: first })],
    [
      'generateContent',
      generateContentRequests,
      (system, first, more) => ({
        systemInstruction: { parts: [{ text: system }] },
        contents: [
          { role: 'user', parts: [{ text: first }] },
          ...(more
            ? [
                { role: 'model', parts: [{ text: 'Done.' }] },
                { role: 'user', parts: [{ text: 'Next' }] },
              ]
            : []),
        ],
      }),
    ],
  ]

  it.each(CASES)('is known by what it begins with, and stays the same as it goes on: %s', (_, format, build) => {
    const key = (system: string, first: string, more = false) => sessionOf(format, build(system, first, more))?.key
    const session = sessionOf(format, build('Be brief.', 'Hello'))
    expect(session).toEqual({ key: expect.stringMatching(/^[a-z0-9]+-[a-z0-9]+$/), isNamed: false })
    expect(key('Be brief.', 'Hello', true)).toBe(session?.key)
    expect(key('Be brief.', 'Hello!')).not.toBe(session?.key)
    expect(key('Be long.', 'Hello')).not.toBe(session?.key)
    // What stands in one text is not in the other.
    expect(key('Be brief.H', 'ello')).not.toBe(session?.key)
  })

  it('is told from others by the end of a long beginning, too', () => {
    const key = (end: string) =>
      sessionOf(chatRequests, { messages: [{ role: 'user', content: `${'context '.repeat(10_000)}${end}` }] })?.key
    expect(key('first question?')).not.toBe(key('other question?'))
  })

  it('shows nothing of what was said', () => {
    const key = sessionOf(chatRequests, { messages: [{ role: 'user', content: 'my secret is 12345' }] })?.key
    expect(key).not.toContain('secret')
  })

  it('hardly ever is one with another', () => {
    const keys = new Set<string | undefined>()
    for (let index = 0; index < 50_000; index += 1) {
      keys.add(sessionOf(chatRequests, { messages: [{ role: 'user', content: `question ${index}` }] })?.key)
    }
    expect(keys.size).toBe(50_000)
  })
})

it.each([
  undefined,
  null,
  'text',
  [],
  {},
  { messages: 'text', input: 7, contents: {}, system: 1, metadata: 'x' },
  { messages: [], input: [], contents: [] },
  { messages: [null, 1, 'x', {}], input: [null], contents: [null] },
  { messages: [{ role: 'assistant', content: 'Hi' }] },
  { messages: [{ role: 'user', content: '' }], input: '' },
])('nothing is guessed of %j', (request) => {
  for (const format of [chatRequests, responseRequests, messageRequests, generateContentRequests]) {
    expect(sessionOf(format, request)).toBeUndefined()
  }
})
