import type { Dialect } from './dialect.ts'
import type { ErrorKind } from './fault.ts'

/** OpenAI's errors as seen on the wire: `{"error":{message,type,param,code}}`, code or type may be null. */
export const openaiError: Dialect['error'] = (kind, { model, message }) => {
  const row = ROWS[kind]
  return {
    status: row.status,
    body: {
      error: {
        message: message ?? row.message.replace('MODEL', model),
        type: row.type,
        param: row.param ?? null,
        code: row.code ?? null,
      },
    },
  }
}

interface Row {
  readonly status: number
  readonly message: string
  readonly type: string | null
  readonly param?: string
  readonly code?: string
}

const ROWS: Readonly<Record<ErrorKind, Row>> = {
  invalid_request: {
    status: 400,
    type: 'invalid_request_error',
    message: 'We could not parse the JSON body of your request.',
  },
  invalid_key: {
    status: 401,
    type: 'invalid_request_error',
    code: 'invalid_api_key',
    message:
      'Incorrect API key provided: sk-****. You can find your API key at https://platform.openai.com/account/api-keys.',
  },
  insufficient_quota: {
    status: 429,
    type: 'insufficient_quota',
    code: 'insufficient_quota',
    message:
      'You exceeded your current quota, please check your plan and billing details. For more information on this error, ' +
      'read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.',
  },
  permission: {
    status: 403,
    type: 'invalid_request_error',
    code: 'unsupported_country_region_territory',
    message: 'Country, region, or territory not supported',
  },
  model_not_found: {
    status: 404,
    type: 'invalid_request_error',
    code: 'model_not_found',
    message: 'The model `MODEL` does not exist or you do not have access to it.',
  },
  context_length: {
    status: 400,
    type: 'invalid_request_error',
    param: 'messages',
    code: 'context_length_exceeded',
    message:
      "This model's maximum context length is 8192 tokens. However, your messages resulted in 8227 tokens. " +
      'Please reduce the length of the messages.',
  },
  // The wording and the null type are Azure's, the only place where the prompt filter answers with a status.
  content_filter: {
    status: 400,
    type: null,
    param: 'prompt',
    code: 'content_filter',
    message:
      "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. " +
      'Please modify your prompt and retry.',
  },
  prefill_unsupported: {
    status: 400,
    type: 'invalid_request_error',
    param: 'messages',
    message: 'This model does not support assistant message prefill. The conversation must end with a user message.',
  },
  request_too_large: { status: 413, type: 'invalid_request_error', message: 'Request body too large.' },
  rate_limited: {
    status: 429,
    type: 'requests',
    code: 'rate_limit_exceeded',
    message: 'Rate limit reached for MODEL in organization org-fault on requests per min (RPM).',
  },
  server_error: {
    status: 500,
    type: 'server_error',
    message: 'The server had an error while processing your request. Sorry about that!',
  },
  unavailable: {
    status: 503,
    type: 'server_error',
    message: 'The server is temporarily unavailable. Please try again later.',
  },
  timeout: { status: 504, type: 'server_error', message: 'Request timed out.' },
  overloaded: {
    status: 503,
    type: 'service_unavailable_error',
    code: 'server_is_overloaded',
    message: 'Our servers are currently overloaded. Please try again later.',
  },
}
