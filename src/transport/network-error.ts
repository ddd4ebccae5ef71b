import { FailoverError } from '../failure/index.ts'

/** Raised where no connection came about in time; the cause of the `TIMEOUT` that callers see. */
class ConnectTimeoutError extends Error {
  override readonly name = 'ConnectTimeoutError'
  readonly code = 'ETIMEDOUT'
  readonly timeoutPhase = 'connect'
}

export function connectTimeout(origin: string, limitMs: number): FailoverError {
  const message = `${origin}: no connection within ${limitMs} ms`
  return timeoutError(message, new ConnectTimeoutError(message))
}

/** What undici or the system reports, as the error callers see; `cause.code` says what exactly happened. */
export function networkError(origin: string, error: Error): FailoverError {
  dropReceivedBytes(error)
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  const message = `${origin}: ${error.message || 'no connection'}${code === undefined || error.message.includes(code) ? '' : ` (${code})`}`
  switch (code) {
    case 'UND_ERR_CONNECT_TIMEOUT':
      return timeoutError(message, new ConnectTimeoutError(message, { cause: error }))
    case 'UND_ERR_CLOSED':
    case 'UND_ERR_DESTROYED':
      return new FailoverError('CANCELED', `${origin}: the connections were closed`, {
        cause: error,
        reason: 'canceled',
      })
    default:
      return new FailoverError('NETWORK_ERROR', message, { cause: error, reason: 'network', isRetryable: true })
  }
}

/** undici keeps the bytes that it could not parse, and a relay may have echoed the request's credentials in them. */
function dropReceivedBytes(error: Error): void {
  Reflect.deleteProperty(error, 'data')
}

function timeoutError(message: string, cause: ConnectTimeoutError): FailoverError {
  return new FailoverError('TIMEOUT', message, { cause, reason: 'timeout', isRetryable: true })
}
