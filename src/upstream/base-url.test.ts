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
  ['htps://example.com/#secret-word', 'https:// or http://'],
  ['https:user:secret-word@example.com', 'no user name or password'],
  ['user:secret-word@example.com/v1', 'https:// or http://'],
  ['secret-word:@example.com/v1', 'https:// or http://'],
  ['https://user:12a/secret-word@example.com', 'must be a URL'],
  ['https://user:p?secret-word@example.com', 'must be a URL'],
  ['ftp://user:12/secret-word@example.com', 'https:// or http://'],
  ['https://user@example.com/v1@secret-word', 'no user name or password'],
  ['sk-secret-word', 'must be a URL'],
  ['secret-word-0123456789', 'must be a URL'],
  ['example.com?key=secret-word', 'must be a URL'],
])('refuses %j without showing a secret', (text, allowed) => {
  expect(() => parseBaseUrl('providers.x.baseUrl', text)).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(allowed) }),
  )
  expect(() => parseBaseUrl('providers.x.baseUrl', text)).not.toThrow(/secret-word/)
})

it.each([
  ['localhost:8080', 'localhost:8080'],
  ['ftp://example.com/v1', 'ftp://example.com/v1'],
  ['example.com/v1?a=b', 'example.com/v1?***'],
  ['https://user:word@example.com:1/v1?a=b', 'https://***@example.com:1/v1?***'],
  ['user:word@example.com/v1', '***@example.com/v1'],
])('shows what is left of %j', (text, shown) => {
  expect(() => parseBaseUrl('x', text)).toThrow(`x: "${shown}" is not allowed`)
})

it('drops a fragment and keeps a query', () => {
  expect(parseBaseUrl('x', 'https://example.com/v1?a=b#c').href).toBe('https://example.com/v1?a=b')
})
