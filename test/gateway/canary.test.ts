import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, startFaultProvider } from '../../src/testing/index.ts'
import { ECHOES, echo } from './echoing-provider.ts'
import { GatewayWorld, type Recorder, startRecorder } from './gateway-world.ts'
import { bodyFor, bothAt, DIALECTS, exchangeRaw, requestBytes } from './raw-client.ts'
import { ServeChild } from './serve-child.ts'

const TEXT_KEY = 'canary-text/5f3b9c1d7e'
const FUNCTION_KEY = 'canary-function-8a2d4e6f0b'
const KEYS = [TEXT_KEY, FUNCTION_KEY]
const RELAY_TOKEN = 'canary-relay-token-0c1e9f7a3d'
const RELAY_COOKIE = 'canary-relay-cookie-6d8b2f40'
const OPERATOR = [RELAY_TOKEN, RELAY_COOKIE]
const CLIENT_KEY = 'canary-client-b4d2f6a8'
const OTHER_CLIENT_KEY = 'canary-other-client-7e3c'
const CLIENTS = [CLIENT_KEY, OTHER_CLIENT_KEY]
const HEADERS = { 'x-relay-token': RELAY_TOKEN, cookie: `session=${RELAY_COOKIE}` }

type DialectCase = (typeof DIALECTS)[number]

/** Every byte a client gets of a provider that echoes what it was asked with; without what frames and escapes them. */
async function told(port: number, { dialect, path }: DialectCase, echoed: string, profile: number): Promise<string> {
  const body = bodyFor(`${dialect}/${echoed}@${dialect}:${profile}`, { stream: echoed.startsWith('stream') })
  const headers = { connection: 'close', 'x-api-key': CLIENT_KEY, authorization: `Bearer ${OTHER_CLIENT_KEY}` }
  const answer = await exchangeRaw(port, requestBytes(`${path}?key=${OTHER_CLIENT_KEY}`, body, headers))
  expect(answer).toMatch(/^HTTP\/1\.1 [245]/)
  expect(answer).toContain(`x-hotspare-target: ${dialect}/${echoed}@${dialect}:`)
  return answer.replace(/\r\n[0-9a-f]+\r\n/g, '').replaceAll('\\/', '/')
}

const found = (text: string, canaries: readonly string[]): string[] => canaries.filter((one) => text.includes(one))

let provider: Recorder
let world: GatewayWorld
beforeAll(async () => {
  provider = await startRecorder(echo)
  world = await GatewayWorld.start({
    providers: bothAt(provider.url, { keys: [TEXT_KEY], headers: HEADERS }),
    manager: { retry: { attempts: 1 }, wait: { maxMs: 0 } },
    gateway: { clients: CLIENTS.map((key) => ({ name: key.slice(7, 12), key })) },
  })
  for (const { dialect } of DIALECTS)
    world.manager.addProfile({ id: `${dialect}:2`, apiKey: async () => ({ value: FUNCTION_KEY }), priority: 1 })
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

describe.each(DIALECTS)('of what a provider of the dialect $dialect was given and echoes', (dialect) => {
  it.each(Object.keys(ECHOES))('no key reaches a client, nor a client key the provider (%s)', async (echoed) => {
    for (const [index, key] of KEYS.entries()) {
      world.manager.resetAll()
      const first = provider.requests.length
      const answer = await told(world.gateway.port, dialect, echoed, index + 1)
      expect(found(answer, [...KEYS, ...CLIENTS])).toEqual([])
      expect(found(JSON.stringify(provider.requests[first]), [...KEYS, ...OPERATOR])).toEqual([key, ...OPERATOR])
      expect(found(JSON.stringify(provider.requests.slice(first)), CLIENTS)).toEqual([])
    }
  })

  it.each(Object.keys(ECHOES))('no header of the operator reaches a client (%s)', async (echoed) => {
    world.manager.resetAll()
    expect(found(await told(world.gateway.port, dialect, echoed, 1), OPERATOR)).toEqual([])
  })

  it('the echoes are there, masked', async () => {
    const masked = await Promise.all(
      ['400', 'whole', 'stream', 'stream-error-late'].map((echoed) => told(world.gateway.port, dialect, echoed, 1)),
    )
    for (const answer of masked) expect(answer).toContain('***')
  })
})

it.each(['a', 'id', 'xyz'])(
  'the key %j is too short to be a secret, and masking it would tear up answers',
  async (key) => {
    const answer: Answer = { text: 'a xyz idea', finishReason: 'stop' }
    await using plain = await startFaultProvider({ answer })
    await using own = await GatewayWorld.start({ providers: bothAt(plain.url, { keys: [key] }) })
    for (const { dialect, path } of DIALECTS) {
      for (const stream of [false, true]) {
        const bytes = requestBytes(path, bodyFor(`${dialect}/m`, { stream }), { connection: 'close' })
        expect(await exchangeRaw(own.gateway.port, bytes)).not.toContain('***')
      }
    }
  },
)

it('hotspare serve tells its operator of failures, and none of the secrets it was given', async () => {
  const secrets = { TEXT_KEY, FUNCTION_KEY, RELAY_TOKEN, RELAY_COOKIE, CLIENT_KEY, OTHER_CLIENT_KEY }
  const providers = DIALECTS.map(
    ({ dialect }) => `
  ${dialect}:
    dialect: ${dialect}
    baseUrl: ${provider.url}
    headers: { x-relay-token: "\${RELAY_TOKEN}", cookie: "session=\${RELAY_COOKIE}" }
    profiles:
      - { id: "${dialect}:1", apiKey: { env: TEXT_KEY } }
      - { id: "${dialect}:2", apiKey: { command: ["${process.execPath}", -p, "process.env.FUNCTION_KEY"] }, priority: 1 }`,
  )
  const yaml = `
server: { adminKey: "\${ADMIN_KEY}", clients: [{ name: a, key: "\${CLIENT_KEY}" }, { name: b, key: "\${OTHER_CLIENT_KEY}" }] }
retry: { attempts: 1 }
cooldown: { auth: { minMs: 0, maxMs: 0 }, permission: { minMs: 0, maxMs: 0 }, breaker: { minMs: 0, maxMs: 0 }, rateLimit: { minMs: 0, maxMs: 0 } }
wait: { maxMs: 0 }
providers:${providers.join('')}
`
  const ADMIN_KEY = 'canary-admin-1f7c'
  await using child = await ServeChild.start({ yaml, environment: { ...secrets, ADMIN_KEY } })
  for (const dialect of DIALECTS) {
    for (const echoed of Object.keys(ECHOES)) {
      for (const profile of [1, 2]) await told(child.port, dialect, echoed, profile)
    }
  }
  await exchangeRaw(child.port, `GET /v1/models?key=${TEXT_KEY} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`)
  child.signal('SIGTERM')
  expect(await child.ended()).toBe(0)
  expect(child.stderr).toContain('you sent')
  expect(child.stderr).toContain('***')
  expect(found(child.stdout + child.stderr, [...Object.values(secrets), ADMIN_KEY])).toEqual([])
})
