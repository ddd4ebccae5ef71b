import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { secretsOf } from './request-secrets.ts'
import { SecretMask } from './secret-mask.ts'

describe('SecretMask', () => {
  const mask = new SecretMask(['secret-word'])

  it('masks a secret that a text ends within', () => {
    expect(mask.cutText('key: secret-w')).toBe('key: ***')
    expect(mask.cutText('key: sec')).toBe('key: sec')
    expect(mask.text('key: secret-w')).toBe('key: secret-w')
  })

  it('masks texts and names in JSON, however deep it is', () => {
    expect(mask.json({ 'secret-word': [{ a: 'a secret-word', b: null, c: true, d: 1 }] })).toEqual({
      '***': [{ a: 'a ***', b: null, c: true, d: 1 }],
    })
    const deep: unknown = JSON.parse(`${'{"error":'.repeat(20_000)}"secret-word"${'}'.repeat(20_000)}`)
    expect(JSON.stringify(mask.json(deep))).not.toContain('secret-word')
  })

  it('passes a clean cause on as it is, and copies one that shows a secret', () => {
    const clean = new Error('cut', { cause: Object.assign(new Error('inner'), { code: 'ECONNRESET' }) })
    expect(mask.cause(clean)).toBe(clean)
    expect(mask.cause(undefined)).toBeUndefined()
    for (const inner of [
      new Error('the secret-word'),
      Object.assign(new Error('bytes'), { data: ['secret-word'], code: 'HPE_INVALID' }),
    ]) {
      const masked = mask.cause(new TypeError('outer', { cause: inner }))
      expect(inspect(masked, { showHidden: true, depth: 9 })).not.toContain('secret-word')
      expect(masked).toMatchObject({ name: 'TypeError', message: 'outer', cause: { message: expect.any(String) } })
    }
    const circular: Error & { self?: unknown } = new Error('circular')
    circular.self = circular
    expect(mask.cause(circular)).toBe(circular)
    circular.cause = circular
    expect(mask.cause(circular)).toMatchObject({ message: 'circular' })
  })
})

describe('secretsOf', () => {
  it.each([
    ['authorization', 'Bearer  abc.def', ['abc.def']],
    ['authorization', 'abc.def', ['abc.def']],
    ['x-api-key', 'a-key', ['a-key']],
    ['x-gateway-authorization', 'Custom abc', ['abc']],
    ['cookie', 'sid="12345678"; lang=en', ['sid="12345678"; lang=en', '12345678']],
    ['authorization', 'Basic dTpwYXNz', ['dTpwYXNz', 'u:pass', 'pass']],
    ['x-upstream', 'Bearer abc', ['abc']],
  ])('finds in %s: %s', (name, value, secrets) => {
    const found = secretsOf({ url: new URL('http://x'), headers: { [name]: value } })
    expect(found).toEqual(expect.arrayContaining(secrets))
    expect(found).not.toContain('Bearer')
    expect(found).not.toContain('en')
  })

  it('leaves other headers and short query values alone', () => {
    const headers = { accept: 'application/json', 'anthropic-version': '2023-06-01', 'user-agent': 'hotspare' }
    expect(secretsOf({ url: new URL('http://x/?alt=sse&flag&x='), headers })).toEqual([])
  })

  it.each([
    ['?api-key=abc', 'abc'],
    ['?tenant=12345678', '12345678'],
    ['?abcdefgh', 'abcdefgh'],
    ['?sig=a%2fb%2B123', 'a/b+123'],
    ['?sig=a%2fb%2B123', 'a%2fb%2B123'],
    ['?token=%zz1234567', '%zz1234567'],
  ])('finds in %s: %s', (query, secret) => {
    expect(secretsOf({ url: new URL(`http://x/${query}`), headers: {} })).toContain(secret)
  })
})
