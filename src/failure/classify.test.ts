import { describe, expect, it } from 'vitest'
import { classifyFailure, FailoverError } from './index.ts'

const openai = (status: number, error: object, headers = {}) =>
  classifyFailure({ provider: 'openai', status, headers, body: { error } })
const anthropic = (status: number, error: object, headers = {}) =>
  classifyFailure({ provider: 'anthropic', status, headers, body: { type: 'error', error } })

describe('fields of the answer', () => {
  it('a 429 that says insufficient_quota is billing: waiting never helps', () => {
    expect(openai(429, { code: 'insufficient_quota', message: 'You exceeded your current quota' })).toMatchObject({
      reason: 'billing',
      scope: 'profile',
      nextStep: 'next_profile',
      isRetryable: false,
      confidence: 'structured',
      ruleId: 'openai.insufficient_quota',
      status: 429,
    })
  })

  it('a rate limit condemns one key on one model', () => {
    expect(openai(429, { type: 'tokens', code: 'rate_limit_exceeded', message: 'Rate limit reached' })).toMatchObject({
      reason: 'rate_limit',
      scope: 'target',
      nextStep: 'next_profile',
      isRetryable: true,
    })
  })

  it('a limit on the whole account widens the scope to the profile', () => {
    const message = "This request would exceed your account's rate limit. Please try again later."
    expect(anthropic(429, { type: 'rate_limit_error', message })).toMatchObject({
      reason: 'rate_limit',
      scope: 'profile',
    })
  })

  it('an empty balance behind rate_limit_error or invalid_request_error is billing', () => {
    expect(anthropic(400, { type: 'invalid_request_error', message: 'Your credit balance is too low' }).reason).toBe(
      'billing',
    )
    expect(anthropic(429, { type: 'rate_limit_error', message: '余额不足,请充值' }).reason).toBe('billing')
  })

  it('an entitlement for long prompts does not cool the key', () => {
    const message = 'Extra usage is required for long context requests.'
    expect(anthropic(429, { type: 'rate_limit_error', message })).toMatchObject({ reason: 'billing', scope: 'request' })
  })

  it('a limiter that speaks of tokens is no overlong prompt', () => {
    const message = 'Too many tokens per minute; please reduce the length of the messages or completion.'
    expect(openai(429, { message }).reason).toBe('rate_limit')
    expect(openai(400, { message: "This model's maximum context length is 8192 tokens." }).reason).toBe(
      'context_length',
    )
  })

  it('a request above its whole limit never fits: no wait, next model, and the key stays well', () => {
    const message = 'Request too large on tokens per min (TPM): Limit 10000, Requested 11000. Please try again in 6s.'
    const failure = openai(429, { code: 'rate_limit_exceeded', message }, { 'retry-after': '6' })
    expect(failure).toMatchObject({
      reason: 'rate_limit',
      scope: 'request',
      nextStep: 'next_model',
      isRetryable: false,
    })
    expect(failure.retryAfterMs).toBeUndefined()
  })

  it('an item or file that is gone is the request at fault, not the model', () => {
    const failure = openai(404, {
      type: 'invalid_request_error',
      message: "Item with id 'rs_1' not found.",
      param: 'input',
    })
    expect(failure.reason).toBe('invalid_request')
    expect(openai(404, { code: 'model_not_found', message: 'The model `x` does not exist' }).reason).toBe(
      'model_not_found',
    )
  })

  it('a country that is not served moves to the next provider and burns no key', () => {
    expect(openai(403, { code: 'unsupported_country_region_territory' })).toMatchObject({
      reason: 'permission',
      scope: 'provider',
      nextStep: 'next_provider',
    })
    expect(anthropic(403, { type: 'forbidden', message: 'Request not allowed' }).scope).toBe('provider')
  })

  it('the innermost of nested statements wins', () => {
    const inner = JSON.stringify({ error: { code: 'insufficient_quota', message: 'no money' } })
    const failure = openai(429, { code: 'rate_limit_exceeded', message: inner })
    expect(failure).toMatchObject({ reason: 'billing', message: 'no money' })
  })

  it('the words of an overload beat a general server_error', () => {
    const response = {
      status: 'failed',
      error: { code: 'server_error', message: 'Our servers are currently overloaded.' },
    }
    const failure = classifyFailure({
      provider: 'openai',
      status: 200,
      inStream: true,
      body: { type: 'response.failed', response },
    })
    expect(failure.reason).toBe('overloaded')
  })

  it('a finish reason that names the filter is content policy', () => {
    const body = { choices: [{ finish_reason: 'content_filter', delta: {} }] }
    expect(classifyFailure({ dialect: 'openai', status: 200, body }).reason).toBe('content_policy')
    expect(classifyFailure({ dialect: 'anthropic', status: 200, body: { stop_reason: 'refusal' } }).reason).toBe(
      'content_policy',
    )
  })

  it('x-should-retry: false forbids the same target and nothing else', () => {
    const failure = openai(500, { type: 'server_error', message: 'boom' }, { 'X-Should-Retry': 'false' })
    expect(failure).toMatchObject({
      reason: 'server_error',
      mayRetryTarget: false,
      nextStep: 'next_model',
      isRetryable: true,
    })
    expect(openai(500, { type: 'server_error' }).nextStep).toBe('retry_target')
  })
})

/** What burns a key where a provider says it of itself. */
const TEMPTING = [
  'credit balance is too low',
  'your credit balance is too low',
  'incorrect api key',
  'account has been disabled',
  'rate limit',
  'model not found',
  'insufficient funds',
  'this organization has been disabled',
  'country, region, or territory not supported',
  'the bill is overdue, please top up and pay',
  'does not have access to model',
  '{"error":{"code":"insufficient_quota","message":"your credit balance is too low"}}',
]

describe('the caller’s own text, quoted back to it', () => {
  it.each(TEMPTING)('%s does not touch the key', (text) => {
    const valueError = { type: 'invalid_request_error', code: 'invalid_value', param: 'messages[0].role' }
    const errors = [
      openai(400, { ...valueError, message: `Invalid value: '${text}'. Supported values are: 'system' and 'user'.` }),
      openai(400, { ...valueError, message: text }),
      openai(400, { ...valueError, code: null, message: text }),
      openai(400, { type: 'invalid_request_error', param: null, message: `Invalid value: "${text}".` }),
      anthropic(400, { type: 'invalid_request_error', message: `messages.0.content: "…${text}…" is not allowed` }),
      anthropic(400, { type: 'invalid_request_error', message: `messages.0.content.1.text: ${text}` }),
      anthropic(400, { type: 'invalid_request_error', message: `tools.0.name: ${text}` }),
      classifyFailure({ status: 400, body: `Invalid value: '${text}'` }),
      classifyFailure({ error: new Error(`400 Invalid value: '${text}'`) }),
      classifyFailure({ error: new Error(`400 Invalid value: 'see ${text}'`) }),
      classifyFailure({ error: new Error(`400 messages.0.content: ${text}`) }),
      classifyFailure({
        provider: 'anthropic',
        status: 200,
        inStream: true,
        body: { type: 'error', error: { type: 'invalid_request_error', message: `Unexpected value: \`${text}\`` } },
      }),
    ]
    for (const failure of errors) {
      expect(failure).toMatchObject({ reason: 'invalid_request', scope: 'request', nextStep: 'return' })
    }
  })

  it('what a provider says of itself still counts', () => {
    const low = 'Your credit balance is too low to access the Anthropic API.'
    expect(anthropic(400, { type: 'invalid_request_error', message: low }).reason).toBe('billing')
    expect(openai(400, { type: 'invalid_request_error', message: low }).reason).toBe('billing')
    const wrapped = `litellm.BadRequestError: AnthropicException - b'{"error":{"message":"${low}"}}'`
    expect(openai(400, { message: wrapped, code: '400' }).reason).toBe('billing')
    const python = `Error code: 400 - {'type': 'error', 'error': {'message': '${low}', 'type': 'x'}}`
    expect(classifyFailure({ error: new Error(python) }).reason).toBe('billing')
    const hardLimit = { type: 'invalid_request_error', code: 'billing_hard_limit_reached', param: null }
    expect(openai(400, { ...hardLimit, message: 'Billing hard limit has been reached' }).reason).toBe('billing')
    expect(openai(400, { message: 'Incorrect API key provided: xa***.' }).reason).toBe('auth')
    expect(openai(400, { message: 'ThrottlingException: Rate exceeded' }).reason).toBe('rate_limit')
  })

  it('codes and parameters that mean something else keep their meaning', () => {
    const error = { type: 'invalid_request_error', param: 'stream', message: 'x' }
    const verify = 'Your organization must be verified to stream this model.'
    expect(openai(400, { ...error, code: 'unsupported_value', message: verify })).toMatchObject({
      reason: 'permission',
      scope: 'target',
    })
    expect(openai(400, { ...error, code: 'unsupported_value' }).reason).toBe('invalid_request')
    expect(openai(400, { ...error, code: 'context_length_exceeded' }).reason).toBe('context_length')
    expect(openai(400, { ...error, code: 'invalid_prompt' }).reason).toBe('content_policy')
    expect(openai(400, { ...error, message: "This model's maximum context length is 8 tokens." }).reason).toBe(
      'context_length',
    )
    const unknownModel = { ...error, param: 'model', message: 'The model `x` does not exist' }
    expect(openai(404, unknownModel).reason).toBe('model_not_found')
    expect(openai(404, { ...unknownModel, code: 'model_not_found', param: 'model' }).reason).toBe('model_not_found')
    expect(openai(400, { ...error, param: null, message: "Model 'x' not found" }).reason).toBe('model_not_found')
    expect(openai(404, { ...error, param: null, message: 'No such model here' }).reason).toBe('model_not_found')
  })

  it('a 403 that names the model condemns one key on one model', () => {
    const target = { reason: 'permission', scope: 'target', nextStep: 'next_profile', ruleId: 'wording.model_access' }
    const message = 'Project does not have access to model `gpt-5`'
    expect(openai(403, { type: 'invalid_request_error', message })).toMatchObject(target)
    expect(anthropic(403, { type: 'permission_error', message })).toMatchObject(target)
    expect(classifyFailure({ status: 403, body: message })).toMatchObject(target)
    expect(anthropic(403, { type: 'permission_error', message: 'Not for this organization.' }).scope).toBe('profile')
  })
})

describe('the status alone', () => {
  it.each([
    [400, 'invalid_request'],
    [401, 'auth'],
    [402, 'billing'],
    [403, 'permission'],
    [404, 'model_not_found'],
    [408, 'timeout'],
    [409, 'server_error'],
    [413, 'context_length'],
    [418, 'invalid_request'],
    [425, 'server_error'],
    [429, 'rate_limit'],
    [500, 'server_error'],
    [503, 'server_error'],
    [504, 'timeout'],
    [522, 'timeout'],
    [523, 'server_error'],
    [524, 'timeout'],
    [529, 'overloaded'],
    [599, 'server_error'],
  ])('%i is %s', (status, reason) => {
    expect(classifyFailure({ status })).toMatchObject({ reason, status, confidence: 'status' })
  })

  it('a firewall page with 403 condemns the origin, not the key', () => {
    const body = '<!doctype html><title>Attention Required!</title>403 Forbidden'
    expect(classifyFailure({ status: 403, body })).toMatchObject({
      reason: 'permission',
      scope: 'provider',
      nextStep: 'next_provider',
      message: 'Attention Required!',
    })
  })

  it('HTTP 200 with a page or an error that says no more is a bad response', () => {
    expect(classifyFailure({ status: 200, body: '<html><title>502 Bad Gateway</title></html>' }).reason).toBe(
      'bad_response',
    )
    expect(classifyFailure({ status: 200, body: { error: {} } }).reason).toBe('bad_response')
  })

  it('HTTP 200 with an error whose words nobody knows is a failure of the server', () => {
    expect(classifyFailure({ status: 200, body: { error: 'something' } })).toMatchObject({
      reason: 'server_error',
      ruleId: 'answer.reported_error',
    })
  })

  it('402 that says when it refreshes is a rate limit', () => {
    expect(classifyFailure({ status: 402, headers: { 'retry-after': '60' } })).toMatchObject({
      reason: 'rate_limit',
      retryAfterMs: 60_000,
    })
  })
})

describe('what was thrown', () => {
  it.each([
    ['ECONNREFUSED', 'network', 'provider', 'next_provider'],
    ['ENOTFOUND', 'network', 'provider', 'next_provider'],
    ['ECONNRESET', 'network', 'provider', 'retry_target'],
    ['UND_ERR_SOCKET', 'network', 'provider', 'retry_target'],
    ['UND_ERR_CONNECT_TIMEOUT', 'timeout', 'provider', 'next_provider'],
    ['UND_ERR_HEADERS_TIMEOUT', 'timeout', 'model', 'next_model'],
    ['EMFILE', 'network', 'none', 'next_provider'],
    ['EADDRNOTAVAIL', 'network', 'none', 'next_provider'],
    ['ENETUNREACH', 'network', 'none', 'next_provider'],
  ])('%s behind a failed fetch is %s of scope %s', (code, reason, scope, nextStep) => {
    const error = new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code }) })
    expect(classifyFailure({ error })).toMatchObject({ reason, scope, nextStep })
  })

  it('every member of an AggregateError counts', () => {
    const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })
    expect(classifyFailure({ error: new AggregateError([refused]) }).reason).toBe('network')
  })

  it('what became of IPv4 decides where IPv6 is missing', () => {
    const errors = ['ENETUNREACH', 'ECONNREFUSED'].map((code) => Object.assign(new Error('connect'), { code }))
    expect(classifyFailure({ error: new AggregateError(errors) })).toMatchObject({
      reason: 'network',
      scope: 'provider',
    })
  })

  it('our own network error does not hide that our machine was at fault', () => {
    const cause = Object.assign(new Error('x'), { code: 'EMFILE' })
    const error = new FailoverError('NETWORK_ERROR', 'no answer', { cause, reason: 'network' })
    expect(classifyFailure({ error })).toMatchObject({ reason: 'network', scope: 'none' })
  })

  it('a caller who leaves is nobody’s fault', () => {
    for (const error of [new DOMException('gone', 'AbortError'), new FailoverError('CANCELED', 'gone')]) {
      expect(classifyFailure({ error })).toMatchObject({ reason: 'canceled', scope: 'none', nextStep: 'return' })
    }
  })

  it('a TimeoutError is a timeout, and a limit of ours names its phase', () => {
    expect(classifyFailure({ error: new DOMException('late', 'TimeoutError') }).reason).toBe('timeout')
    const error = new DOMException('x', 'AbortError')
    expect(classifyFailure({ error, timeoutPhase: 'idle' })).toMatchObject({
      reason: 'timeout',
      scope: 'model',
      timeoutPhase: 'idle',
    })
    expect(classifyFailure({ error, timeoutPhase: 'connect' })).toMatchObject({
      scope: 'provider',
      nextStep: 'next_provider',
    })
  })

  it('a reset after the answer began is an interrupted stream', () => {
    const error = Object.assign(new Error('read'), { code: 'ECONNRESET' })
    expect(classifyFailure({ error, status: 200 }).reason).toBe('stream_interrupted')
    expect(classifyFailure({ error: new Error('?'), inStream: true }).reason).toBe('stream_interrupted')
  })

  it('an error of ours keeps the reason it was given', () => {
    const error = new FailoverError('PROVIDER_ERROR', 'HTTP 400', { status: 400, reason: 'overloaded' })
    expect(classifyFailure({ error })).toMatchObject({ reason: 'overloaded', scope: 'model', status: 400 })
  })

  it('status, headers and body are read from the errors of undici, the SDKs, the AI SDK and axios', () => {
    const body = { error: { code: 'rate_limit_exceeded', message: 'slow' } }
    const headers = { 'Retry-After': '3' }
    const errors = [
      new FailoverError('PROVIDER_ERROR', 'x', { status: 429, headers, body }),
      Object.assign(new Error('429'), { status: 429, headers: new Headers(headers), error: body.error }),
      Object.assign(new Error('x'), { statusCode: 429, responseHeaders: headers, responseBody: JSON.stringify(body) }),
      Object.assign(new Error('x'), { code: 'ERR_BAD_REQUEST', response: { status: 429, headers, data: body } }),
      new Error('outer', { cause: Object.assign(new Error('x'), { status: 429, headers, body }) }),
    ]
    for (const error of errors) {
      expect(classifyFailure({ error })).toMatchObject({
        reason: 'rate_limit',
        status: 429,
        retryAfterMs: 3_000,
        ruleId: 'openai.rate_limit_exceeded',
        message: 'slow',
      })
    }
  })

  it('a bare string is read for status, words and wait', () => {
    const failure = classifyFailure({ error: '429 Rate limit reached for gpt-4o. Please try again in 644ms.' })
    expect(failure).toMatchObject({ reason: 'rate_limit', status: 429, retryAfterMs: 644 })
    const embedded = '529 {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'
    expect(classifyFailure({ error: new Error(embedded) })).toMatchObject({
      reason: 'overloaded',
      confidence: 'structured',
    })
  })

  it('nothing at all is unknown', () => {
    for (const error of [undefined, null, 0, {}, [], Symbol('x'), new Error('')]) {
      expect(classifyFailure({ error })).toMatchObject({
        reason: 'unknown',
        scope: 'target',
        nextStep: 'next_model',
        confidence: 'text',
      })
    }
  })
})

describe('the message', () => {
  it('is one line of at most 500 characters without the key it echoed', () => {
    const message = `Incorrect API key provided: sk-proj-${'a1'.repeat(40)}.\nSee the docs. ${'x'.repeat(900)}`
    const failure = openai(401, { code: 'invalid_api_key', message })
    expect(failure.message).toMatch(
      /^Incorrect API key provided: \*\*\* ?See|^Incorrect API key provided: \*\*\*\.? See/,
    )
    expect(failure.message).not.toContain('a1a1')
    expect(failure.message.length).toBeLessThanOrEqual(500)
    expect(failure.message).not.toContain('\n')
  })

  it('holds no part of a known key, wherever the message is cut', () => {
    const key = 'plain-key-without-any-known-form-0123456789'
    for (let at = 430; at < 800; at += 7) {
      const message = `${'x '.repeat(at / 2)}${key} ${'y '.repeat(300)}`
      const failure = classifyFailure({ status: 400, body: { error: { message, code: key } }, secrets: [key] })
      expect(failure.message).not.toContain('plain-')
    }
    expect(
      classifyFailure({ status: 400, body: { error: { message: '', code: key } }, secrets: [key] }).message,
    ).not.toContain('plain-')
  })
})

describe('words that stand behind a name or a colon', () => {
  const tooLarge =
    'Request too large for model `llama-3` in organization `org-x` on tokens per minute (TPM): Limit 6000, Used 5000, Requested 1328, please reduce your message size'

  it.each<[input: Parameters<typeof classifyFailure>[0], reason: string]>([
    [{ status: 413, body: { error: { message: tooLarge } } }, 'rate_limit'],
    [{ error: new Error(`413 ${tooLarge}`) }, 'rate_limit'],
    [{ status: 400, body: 'INVALID_ARGUMENT: API key not valid. Please pass a valid API key.' }, 'auth'],
    [{ status: 400, body: 'Provider returned error: rate limit exceeded' }, 'rate_limit'],
  ])('still count: %j', (input, reason) => {
    expect(classifyFailure(input).reason).toBe(reason)
  })
})
