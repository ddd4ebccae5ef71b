import type { Dialect } from '../dialects/index.ts'
import type { Profile } from '../engine/index.ts'
import { FailoverError } from '../failure/index.ts'
import { secretsOf } from './request-secrets.ts'
import { SecretMask } from './secret-mask.ts'
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

/** What an operator and a profile bring to a request, where it goes with it, and what must not come back of it. */
export class Credentials {
  /** Lower case: the operator's headers, then the profile's key. */
  readonly headers: Readonly<Record<string, string>>
  /** Of the endpoint; read from the URL once, since each look at it builds a new text. */
  readonly origin: string
  readonly pathname: string
  /** With its question mark; or empty. */
  readonly search: string
  readonly #url: URL
  #knownMask: SecretMask | undefined

  /** @throws FailoverError `PROVIDER_ERROR`, reason `auth`, as `credentialHeaders` */
  constructor(input: CredentialsInput, url: URL) {
    this.headers = credentialHeaders(input)
    this.origin = url.origin
    this.pathname = url.pathname
    this.search = url.search
    this.#url = url
  }

  /** Masks what was sent wherever an answer repeats it. */
  get mask(): SecretMask {
    this.#knownMask ??= new SecretMask(secretsOf({ url: this.#url, headers: this.headers }))
    return this.#knownMask
  }
}

/**
 * The headers an operator and a profile bring to a request, lower case: the operator's, then the profile's key.
 *
 * @throws FailoverError `PROVIDER_ERROR`, reason `auth`, where a hosted provider would get no key, or the key is none
 *   that a header can carry; nothing is sent then
 */
function credentialHeaders(input: CredentialsInput): Record<string, string> {
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
