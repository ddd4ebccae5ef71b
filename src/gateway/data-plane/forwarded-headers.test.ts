import { describe, expect, it } from 'vitest'
import { headersToClient, headersToProvider } from './forwarded-headers.ts'

function client(...rawHeaders: string[]) {
  const headers: Record<string, string> = {}
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase()
    headers[name] =
      headers[name] === undefined ? `${rawHeaders[index + 1]}` : `${headers[name]}, ${rawHeaders[index + 1]}`
  }
  return { rawHeaders, headers }
}

describe('headers to a provider', () => {
  it('keep their names, their order and their repetitions', () => {
    const sent = client('X-B', '1', 'anthropic-beta', 'a', 'x-a', '2', 'anthropic-beta', 'b')
    expect(headersToProvider(sent, {}, {})).toEqual([...sent.rawHeaders, 'accept-encoding', 'identity'])
  })

  it('leave behind what belongs to the connection, to the client and to the gateway', () => {
    const sent = client(
      ...['Host', 'h', 'Connection', 'keep-alive, X-Hop', 'X-Hop', '1', 'Content-Length', '2', 'TE', 'trailers'],
      ...['Authorization', 'Bearer client', 'X-API-Key', 'k', 'x-goog-api-key', 'k', 'Cookie', 'c=1', 'api-key', 'k'],
      ...['OpenAI-Organization', 'org', 'OpenAI-Project', 'p', 'X-Forwarded-For', '10.0.0.1', 'Via', 'proxy'],
      ...['x-hotspare-session', 's', 'Accept-Encoding', 'br', 'Expect', '100-continue', 'constructor', 'kept'],
    )
    expect(headersToProvider(sent, {}, {})).toEqual(['constructor', 'kept', 'accept-encoding', 'identity'])
  })

  it("are replaced by the operator's and the profile's, and filled up with the dialect's", () => {
    const sent = client('User-Agent', 'sdk', 'X-Team', 'mine')
    const defaults = { 'anthropic-version': '2023-06-01', 'x-team': 'default' }
    expect(headersToProvider(sent, defaults, { 'x-team': 'ours', 'x-api-key': 'sk' })).toEqual(
      ['User-Agent', 'sdk', 'anthropic-version', '2023-06-01', 'x-team', 'ours', 'x-api-key', 'sk'].concat([
        'accept-encoding',
        'identity',
      ]),
    )
    const own = client('Anthropic-Version', '2026-10-21')
    expect(headersToProvider(own, defaults, {}).slice(0, 4)).toEqual([...own.rawHeaders, 'x-team', 'default'])
  })
})

describe('headers to a client', () => {
  it("are the provider's, without its cookies and what speaks of its connection or host", () => {
    expect(
      headersToClient({
        'content-type': 'text/event-stream',
        'transfer-encoding': 'chunked',
        connection: 'x-hop',
        'x-hop': '1',
        'set-cookie': ['a=1', 'b=2'],
        'alt-svc': 'h3=":443"',
        'x-hotspare-target': 'forged',
        'x-ratelimit-remaining-requests': '9',
        warning: ['1', '2'],
      }),
    ).toEqual([
      'content-type',
      'text/event-stream',
      'x-ratelimit-remaining-requests',
      '9',
      'warning',
      '1',
      'warning',
      '2',
    ])
  })
})
