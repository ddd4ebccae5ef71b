import { invalidOption } from '../failure/index.ts'

const ALLOWED = 'it must be a URL such as https://api.example.com/v1'

/**
 * Reads a base URL: http or https, without credentials. A query string is kept, a fragment dropped.
 *
 * @throws FailoverError `INVALID_OPTION` naming `path`; the value is shown without credentials and query
 */
export function parseBaseUrl(path: string, text: string): URL {
  const refuse = (allowed: string): Error => invalidOption(path, withoutSecrets(text), allowed)
  if (!URL.canParse(text)) throw refuse(ALLOWED)
  const url = new URL(text)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refuse('it must begin with https:// or http://')
  if (url.username !== '' || url.password !== '')
    throw refuse('it must hold no user name or password; use apiKey or headers')
  url.hash = ''
  return url
}

/** A copy of the URL with another path; the query stays. */
export function withPath(url: URL, pathname: string): URL {
  const changed = new URL(url)
  changed.pathname = pathname
  return changed
}

/** The path without slashes at its end. */
export function pathOf(url: URL): string {
  return url.pathname.replace(/\/+$/, '')
}

/** `v1`, `v1beta`, `v4`: how versions are written in paths. */
export const VERSION_SEGMENT = /^v\d+[a-z0-9]*$/i

function withoutSecrets(text: string): string {
  return text.replace(/\/\/[^/?#]*@/, '//***@').replace(/\?.*$/s, '?***')
}
