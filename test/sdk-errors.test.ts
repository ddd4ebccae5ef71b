import { APICallError } from '@ai-sdk/provider'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { classifyFailure } from '../src/index.ts'

const openaiError = {
  message: 'You exceeded your current quota.',
  type: 'insufficient_quota',
  code: 'insufficient_quota',
}
const anthropicError = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }
const keyRefused = { error: { message: 'Incorrect API key provided: sk-…', code: 'invalid_api_key' } }

const headers = new Headers({ 'retry-after': '7' })
const limited = { error: { type: 'rate_limit_error', message: 'Number of requests has exceeded your limit' } }

/** Errors as the SDKs make them from answers and connections, and what they mean. */
const ERRORS = [
  ['openai: an answer', OpenAI.APIError.generate(429, { error: openaiError }, undefined, headers), 'billing'],
  ['openai: a key', OpenAI.APIError.generate(401, keyRefused, undefined, headers), 'auth'],
  ['openai: an answer without words', OpenAI.APIError.generate(503, undefined, undefined, headers), 'server_error'],
  [
    'openai: a connection',
    new OpenAI.APIConnectionError({ cause: Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }) }),
    'network',
  ],
  ['openai: a connection without a cause', new OpenAI.APIConnectionError({}), 'network'],
  ['openai: a timeout', new OpenAI.APIConnectionTimeoutError(), 'timeout'],
  ['openai: an abort', new OpenAI.APIUserAbortError(), 'canceled'],
  ['anthropic: an answer', Anthropic.APIError.generate(529, anthropicError, undefined, headers), 'overloaded'],
  [
    'anthropic: an event of a stream',
    new Anthropic.APIError(undefined, anthropicError, undefined, headers),
    'overloaded',
  ],
  ['anthropic: a limit', Anthropic.APIError.generate(429, limited, undefined, headers), 'rate_limit'],
  ['anthropic: a timeout', new Anthropic.APIConnectionTimeoutError(), 'timeout'],
  ['anthropic: an abort', new Anthropic.APIUserAbortError(), 'canceled'],
  [
    'AI SDK: an answer',
    new APICallError({
      message: 'Too Many Requests',
      url: 'https://api.openai.com/v1/chat/completions',
      requestBodyValues: {},
      statusCode: 429,
      responseHeaders: { 'retry-after': '7' },
      responseBody: JSON.stringify(limited),
    }),
    'rate_limit',
  ],
  [
    'AI SDK: a connection',
    new APICallError({
      message: 'Cannot connect to API: getaddrinfo ENOTFOUND',
      url: 'https://api.example.com',
      requestBodyValues: {},
      cause: Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }),
    }),
    'network',
  ],
] as const

describe('errors of the SDKs', () => {
  it.each(ERRORS)('%s', (_, error, reason) => {
    expect(classifyFailure({ error }).reason).toBe(reason)
  })

  it.each(ERRORS.filter(([, , reason]) => reason === 'rate_limit'))('%s: when to come back', (_, error) => {
    expect(classifyFailure({ error }).retryAfterMs).toBe(7_000)
  })
})
