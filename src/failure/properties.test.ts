import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_HINT_MS } from './hints.ts'
import { type ClassifyInput, classifyFailure, type Failure, readQuota } from './index.ts'

const junk = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withObjectString: true,
  withSet: true,
  withTypedArray: true,
})

/** Junk under the names that are looked at, so that it gets past the first test. */
const telling = fc.dictionary(
  fc.constantFrom(
    'error',
    'code',
    'message',
    'status',
    'headers',
    'body',
    'cause',
    'errors',
    'response',
    'details',
    'retryDelay',
    'retry_after',
    'resets_at',
    'choices',
    'type',
  ),
  fc.oneof(
    junk,
    fc.string(),
    fc.double(),
    fc.constantFrom('rate_limit_error', 'try again in 9e99s', '{"error":{"message":"[["}}', '-1', 'NaN'),
  ),
)

describe('whatever it is given', () => {
  it('never throws and stays within its bounds', () => {
    const value = fc.oneof(junk, telling, fc.string())
    const input = fc.record(
      {
        provider: value,
        dialect: value,
        status: value,
        headers: value,
        body: value,
        error: value,
        inStream: value,
        timeoutPhase: value,
        nowMs: value,
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(fc.oneof(input, junk), (evidence) => expectSound(classifyFailure(evidence as ClassifyInput))),
      { numRuns: 1_000 },
    )
  })

  it('survives what throws when it is looked at', () => {
    const revoked = Proxy.revocable({}, {})
    revoked.revoke()
    const hostile = new Proxy(
      {},
      {
        get: () => expect.fail('read'),
        ownKeys: () => expect.fail('listed'),
        getPrototypeOf: () => expect.fail('asked'),
      },
    )
    const getter = Object.defineProperty({}, 'message', { enumerable: true, get: () => expect.fail('read') })
    const circular: Record<string, unknown> = { message: 'round' }
    circular.cause = circular
    circular.error = circular
    for (const value of [revoked.proxy, hostile, getter, circular, Symbol('s'), 10n, () => 1]) {
      for (const field of ['error', 'body', 'headers', 'status', 'provider', 'nowMs']) {
        expectSound(classifyFailure({ status: 503, [field]: value } as ClassifyInput))
      }
      expectSound(classifyFailure(value as ClassifyInput))
      expect(readQuota(value)).toEqual([])
    }
    expect(
      classifyFailure({ status: 503, body: revoked.proxy, headers: revoked.proxy, error: revoked.proxy }).reason,
    ).toBe('server_error')
  })

  it('does not depend on the case or the order of headers, nor on their form', () => {
    const headers = {
      'retry-after': '7',
      date: 'Wed, 21 Oct 2026 07:28:00 GMT',
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-tokens': '6m0s',
      'x-should-retry': 'false',
    }
    const expected = classifyFailure({ status: 429, headers })
    fc.assert(
      fc.property(
        fc.shuffledSubarray(Object.entries(headers), { minLength: 5 }),
        fc.infiniteStream(fc.boolean()),
        (entries, upper) => {
          const pairs = entries.map(([name, value]): [string, string] => [
            upper.next().value === true ? name.toUpperCase() : name,
            value,
          ])
          const bytes = pairs.flat().map((part) => Buffer.from(part))
          const lists = Object.fromEntries(pairs.map(([name, value]) => [name, [value]]))
          for (const form of [
            Object.fromEntries(pairs),
            new Headers(pairs),
            new Map(pairs),
            pairs,
            pairs.flat(),
            bytes,
            lists,
          ]) {
            expect(classifyFailure({ status: 429, headers: form })).toEqual(expected)
          }
        },
      ),
    )
  })

  it('reads a hostile body of a megabyte no further than its cap', () => {
    for (const unit of [
      '{"error":',
      '[',
      'sk-',
      'key got ',
      'cookie a=b;',
      '-----BEGIN PRIVATE KEY-----MIIE',
      "auth=('",
      'api_keys:["a",',
      'curl -u a',
      '密钥无效',
      'wait ',
      '<title>',
      'again in ',
      '\\u',
      'data:{\n',
      '1m',
      ...HOSTILE_UNITS,
    ]) {
      expectSound(classifyFailure({ status: 400, body: unit.repeat(200_000) }))
    }
    expect(classifyFailure({ status: 400, body: `${' '.repeat(70_000)}rate limit` }).reason).toBe('invalid_request')
  })
})

/** What each reader of bodies would have to look through again and again, if it were careless. */
const HOSTILE_UNITS = [
  "{'a':",
  "{'error': {",
  'data: {"error":\n\n',
  '{}\n',
  '\r',
  'error: ',
  'xError: ',
  '[a] ',
  '429 ',
  'code = A',
  'A_B ',
  '\\',
  '"',
  "' ",
  '余额',
  'balance exceeded ',
  'status code: 429 ',
  '%20',
  '(1008) ',
]

/** Words that mean much where a provider says them, between any others. */
const callersText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'your credit balance is too low',
        'insufficient balance',
        'insufficient_quota',
        'incorrect api key',
        'account has been disabled',
        'this organization has been disabled',
        'rate limit',
        'too many requests',
        'model not found',
        'does not exist or you do not have access',
        'country, region, or territory not supported',
        'overloaded',
        'try again in 5s',
        'Limit 5, Requested 6',
        "it's the users’ model",
        '. ',
        ': ',
        '\n',
        '{"error":{"code":"insufficient_quota","message":"',
        "{'message': '",
      ),
      fc.string({ unit: 'binary' }),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(' '))

const requestStatus = fc.constantFrom(400, 404, 413, 422)
const dialect = fc.constantFrom('openai', 'anthropic', undefined)
const quotation = fc.constantFrom(["'", "'"], ['"', '"'], ['`', '`'], ['“', '”'] as const)

describe('a key that a provider echoes', () => {
  const known = fc.string({ unit: fc.constantFrom(...'abcXYZ0123456789_-.+/='), minLength: 8, maxLength: 60 })
  const issued = fc
    .tuple(
      fc.constantFrom(
        'sk-',
        'sk-proj-',
        'sk-ant-api03-',
        'sk-or-v1-',
        'AIza',
        'gsk_',
        'xai-',
        'hf_',
        'pplx-',
        'nvapi-',
        'ghp_',
        'fw_',
        'csk-',
        'r8_',
        'GOCSPX-',
        'bedrock-api-key-',
      ),
      fc.string({ unit: fc.constantFrom(...'abcXYZ0123456789_-'), minLength: 16, maxLength: 100 }),
    )
    .map(([beginning, rest]) => beginning + rest)
  const sentence = fc.constantFrom(
    'Incorrect API key provided: KEY. You can find your API key at https://platform.openai.com.',
    'invalid x-api-key KEY',
    'The key "KEY" is not valid',
    'Authorization: Bearer KEY was refused',
    'https://api.example.com/v1?key=KEY&alt=sse',
    '{"message":"bad key KEY","code":"invalid_api_key"}',
    "Error code: 401 - {'error': {'message': 'Incorrect API key provided: KEY'}}",
    'KEY',
    `${'x'.repeat(480)} KEY`,
    `${'word '.repeat(98)}KEY`,
  )
  /** A key of a provider that nobody has heard of: letters and digits, and what base64 and URLs allow. */
  const generic = fc
    .tuple(
      fc.constantFrom(...'abcXYZ059'),
      fc.string({
        unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.+/='),
        minLength: 19,
        maxLength: 59,
      }),
    )
    .map(([first, rest]) => first + rest)
    .filter((key) => /\d/.test(key) && /[a-z]/i.test(key))
  const named = fc
    .tuple(
      fc.constantFrom(
        'key',
        'API key',
        'api_key',
        'apikey',
        'api-key',
        'apiKey',
        'x-api-key',
        'token',
        'access_token',
        'secret',
        'client_secret',
        'aws_secret_access_key',
        'credential',
        'credentials',
        'password',
        'Authorization',
        'Bearer',
        'Authorization: Bearer',
        'BASIC',
        'security token',
        'openai_key',
      ),
      fc.constantFrom(
        'NAME KEY',
        'NAME: KEY',
        'NAME=KEY',
        'NAME = KEY',
        'NAME%20KEY',
        'NAME "KEY"',
        "NAME: 'KEY'",
        'NAME `KEY`',
        'NAME is KEY',
        'NAME was "KEY"',
        'NAME provided: KEY',
        'NAME provided KEY',
        'NAME (KEY)',
        'NAME provided (KEY)',
        '{"NAME":"KEY"}',
        '{"NAME": "KEY"}',
        "{'NAME': 'KEY'}",
        '{\\"NAME\\":\\"KEY\\"}',
        '{\\\\\\"NAME\\\\\\": \\\\\\"KEY',
        'https://api.example.com/v1?NAME=KEY&alt=sse',
        'https://NAME:KEY@example.com/v1',
        'NAME \\"KEY\\"',
        "[ 'NAME', 'KEY' ]",
        "[(b'NAME', b'KEY')]",
        '{"name":"NAME","value":"KEY"}',
        "Client(NAME=SecretStr('KEY'))",
        'NAME: ["KEY", "KEY"]',
        'Unknown NAME. Received=KEY',
        'NAME expected, but got "KEY"',
      ),
      fc.constantFrom(
        'SAID',
        'Invalid SAID.',
        'The SAID was refused',
        'Error code: 401 - SAID',
        'first line\nSAID\nlast',
      ),
    )
    .map(([name, phrase, sentence]) => sentence.replace('SAID', phrase.replace('NAME', name)))
  const where = fc.constantFrom('body', 'error', 'object', 'event')
  /** Codes are shown in lower case, so a key in one has lost its own. */
  const whereOrCode = fc.oneof(where, fc.constant('code'))

  function messageOf(said: string, place: string, secrets: readonly string[]): string {
    switch (place) {
      case 'body':
        return classifyFailure({ status: 401, body: said, secrets }).message
      case 'error':
        return classifyFailure({ error: new Error(said), secrets }).message
      case 'object':
        return classifyFailure({ status: 401, body: { error: { message: said, code: said } }, secrets }).message
      case 'code':
        return classifyFailure({ status: 401, body: { error: { code: said } }, secrets }).message
      default:
        return classifyFailure({
          status: 200,
          body: `data: ${JSON.stringify({ error: { message: said } })}\n\n`,
          secrets,
        }).message
    }
  }

  it('does not survive into the message where it is known', () => {
    fc.assert(
      fc.property(known, sentence, whereOrCode, (key, words, place) => {
        const message = messageOf(words.replaceAll('KEY', key), place, [key])
        expect(message.toLowerCase()).not.toContain(key.toLowerCase())
        for (let length = key.length - 1; length >= 8; length -= 1)
          expect(message.endsWith(key.slice(0, length))).toBe(false)
      }),
      { numRuns: 1_000 },
    )
  })

  it('does not survive where only what stands before it tells', () => {
    fc.assert(
      fc.property(generic, named, whereOrCode, (key, words, place) => {
        const message = messageOf(words.replaceAll('KEY', key), place, []).toLowerCase()
        for (let at = 0; at + 12 <= key.length; at += 1)
          expect(message).not.toContain(key.slice(at, at + 12).toLowerCase())
      }),
      { numRuns: 3_000 },
    )
  })

  it('does not survive where it only looks like one', () => {
    fc.assert(
      fc.property(issued, sentence, where, (key, words, place) => {
        const message = messageOf(words.replaceAll('KEY', key), place, [])
        expect(message).not.toContain(key.slice(0, 14))
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('the caller’s own text', () => {
  it('in quotes never condemns more than the request', () => {
    fc.assert(
      fc.property(requestStatus, dialect, quotation, callersText, (status, provider, [open, close], text) => {
        const quoted = `${open}${text.replaceAll(close, '')}${close}`
        for (const message of [`Invalid value: ${quoted}. Supported is 'user'.`, `${quoted} is too short`, quoted]) {
          const body = { type: 'error', error: { type: 'invalid_request_error', message } }
          expect(classifyFailure({ provider, status, body })).toMatchObject({ scope: 'request' })
          expect(classifyFailure({ dialect: provider, status, body: JSON.stringify(body) }).scope).toBe('request')
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it('in the complaint of a field or a parameter never condemns more than the request', () => {
    const param = fc.constantFrom('messages', 'messages[0].content', 'input', 'tools[0].function.name')
    const code = fc.constantFrom(null, 'invalid_value', 'invalid_type', 'string_above_max_length', 'unknown_parameter')
    fc.assert(
      fc.property(requestStatus, dialect, param, code, callersText, (status, provider, param, code, message) => {
        const error = { type: 'invalid_request_error', param, code, message }
        expect(classifyFailure({ provider, status, body: { error } })).toMatchObject({ scope: 'request' })
        const path = { type: 'invalid_request_error', message: `messages.0.content.1.text: ${message}` }
        expect(classifyFailure({ provider, status, body: { type: 'error', error: path } }).scope).toBe('request')
      }),
      { numRuns: 2_000 },
    )
  })

  it('in quotes changes no verdict, whatever the status and type', () => {
    const status = fc.constantFrom(400, 401, 403, 404, 413, 422, 429, 500, 503, 529)
    const type = fc.constantFrom('invalid_request_error', 'permission_error', 'api_error', 'unheard_of')
    fc.assert(
      fc.property(status, type, dialect, quotation, callersText, (status, type, provider, [open, close], text) => {
        const verdictOn = (quoted: string) => {
          const error = { type, message: `Something about ${open}${quoted}${close}, it says.` }
          return { ...classifyFailure({ provider, status, body: { error } }), message: '' }
        }
        expect(verdictOn(text.replaceAll(close, '').replaceAll('\\', ''))).toEqual(verdictOn('x'))
      }),
      { numRuns: 2_000 },
    )
  })
})

function expectSound(failure: Failure): void {
  expect(failure.reason).toBeTypeOf('string')
  expect(failure.ruleId).not.toBe('')
  expect(failure.message).not.toBe('')
  expect(failure.message.length).toBeLessThanOrEqual(500)
  if (failure.retryAfterMs !== undefined) {
    expect(Number.isInteger(failure.retryAfterMs)).toBe(true)
    expect(failure.retryAfterMs).toBeGreaterThan(0)
    expect(failure.retryAfterMs).toBeLessThanOrEqual(MAX_HINT_MS)
  }
  if (failure.resetAt !== undefined) expect(Number.isFinite(failure.resetAt)).toBe(true)
}
