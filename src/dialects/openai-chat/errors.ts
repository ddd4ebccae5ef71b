import type { ToldError } from '../dialect.ts'

/** https://platform.openai.com/docs/guides/error-codes/api-errors */
export function errorBody({ status, code, message }: ToldError): object {
  return { error: { message, type: typeOf(status), param: null, code } }
}

/** The official SDK raises an `APIError` for a chunk that holds an `error`. */
export function errorEvent(error: ToldError): string {
  return `data: ${JSON.stringify(errorBody(error))}\n\n`
}

function typeOf(status: number): string {
  switch (status) {
    case 401:
      return 'authentication_error'
    case 403:
      return 'permission_error'
    case 429:
      return 'rate_limit_error'
    default:
      return status < 500 ? 'invalid_request_error' : 'server_error'
  }
}
