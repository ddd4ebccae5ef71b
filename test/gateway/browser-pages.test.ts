import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FaultProvider, startFaultProvider } from '../../src/testing/index.ts'
import { GatewayWorld } from './gateway-world.ts'
import { bodyFor, bodyOf, bothAt, errorShape, exchangeRaw, requestBytes } from './raw-client.ts'

let provider: FaultProvider
let world: GatewayWorld
beforeAll(async () => {
  provider = await startFaultProvider()
  world = await GatewayWorld.start({ providers: bothAt(provider.url) })
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await provider.close()
})

async function ask(headers: Readonly<Record<string, string>>, { port } = world.gateway): Promise<string> {
  const bytes = requestBytes('/v1/chat/completions', bodyFor('openai/m'), { ...headers, connection: 'close' })
  return await exchangeRaw(port, bytes)
}

describe('a gateway on loopback without client keys', () => {
  it.each([
    ['a name of its own (DNS rebinding)', { host: 'evil.example' }],
    ['the address of another machine', { host: '192.168.0.1:4000' }],
    ['another site', { origin: 'https://evil.example' }],
    ['a page without an origin', { origin: 'null' }],
  ])('refuses a page that comes from %s', async (_what, headers) => {
    const asked = provider.attempts.length
    const answer = await ask(headers)
    expect(answer).toMatch(/^HTTP\/1\.1 403 /)
    expect(bodyOf(answer)).toEqual(errorShape('openai', /is not of this machine; without client keys/))
    const list = `GET /v1/models HTTP/1.1\r\n${'host' in headers ? '' : 'host: localhost\r\n'}${Object.entries(headers)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('')}connection: close\r\n\r\n`
    expect(await exchangeRaw(world.gateway.port, list)).toMatch(/^HTTP\/1\.1 403 /)
    expect(provider.attempts).toHaveLength(asked)
  })

  it.each([{ host: 'localhost:4000' }, { host: '[::1]' }, { origin: 'http://localhost:3000' }])(
    'serves what is of this machine: %o',
    async (headers) => {
      expect(await ask(headers)).toMatch(/^HTTP\/1\.1 200 /)
    },
  )

  it('leaves it to the keys where clients have some', async () => {
    await using keyed = await GatewayWorld.start({
      providers: bothAt(provider.url),
      gateway: { clients: [{ name: 'web', key: 'web-key-0123456789' }] },
    })
    const headers = { host: 'ai.example', origin: 'https://app.example' }
    expect(await ask(headers, keyed.gateway)).toMatch(/^HTTP\/1\.1 401 /)
    expect(await ask({ ...headers, 'x-api-key': 'web-key-0123456789' }, keyed.gateway)).toMatch(/^HTTP\/1\.1 200 /)
  })
})
