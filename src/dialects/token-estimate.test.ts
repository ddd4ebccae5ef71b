import { expect, it } from 'vitest'
import { messageRequests } from './anthropic/request-format.ts'
import { generateContentRequests } from './gemini/index.ts'
import { chatRequests } from './openai-chat/request-format.ts'
import { responseRequests } from './openai-responses/index.ts'
import { ParsedBody } from './request-body.ts'
import type { RequestFormat } from './request-format.ts'
import { estimateTokens } from './token-estimate.ts'

const MESSAGES = [{ role: 'user', content: 'How many tokens is this?' }]

it.each<[string, RequestFormat, object, number]>([
  ['chat completions', chatRequests, { max_tokens: 50 }, 50],
  ['chat completions of models that reason', chatRequests, { max_completion_tokens: 70, max_tokens: 50 }, 70],
  ['messages', messageRequests, { max_tokens: 32_000 }, 32_000],
  ['responses', responseRequests, { max_output_tokens: 90 }, 90],
  ['generateContent', generateContentRequests, { generationConfig: { maxOutputTokens: 30 } }, 30],
  ['a request without a limit', chatRequests, {}, 1_024],
  ['a request with a limit that is none', chatRequests, { max_tokens: null, max_completion_tokens: 'many' }, 1_024],
])('bytes of the prompt ÷ 4 and the answer it asks for: %s', (_, format, limits, outputTokens) => {
  const request = { messages: MESSAGES, ...limits }
  const inputTokens = Math.ceil(Buffer.byteLength(JSON.stringify(request)) / 4)
  expect(estimateTokens(format, new ParsedBody(request))).toBe(inputTokens + outputTokens)
})

it('counts bytes, not characters', () => {
  const estimate = (content: string) =>
    estimateTokens(chatRequests, new ParsedBody({ messages: [{ role: 'user', content }], max_tokens: 0 }))
  expect(estimate('語'.repeat(1_000)) - estimate('a'.repeat(1_000))).toBe(500)
})

it('takes long text for text, even where it has no spaces', () => {
  const estimate = (content: string) => estimateTokens(chatRequests, new ParsedBody({ content, max_tokens: 0 }))
  expect(estimate('語'.repeat(20_000))).toBeGreaterThan(15_000)
  expect(estimate('{"a":1}'.repeat(4_000))).toBeGreaterThan(7_000)
  expect(estimate('QUJD'.repeat(20_000))).toBeLessThan(1_700)
})

it('survives what no JSON can hold', () => {
  const request: Record<string, unknown> = { big: 1n, call: () => {}, nothing: undefined, max_tokens: 10 }
  request.self = request
  expect(estimateTokens(chatRequests, new ParsedBody(request))).toBeGreaterThan(10)
})
