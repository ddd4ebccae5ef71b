import type { Dialect } from '../dialects/index.ts'
import type { Profile } from '../engine/index.ts'
import { FailoverError } from '../failure/index.ts'
import { HOSTED_ORIGINS } from './well-known.ts'

interface CredentialsInput {
  readonly dialect: Dialect
  readonly origin: string
  /** The operator's, lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly profile: Profile
  readonly apiKey: string | undefined
}

/** Operators' headers that can stand for a key. */
const CREDENTIAL_HEADERS = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key']
/** RFC 9110 §5.5, without the bytes above ASCII, which no two servers read alike. */
const HEADER_VALUE = /^[\t\x20-\x7e]*$/

/** Can this text stand in a request header? */
export function isHeaderValue(value: string): boolean {
  return HEADER_VALUE.test(value)
}

/**
 * The headers an operator and a profile bring to a request, lower case: the operator's, then the profile's key.
 *
 * @throws FailoverError `PROVIDER_ERROR`, reason `auth`, where a hosted provider would get no key, or the key is none
 *   that a header can carry; nothing is sent then
 */
export function credentialHeaders(input: CredentialsInput): Record<string, string> {
  const { dialect, origin, headers, profile, apiKey } = input
  if (apiKey !== undefined && (apiKey === '' || !isHeaderValue(apiKey) || apiKey.trim() !== apiKey)) {
    throw badKey(
      profile,
      'has a key that no header can carry: it is empty, or holds a line break, an outer space or a character beyond ASCII',
    )
  }
  if (apiKey === undefined && HOSTED_ORIGINS.has(origin) && !CREDENTIAL_HEADERS.some((name) => name in headers)) {
    throw badKey(profile, `has no key, and ${origin} answers nobody without one`)
  }
  return apiKey === undefined ? { ...headers } : { ...headers, ...dialect.authHeaders(apiKey) }
}

function badKey(profile: Profile, what: string): FailoverError {
  return new FailoverError('PROVIDER_ERROR', `profile ${profile.id} ${what}`, { reason: 'auth' })
}
