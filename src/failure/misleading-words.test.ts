import { describe, expect, it } from 'vitest'
import type { FailureReason } from './failure.ts'
import { classifyFailure } from './index.ts'

/** Sentences whose single words speak of something else. */
const SENTENCES: readonly (readonly [status: number | undefined, message: string, reason: FailureReason])[] = [
  [403, 'Your account was flagged for suspicious activity', 'permission'],
  [403, 'This user is banned', 'permission'],
  [403, 'Your API key was reported as leaked. Please use another API key.', 'permission'],
  [403, 'Your account is being blocked', 'permission'],
  [500, 'Inappropriate state of the worker', 'server_error'],
  [500, 'The guardrail service crashed', 'server_error'],
  [429, 'Rate limit reached for requests. Add funds to raise your limit.', 'rate_limit'],
  [429, 'Rate limit exceeded: 20 requests per minute. Buy more credits for a higher limit.', 'rate_limit'],
  [429, 'You hit the rate limit, top up your account to raise it', 'rate_limit'],
  [429, 'Concurrency exceeded for subscription tier', 'rate_limit'],
  [429, 'Token budget exceeded, resets in 3 hours', 'rate_limit'],
  [400, 'Thinking budget exceeded the maximum of 24576', 'invalid_request'],
  [500, 'Session expired while the worker was starting', 'server_error'],
  [500, 'Failed to read the token file: not found', 'server_error'],
  [400, 'The rate limit field must be a number', 'invalid_request'],
  [400, 'The legacy parameter is no longer supported', 'invalid_request'],
  [404, 'The model `claude-2` is no longer available', 'model_not_found'],
  [503, 'The model is not available right now', 'server_error'],
  [500, 'The model was not found in memory', 'server_error'],
  [503, 'The usage of memory has reached the limit', 'server_error'],
  [403, 'You do not have permission to access the File abc or it may not exist.', 'invalid_request'],
  [403, 'You do not have permission to access the CachedContent abc', 'invalid_request'],
  [
    undefined,
    '429 You exceeded your current quota. See https://ai.google.dev/gemini-api/docs/rate-limits',
    'rate_limit',
  ],
  [413, 'Maximum request body size 1048576 exceeded, actual body size 1056562', 'invalid_request'],
]

describe('words that mislead', () => {
  it.each(SENTENCES)('%s %j is %s', (status, message, reason) => {
    const failure = classifyFailure({ status, body: { error: { message } } })
    expect({ reason: failure.reason, ruleId: failure.ruleId }).toMatchObject({ reason })
  })

  it.each([
    ['google.api_core.exceptions.ResourceExhausted: 429 Resource has been exhausted (e.g. check quota).', 'rate_limit'],
    ['google.api_core.exceptions.PermissionDenied: 403 Permission denied on resource', 'permission'],
    ['google.api_core.exceptions.InvalidArgument: 400 Please use a valid role: user, model.', 'invalid_request'],
    ['huggingface_hub.errors.HfHubHTTPError: 401 Client Error: Unauthorized for url: https://x.y', 'auth'],
    [
      'org.springframework.web.reactive.function.client.WebClientResponseException$Unauthorized: 401 Unauthorized',
      'auth',
    ],
    ['terminated', 'stream_interrupted'],
    ['Unexpected end of JSON input', 'bad_response'],
  ] as const)('what a library throws, %j, is %s', (message, reason) => {
    expect(classifyFailure({ error: new TypeError(message) }).reason).toBe(reason)
  })

  it.each([
    [{ error_code: 17, error_msg: 'Open api daily request limit reached' }, 'rate_limit'],
    [{ code: 'InternalError', message: 'boom' }, 'server_error'],
    [{ code: 'Arrearage', message: 'Access denied, account overdue', choices: [] }, 'billing'],
  ] as const)('%j behind content is an error', (event, reason) => {
    const content = { choices: [{ index: 0, delta: { content: 'hi' }, finish_reason: null }] }
    const body = [content, event].map((data) => `data: ${JSON.stringify(data)}\n\n`).join('')
    expect(classifyFailure({ status: 200, body }).reason).toBe(reason)
  })

  it.each([
    { code: '0', message: 'success' },
    { code: '20000', message: '成功' },
    { code: 'done', message: 'stream finished' },
    { code: 'SomeCode', message: 'fine', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
  ])('%j in a good stream is none', (event) => {
    const content = { choices: [{ index: 0, delta: { content: 'hi' }, finish_reason: 'stop' }] }
    const body = [content, event].map((data) => `data: ${JSON.stringify(data)}\n\n`).join('')
    expect(classifyFailure({ status: 200, body }).ruleId).toBe('answer.sound')
  })

  it.each([
    [
      "System.ClientModel.ClientResultException: HTTP 400 (content_filter)\nParameter: prompt\n\nThe response was filtered due to Azure OpenAI's content management policy.",
      'content_policy',
    ],
    [
      '503 Service Unavailable: "{<EOL> "error": {<EOL> "message": "Experiencing high demand."<EOL> }<EOL>}"',
      'overloaded',
    ],
  ] as const)('what .NET and Java hand on, %j, is %s', (body, reason) => {
    expect(classifyFailure({ body }).reason).toBe(reason)
  })

  it('a file of another project condemns nothing, and another key may find it', () => {
    const message = 'You do not have permission to access the File abc or it may not exist.'
    expect(classifyFailure({ provider: 'google', status: 403, body: { error: { message } } })).toMatchObject({
      scope: 'request',
      nextStep: 'next_profile',
    })
  })
})
