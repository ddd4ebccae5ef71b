import type { Dialect } from '../dialects/index.ts'
import type { ModelRequest } from '../engine/index.ts'
import { FailoverError } from '../failure/index.ts'

/**
 * The headers of a request: ours, then the dialect's, then the operator's and the profile's key.
 *
 * @param credentials the last two
 */
export function requestHeaders(
  dialect: Dialect,
  isStreaming: boolean,
  credentials: Readonly<Record<string, string>>,
): Record<string, string> {
  return {
    'content-type': 'application/json',
    accept: isStreaming ? 'text/event-stream' : 'application/json',
    // A compressed stream is held back by the compressor until it has enough to compress.
    'accept-encoding': 'identity',
    'user-agent': 'hotspare',
    ...dialect.headers,
    ...credentials,
  }
}

/**
 * The request's JSON with the target's model in place of its own; nothing else is added, removed or moved.
 *
 * @throws FailoverError `INVALID_REQUEST` where it cannot be written as JSON
 */
export function requestBody(request: ModelRequest, model: string): string {
  try {
    return JSON.stringify({ ...request, model })
  } catch (cause) {
    throw new FailoverError('INVALID_REQUEST', 'the request cannot be written as JSON', {
      cause,
      reason: 'invalid_request',
    })
  }
}
