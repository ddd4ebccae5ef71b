import type { ToldError } from '../dialect.ts'

/** https://platform.claude.com/docs/en/api/errors */
const TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
  529: 'overloaded_error',
}

/** `error.details` is where the dialect puts machine-readable codes. */
export function errorBody({ status, code, message }: ToldError): object {
  const type = TYPES[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error')
  return { type: 'error', error: { type, message, details: { error_code: code } } }
}

export function errorEvent(error: ToldError): string {
  return `event: error\ndata: ${JSON.stringify(errorBody(error))}\n\n`
}
