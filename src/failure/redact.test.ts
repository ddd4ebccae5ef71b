import { describe, expect, it } from 'vitest'
import { maskSecrets, redactKnown } from './index.ts'

describe('maskSecrets', () => {
  it.each([
    'sk-proj-abcDEF123456',
    'sk-ant-api03-abc_def-123456',
    'sk-or-v1-0123456789abcdef',
    'AIzaSyA1234567890abcdefg',
    'gsk_abcdef123456',
    'xai-abcdef123456',
    'hf_abcdef123456',
    'sk-proj-****************MxYA',
  ])('masks %s wherever it stands', (key) => {
    expect(maskSecrets(`The key "${key}" is bad`)).toBe('The key "***" is bad')
  })

  it('masks what is named as a key, whatever it looks like', () => {
    expect(maskSecrets('Authorization: Bearer abc.def.ghi, next')).not.toContain('abc.def')
    expect(maskSecrets('Incorrect API key provided: https://****lETQ.')).not.toContain('lETQ')
    expect(maskSecrets('GET /v1?key=secret123&alt=sse')).toBe('GET /v1?key=***&alt=sse')
    expect(maskSecrets('{"api_key": "secret123"}')).toBe('{"api_key": "***"}')
  })

  it('leaves ordinary words alone', () => {
    const text = 'task-oriented risk-free: API key not valid. Rate limit reached for gpt-4o in organization org-abc'
    expect(maskSecrets(text)).toBe(text)
  })
})

describe('redactKnown', () => {
  it('replaces each secret literally, the longer first, and skips what is too short to be one', () => {
    expect(redactKnown('a$1b a$1bc ab', ['a$1b', 'a$1bc', 'ab', ''])).toBe('*** *** ab')
  })
})
