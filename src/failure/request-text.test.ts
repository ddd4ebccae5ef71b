import { describe, expect, it } from 'vitest'
import type { ClassifyInput } from './failure.ts'
import { classifyFailure } from './index.ts'

const said = (message: string): string => JSON.stringify({ error: { message, type: 'invalid_request_error' } })

/**
 * Refused requests whose answers hold the caller's text. Whatever stands in it, it must not cool a key, a model or a
 * provider down.
 */
const ECHOES: readonly (readonly [what: string, input: ClassifyInput])[] = [
  ['a status in a quotation', { status: 400, body: said("Invalid value: 'HTTP 401: go away'") }],
  ['a status behind words', { status: 400, body: said('Could not parse the prompt HTTP 401 and status code 429') }],
  ['a number before words', { status: 400, body: said('401 messages were given, at most 100 are allowed') }],
  ['a param that is a number', { status: 400, body: { error: { message: 'Invalid value', param: '429' } } }],
  [
    'a code in the words',
    { status: 400, body: said('Cannot handle this text: ThrottlingException RESOURCE_EXHAUSTED') },
  ],
  ['a place in a list', { status: 400, body: said('Invalid content in messages[1113] of the request') }],
  [
    'an object in a message',
    { status: 400, body: said('Could not handle the content {"error":{"code":"insufficient_quota"}}') },
  ],
  ['an object in Python’s way', { status: 400, body: said("Bad body {'error': {'code': 'invalid_api_key'}}") }],
  [
    'an object in a text',
    { status: 400, body: 'Could not parse {"error":{"code":"insufficient_quota","message":"x"}}' },
  ],
  [
    'the body handed back',
    {
      status: 422,
      body: { detail: 'Field required', body: { error: { code: 'insufficient_quota', message: 'pay' } } },
    },
  ],
  [
    'the payload handed back',
    { status: 400, body: { message: 'Bad payload', payload: { error: { type: 'authentication_error' } } } },
  ],
  [
    'a complaint of a field behind its class',
    { status: 400, body: said('ValidationError: messages.0.content: your credit balance is too low') },
  ],
  [
    'a complaint of a field behind a bracket',
    { status: 400, body: said('[openai] messages[0].content: invalid api key') },
  ],
  ['a complaint behind a bare word', { status: 400, body: said('message: messages.0: invalid api key') }],
  [
    'a quotation handed on',
    {
      status: 400,
      body: said('Unexpected token in message: "rate limit reached for all of the requests of this organization"'),
    },
  ],
  ['bytes in Python’s way', { status: 400, body: said("Could not decode b'your credit balance is too low'") }],
  [
    'a quotation right behind a letter',
    { status: 400, body: said('Invalid content"insufficient_quota: your credit balance is too low"') },
  ],
  ['a quotation in brackets', { status: 400, body: said('无效的内容「invalid api key」') }],
  ['text behind a colon', { status: 400, body: said('Failed to parse content:invalid api key') }],
  ['text behind an equals sign', { status: 400, body: said('Bad argument text=invalid api key provided') }],
  ['text behind a dash', { status: 400, body: said('Unparsable text - your credit balance is too low') }],
  ['text behind a full-width colon', { status: 400, body: said('内容解析失败：invalid api key') }],
  [
    'text on the next line after a comma',
    { status: 400, body: said('Unparsable text,\nyour credit balance is too low') },
  ],
  ['a name of a signature', { status: 400, body: { error: { code: 'invalid_thinking_signature', message: 'x' } } }],
  ['a name of an access', { status: 400, body: { error: { code: 'file_access_mode', message: 'x' } } }],
  ['a name of a limit', { status: 400, body: { error: { code: 'tools_limit_exceeded', message: 'x' } } }],
  ['a name of credentials', { status: 400, body: { error: { code: 'mcp_credentials_field', message: 'x' } } }],
  [
    'what pydantic was given, in vLLM’s message',
    {
      status: 400,
      body: {
        object: 'error',
        type: 'BadRequestError',
        code: 400,
        message: `[{'type': 'string_type', 'loc': ('body', 'messages', 0), 'msg': 'Input should be a valid string', 'input': 'Explain: {"error":{"message":"Rate limit reached for gpt-4o"}}'}]`,
      },
    },
  ],
  [
    'a message of the request, in a validator’s input',
    {
      status: 422,
      body: `[{'type': 'x', 'loc': ('body',), 'msg': 'Bad', 'input': {'message': 'Your credit balance is too low to access the Anthropic API'}}]`,
    },
  ],
  [
    'the same, cut short',
    { status: 422, body: `Bad: [{'type': 'x', 'input': {"message": 'Rate limit exceeded, what does it mean` },
  ],
  [
    'a validator’s own word before it',
    {
      status: 422,
      body: {
        detail: [{ loc: ['body', 'role'], msg: 'Value error, Rate limit exceeded is not a valid role', input: 'x' }],
      },
    },
  ],
  [
    'an upstream’s answer that was cut short',
    {
      status: 400,
      body: {
        error: {
          message: 'Provider returned error',
          code: 400,
          metadata: {
            raw: '{"error":{"message":"Invalid value: \'why {\\"error\\":{\\"message\\":\\"Incorrect API key provi',
          },
        },
      },
    },
  ],
  [
    'an object behind a relay’s words, beside its status',
    {
      status: 400,
      body: {
        error: {
          message: `Error from provider: {"detail":[{"loc":["body"],"msg":"Bad","input":"why {"error":{"message":"Incorrect API key provided"}}"}]} (request id: 2026)`,
          type: 'upstream_error',
          param: '400',
          code: 'bad_response_status_code',
        },
      },
    },
  ],
  [
    'a refusal inside HTTP 200',
    {
      status: 200,
      body: {
        error: {
          message: 'Provider returned error',
          code: 400,
          metadata: { raw: 'Input validation error: unexpected content: why my account has insufficient balance' },
        },
      },
    },
  ],
  [
    'a code in the words of a refusal inside HTTP 200',
    { status: 200, body: { error: { code: 400, message: 'Invalid tool result ThrottlingException in messages' } } },
  ],
  [
    'a refusal in a library’s words',
    {
      error: new Error(
        'google.api_core.exceptions.InvalidArgument: 400 Invalid function name: your account has insufficient balance',
      ),
    },
  ],
  [
    'an object quoted behind a preamble',
    { error: new Error(`400 '{"code":"insufficient_quota"}' is not of type 'object' - 'messages.0'`) },
  ],
  [
    'the same, in a text',
    { status: 400, body: `400 Bad Request: "{"error":{"code":"insufficient_quota"}}" is not a valid message` },
  ],
  [
    'a refusal that a stream reports by its code',
    {
      status: 200,
      body: 'id:1\nevent:error\ndata:{"code":"InvalidParameter","message":"<400> InternalError.Algo.InvalidParameter: Tool names are not allowed to be insufficient_quota"}\n\n',
    },
  ],
  [
    'a refusal that a frame reports by its exception',
    {
      status: 200,
      inStream: true,
      body: { validationException: { message: 'The value at toolUse.name is invalid: ThrottlingException' } },
    },
  ],
  [
    'a refusal behind a relay’s own failure',
    {
      status: 500,
      body: {
        error: {
          type: 'upstream_error',
          message:
            'bad response status code 400, message: , body: {"error":{"message":"Input validation error: unexpected content: credit balance too low"}}',
        },
      },
    },
  ],
  [
    'a name without quotation marks',
    { status: 400, body: said('Error while downloading Your account has been suspended.') },
  ],
  ['a file’s name', { status: 400, body: said('File named Incorrect API key provided.png not found') }],
]

describe('what a request says in the answer', () => {
  it.each(ECHOES)('condemns nothing but the request: %s', (_, input) => {
    const { scope, ruleId, reason } = classifyFailure({ provider: 'openai', ...input })
    expect({ scope, reason, ruleId }).toMatchObject({ scope: 'request' })
  })

  it('does not hide what a relay hands on', () => {
    const inner = { error: { message: 'You exceeded your current quota', code: 'insufficient_quota' } }
    const handedOn = [
      `Error code: 429 - ${JSON.stringify(inner)}`,
      `litellm.RateLimitError: RateLimitError: OpenAIException - ${JSON.stringify(inner)}`,
      `[openai] Rate Limit Error, Error code: 429 - ${JSON.stringify(inner)}`,
    ]
    for (const message of handedOn) expect(classifyFailure({ status: 400, body: { message } }).reason).toBe('billing')
  })
})
