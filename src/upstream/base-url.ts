import { invalidOption, maskSecrets } from '../failure/index.ts'

const ALLOWED = 'it must be a URL such as https://api.example.com/v1'

/**
 * Reads a base URL: http or https, without credentials. A query string is kept, a fragment dropped.
 *
 * @throws FailoverError `INVALID_OPTION` naming `path`; the value is shown without what may be secret in it
 */
export function parseBaseUrl(path: string, text: string): URL {
  const refuse = (allowed: string): Error => invalidOption(path, shown(text), allowed)
  if (!URL.canParse(text)) throw refuse(ALLOWED)
  const url = new URL(text)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refuse('it must begin with https:// or http://')
  if (url.username !== '' || url.password !== '')
    throw refuse('it must hold no user name or password; use apiKey or headers')
  url.hash = ''
  return url
}

/** A refused value without user info, query and fragment, and without what may be a key in the wrong place. */
function shown(text: string): string {
  return maskSecrets(URL.canParse(text) ? shownUrl(new URL(text)) : shownText(text))
}

function shownUrl({ protocol, username, password, host, pathname, search }: URL): string {
  const query = search === '' ? '' : '?***'
  // `user:password@host`, read as a scheme and something that only that scheme understands.
  if (!pathname.startsWith('/') && host === '')
    return pathname.includes('@')
      ? `***${pathname.slice(pathname.lastIndexOf('@'))}${query}`
      : `${protocol}${pathname}${query}`
  // A password with a slash in it: where it begins cannot be told.
  if (pathname.includes('@')) return `${protocol}//***`
  const userInfo = username === '' && password === '' ? '' : '***@'
  return `${protocol}//${userInfo}${host}${pathname}${query}`
}

/** Where the parts of a text that is no URL begin and end cannot be told. */
function shownText(text: string): string {
  if (text.includes('@') || /^[\w-]{16,}$/.test(text)) return '***'
  return text.replace(/[?#].*$/s, '?***')
}
