import { expect, it } from 'vitest'
import { parseBaseUrl } from './base-url.ts'

it.each([
  ['not a url', 'must be a URL'],
  ['', 'must be a URL'],
  ['localhost:11434/v1', 'https:// or http://'],
  ['ftp://example.com', 'https:// or http://'],
  ['https://user:secret-word@example.com/v1', 'no user name or password'],
  ['https://user@example.com/v1?key=secret-word', 'no user name or password'],
  ['htps://example.com/?key=secret-word', 'https:// or http://'],
])('refuses %j without showing a secret', (text, allowed) => {
  expect(() => parseBaseUrl('providers.x.baseUrl', text)).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(allowed) }),
  )
  expect(() => parseBaseUrl('providers.x.baseUrl', text)).not.toThrow(/secret-word/)
})

it('drops a fragment and keeps a query', () => {
  expect(parseBaseUrl('x', 'https://example.com/v1?a=b#c').href).toBe('https://example.com/v1?a=b')
})
