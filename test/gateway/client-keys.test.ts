import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FaultProvider, faults, startFaultProvider } from '../../src/testing/index.ts'
import { GatewayWorld } from './gateway-world.ts'
import { bodyFor, bothAt, DIALECTS, errorShape } from './raw-client.ts'

/** Most of it has to be escaped in a query. */
const ALL_KEY = 'client-all/9f+3b=&7c%1d'
const SOME_KEY = 'client-some-4e2a8d6f'
const IN_QUERY = encodeURIComponent(ALL_KEY)

let provider: FaultProvider
let world: GatewayWorld
beforeAll(async () => {
  provider = await startFaultProvider()
  world = await GatewayWorld.start({
    providers: bothAt(provider.url),
    manager: {
      routes: {
        'smart-openai': { primary: 'openai/large', fallbacks: ['openai/small'] },
        'smart-anthropic': { primary: 'anthropic/large', fallbacks: ['anthropic/small'] },
        other: { primary: 'openai/other' },
      },
    },
    gateway: {
      clients: [
        { name: 'all', key: ALL_KEY },
        { name: 'some', key: SOME_KEY, routes: ['smart-openai', 'smart-anthropic'] },
      ],
    },
  })
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await provider.close()
})

interface Sent {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** Every request says in `x-case` which it is, so that it can be found at the provider. */
let cases = 0
async function post(path: string, { headers = {}, body = bodyFor('smart-openai') }: Sent) {
  cases += 1
  const name = `case-${cases}`
  const all = { 'content-type': 'application/json', 'x-case': name, ...headers }
  const response = await fetch(world.gateway.url + path, { method: 'POST', headers: all, body })
  const told: unknown = await response.json()
  return { response, told, asked: provider.attempts.filter((attempt) => attempt.headers['x-case'] === name) }
}

describe.concurrent.each(DIALECTS)('client keys in the dialect $dialect', ({ dialect, path }) => {
  const route = `smart-${dialect}`
  const body = bodyFor(route)

  it.each([
    [
      'no key',
      '',
      /^no client key came with the request; hotspare takes it as Authorization: Bearer, x-api-key, x-g/,
      {},
    ],
    ['an empty key', '?key=', /^no client key came/, { authorization: 'Bearer ', 'x-api-key': '' }],
    ['another scheme', '', /^no client key came/, { authorization: `Basic ${btoa(`all:${ALL_KEY}`)}` }],
    ['a wrong key', '', /^the client key is not known here; hotspare takes it as /, { 'x-api-key': 'client-none' }],
    [
      'the beginning of a key',
      '',
      /^the client key is not known/,
      { authorization: `Bearer ${SOME_KEY.slice(0, -1)}` },
    ],
    ['a key and more', '', /^the client key is not known/, { 'x-goog-api-key': `${SOME_KEY}0` }],
    ["a provider's key", '?key=sk-openai-1', /^the client key is not known/, { authorization: 'Bearer sk-openai-1' }],
  ])('%s is refused with 401', async (_what, query, message, headers) => {
    const { response, told, asked } = await post(path + query, { headers, body })
    expect(told).toEqual(errorShape(dialect, message))
    expect(response.status).toBe(401)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'www-authenticate': 'Bearer',
      'x-hotspare-request-id': expect.stringMatching(/./),
      'x-hotspare-attempts': '0',
    })
    expect(asked).toEqual([])
  })

  it.each<[how: string, query: string, headers: Readonly<Record<string, string>>]>([
    ['Authorization: Bearer', '', { authorization: `Bearer ${ALL_KEY}` }],
    ['authorization: bearer', '', { authorization: `bearer   ${ALL_KEY} ` }],
    ['x-api-key', '', { 'x-api-key': ALL_KEY }],
    ['x-goog-api-key', '', { 'x-goog-api-key': ALL_KEY }],
    ['?key=', `?key=${IN_QUERY}`, {}],
    ['?key= among others', `?beta=true&key=${IN_QUERY}&trace=a%20b`, {}],
    ['?%6Bey= (key, escaped)', `?%6Bey=${IN_QUERY}&beta=true`, {}],
    ['?k%65%79= twice', `?k%65%79=${IN_QUERY}&beta=true&key=${IN_QUERY}`, {}],
    ['x-api-key, beside a bearer of something else', '?key=no', { 'x-api-key': ALL_KEY, authorization: 'Bearer no' }],
    ['several ways at once', `?key=${IN_QUERY}`, { 'x-api-key': ALL_KEY, authorization: `Bearer ${ALL_KEY}` }],
  ])('%s shows one, and nothing of it reaches the provider', async (_how, query, headers) => {
    const { response, asked } = await post(path + query, { headers, body })
    expect(response.status).toBe(200)
    expect(asked).toMatchObject([{ key: `sk-${dialect}-1`, model: 'large' }])
    const seen = JSON.stringify(asked)
    for (const part of [ALL_KEY, IN_QUERY, 'client-all', '%6B', '%79', 'key=', 'x-goog-api-key', '"no"'])
      expect(seen).not.toContain(part)
    const kept = query.match(/(?:beta|trace)=[^&]+/g) ?? []
    expect(asked[0]?.query).toBe(kept.length === 0 ? '' : `?${kept.join('&')}`)
  })

  it.each<[what: string, sent: Sent]>([
    ['model', { body: bodyFor('other') }],
    ['model, with a target of its own route', { body: bodyFor(`${dialect}/large`) }],
    ['x-hotspare-fallbacks', { body, headers: { 'x-hotspare-fallbacks': `${route}, other` } }],
    ['models', { body: bodyFor(route, { models: [route, 'other'] }) }],
    ['models alone', { body: JSON.stringify({ models: ['other'] }) }],
  ])('a route that the client may not use is refused with 403 in %s', async (_where, { headers, ...sent }) => {
    const { response, told, asked } = await post(path, { ...sent, headers: { ...headers, 'x-api-key': SOME_KEY } })
    const message = /^this client may not use "(?:other|\w+\/large)"; it may use smart-openai, smart-anthropic$/
    expect(told).toEqual(errorShape(dialect, message))
    expect(response.status).toBe(403)
    expect(response.headers.get('x-hotspare-attempts')).toBe('0')
    expect(asked).toEqual([])
  })

  it('the list of models holds what the client may name, and nothing for strangers', async () => {
    const version: Record<string, string> = dialect === 'anthropic' ? { 'anthropic-version': '2023-06-01' } : {}
    const list = async (target: string, key?: string) => {
      const headers = { ...version, ...(key !== undefined && { 'x-api-key': key }) }
      const response = await fetch(`${world.gateway.url}${target}`, { headers })
      return { status: response.status, body: (await response.json()) as { data?: { id: string }[] } }
    }
    const idsFor = async (key: string) => (await list('/v1/models', key)).body.data?.map(({ id }) => id).sort()
    expect(await idsFor(SOME_KEY)).toEqual([route])
    expect(await idsFor(ALL_KEY)).toEqual(
      [`${dialect}/large`, `${dialect}/small`, route]
        .concat(dialect === 'openai' ? ['openai/other', 'other'] : [])
        .sort(),
    )
    expect(await list(`/v1/models/${route}`, SOME_KEY)).toMatchObject({ status: 200, body: { id: route } })
    expect(await list('/v1/models/other', SOME_KEY)).toMatchObject({
      status: 404,
      body: errorShape(dialect, /^there is no model "other" here$/),
    })
    for (const target of ['/v1/models', `/v1/models/${route}`]) {
      expect(await list(target)).toMatchObject({ status: 401, body: errorShape(dialect, /^no client key came/) })
      expect(await list(target, 'client-none')).toMatchObject({ status: 401, body: errorShape(dialect, /not known/) })
    }
  })

  it('liveness and readiness ask for no key', async () => {
    for (const target of ['/healthz', '/readyz']) expect((await fetch(world.gateway.url + target)).status).toBe(200)
  })
})

it.each(DIALECTS)(
  'a route goes on to its own fallbacks, which the client may not name ($dialect)',
  async ({ dialect, path }) => {
    const undo = provider.set({ model: 'large', fault: faults.overloaded() })
    const headers = { 'x-api-key': SOME_KEY }
    const { response, asked } = await post(path, { headers, body: bodyFor(`smart-${dialect}`) })
    undo()
    world.manager.resetAll()
    expect(response.status).toBe(200)
    expect(asked.map(({ model }) => model)).toEqual(['large', 'small'])
  },
)
