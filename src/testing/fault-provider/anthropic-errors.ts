import type { Dialect } from './dialect.ts'
import type { ErrorKind } from './fault.ts'

/** Anthropic's errors as seen on the wire: `{"type":"error","error":{type,message},"request_id"}`. */
export const anthropicError: Dialect['error'] = (kind, { model, serial, message }) => {
  const [status, type, text] = ROWS[kind]
  return {
    status,
    body: {
      type: 'error',
      error: { type, message: message ?? text.replace('MODEL', model) },
      request_id: `req_${serial}`,
    },
  }
}

const ROWS: Readonly<Record<ErrorKind, readonly [status: number, type: string, message: string]>> = {
  invalid_request: [400, 'invalid_request_error', 'The request body is not valid JSON.'],
  invalid_key: [401, 'authentication_error', 'invalid x-api-key'],
  insufficient_quota: [
    400,
    'invalid_request_error',
    'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.',
  ],
  permission: [403, 'permission_error', 'Your API key does not have permission to use the specified resource.'],
  model_not_found: [404, 'not_found_error', 'model: MODEL'],
  context_length: [400, 'invalid_request_error', 'prompt is too long: 201046 tokens > 200000 maximum'],
  content_filter: [400, 'invalid_request_error', 'Output blocked by content filtering policy'],
  prefill_unsupported: [
    400,
    'invalid_request_error',
    'This model does not support assistant message prefill. The conversation must end with a user message.',
  ],
  request_too_large: [413, 'request_too_large', 'Request exceeds the maximum size'],
  rate_limited: [
    429,
    'rate_limit_error',
    'This request would exceed your organization’s rate limit of requests per minute.',
  ],
  server_error: [500, 'api_error', 'Internal server error'],
  unavailable: [503, 'api_error', 'Service temporarily unavailable'],
  timeout: [504, 'timeout_error', 'Request timed out'],
  overloaded: [529, 'overloaded_error', 'Overloaded'],
}
