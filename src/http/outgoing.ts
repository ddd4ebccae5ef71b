import type { Dialect } from '../dialects/index.ts'
import type { ModelRequest, Profile } from '../engine/index.ts'
import { FailoverError } from '../failure/index.ts'
import { isHeaderValue } from './options.ts'
import { HOSTED_ORIGINS } from './well-known.ts'

interface RequestHeadersInput {
  readonly dialect: Dialect
  readonly origin: string
  /** The operator's, lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly profile: Profile
  readonly apiKey: string | undefined
  readonly isStreaming: boolean
}

/** Operators' headers that can stand for a key. */
const CREDENTIAL_HEADERS = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key']

/**
 * The headers of a request: ours, then the dialect's, then the operator's, then the profile's key.
 *
 * @throws FailoverError `PROVIDER_ERROR`, reason `auth`, where a hosted provider would get no key, or the key is none
 *   that a header can carry; nothing is sent then
 */
export function requestHeaders(input: RequestHeadersInput): Record<string, string> {
  const { dialect, origin, headers, profile, apiKey, isStreaming } = input
  if (apiKey !== undefined && (apiKey === '' || !isHeaderValue(apiKey) || apiKey.trim() !== apiKey)) {
    throw badKey(
      profile,
      'has a key that no header can carry: it is empty, or holds a line break, an outer space or a character beyond ASCII',
    )
  }
  if (apiKey === undefined && HOSTED_ORIGINS.has(origin) && !CREDENTIAL_HEADERS.some((name) => name in headers)) {
    throw badKey(profile, `has no key, and ${origin} answers nobody without one`)
  }
  return {
    'content-type': 'application/json',
    accept: isStreaming ? 'text/event-stream' : 'application/json',
    // A compressed stream is held back by the compressor until it has enough to compress.
    'accept-encoding': 'identity',
    'user-agent': 'hotspare',
    ...dialect.headers,
    ...headers,
    ...(apiKey === undefined ? undefined : dialect.authHeaders(apiKey)),
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

function badKey(profile: Profile, what: string): FailoverError {
  return new FailoverError('PROVIDER_ERROR', `profile ${profile.id} ${what}`, { reason: 'auth' })
}
