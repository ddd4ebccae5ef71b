import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { faults, startFaultProvider } from '../../src/testing/index.ts'
import { chunk, chunkedHead, startRawServer } from '../support/raw-server.ts'
import { GatewayWorld } from './gateway-world.ts'
import { bodyFor, bothAt, DIALECTS, errorShape, RawClient, requestBytes } from './raw-client.ts'
import { ServeChild } from './serve-child.ts'

const CONTENT = {
  openai: 'data: {"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}\n\n',
  anthropic:
    'data: {"type":"message_start","message":{"id":"m","role":"assistant","content":[]}}\n\n' +
    'data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n' +
    'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}}\n\n',
} as const
const REST = {
  openai: 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n',
  anthropic:
    'data: {"type":"content_block_stop","index":0}\n\n' +
    'data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{}}\n\n' +
    'data: {"type":"message_stop"}\n\n',
} as const
const CUT_OFF = /^the gateway is closing; ask again$/

async function get(url: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url, { headers: { connection: 'close' } })
  return { status: response.status, body: await response.json() }
}

describe('liveness and readiness', () => {
  it('it is ready as long as one profile is not out, and alive in any case', async () => {
    await using provider = await startFaultProvider({ keys: { revoked: faults.revokedKey() } })
    await using world = await GatewayWorld.start({ providers: bothAt(provider.url, { keys: ['revoked'] }) })
    const { url } = world.gateway
    const ask = (index: 0 | 1) => {
      const { dialect, path } = DIALECTS[index]
      const headers = { 'content-type': 'application/json' }
      return fetch(url + path, { method: 'POST', headers, body: bodyFor(`${dialect}/m`) })
    }
    const ready = { status: 'ready' }
    expect(await get(`${url}/readyz`)).toEqual({ status: 200, body: ready })
    await ask(0)
    expect(await get(`${url}/readyz`)).toEqual({ status: 200, body: { ...ready } })
    await ask(1)
    const body = { status: 'unavailable' }
    expect(await get(`${url}/readyz`)).toEqual({ status: 503, body })
    expect(await get(`${url}/healthz`)).toEqual({ status: 200, body: { status: 'ok' } })
    world.manager.resetAll()
    expect(await get(`${url}/readyz`)).toEqual({ status: 200, body: ready })
    world.manager.disable('openai:1', 'test')
    world.manager.disable('anthropic:1', 'test')
    expect((await get(`${url}/readyz`)).status).toBe(503)
  })

  it('it is not ready while it drains, for who had begun to ask', async () => {
    await using provider = await startFaultProvider({ models: { mute: faults.stallAfter(2) } })
    await using world = await GatewayWorld.start({ providers: bothAt(provider.url) })
    const { port } = world.gateway
    using running = new RawClient(port)
    running.socket.write(requestBytes('/v1/chat/completions', bodyFor('openai/mute', { stream: true })))
    await running.sees('data: ')
    // What has begun is not idle: such a connection is not closed at once.
    using asking = new RawClient(port)
    asking.socket.write('GET /healthz HTTP/1.1\r\nhost: a\r\n\r\nGET /readyz HTTP/1.1\r\n')
    await asking.sees('{"status":"ok"}')
    const closed = world.gateway.close()
    asking.socket.write('host: a\r\n\r\n')
    await asking.sees('{"status":"draining"}')
    expect(await asking.closed()).toMatch(/HTTP\/1\.1 503 .+\r\nconnection: close\r\n/is)
    running.socket.destroy()
    await closed
  })
})

/** A provider whose streams begin, and go on when they are told to. */
async function startPaused() {
  const sockets: Socket[] = []
  const server = await startRawServer((socket, { path }) => {
    sockets.push(socket)
    socket.write(chunkedHead({ 'content-type': 'text/event-stream' }))
    socket.write(chunk(path.endsWith('/messages') ? CONTENT.anthropic : CONTENT.openai))
  })
  return Object.assign(server, {
    goOn: () => {
      for (const [index, { dialect }] of DIALECTS.entries())
        sockets[index]?.write(Buffer.concat([chunk(REST[dialect]), chunk('')]))
    },
  })
}

const yamlFor = (url: string, server: string): string => `
server: { ${server} }
providers:
  openai: { dialect: openai, baseUrl: "${url}", profiles: [{ id: "openai:1", apiKey: k }] }
  anthropic: { dialect: anthropic, baseUrl: "${url}", profiles: [{ id: "anthropic:1", apiKey: k }] }
`

/** A stream of each dialect that has begun to arrive through it, one after the other. */
async function startStreams(port: number): Promise<RawClient[]> {
  const clients: RawClient[] = []
  for (const { dialect, path } of DIALECTS) {
    const client = new RawClient(port)
    client.socket.write(requestBytes(path, bodyFor(`${dialect}/m`, { stream: true })))
    await client.sees(CONTENT[dialect])
    clients.push(client)
  }
  return clients
}

/** Every stream broke off with its dialect's error as its last event, and its HTTP is whole. */
async function expectCutOff(streams: readonly RawClient[]): Promise<void> {
  for (const [index, client] of streams.entries()) {
    const { dialect, end } = DIALECTS[index as 0 | 1]
    const answer = await client.closed()
    const [, error = ''] = /\r\n(?:event: error\n)?data: ([^\n]+)\n\n\r\n0\r\n\r\n$/.exec(answer) ?? [answer]
    expect(JSON.parse(error)).toEqual(errorShape(dialect, CUT_OFF))
    expect(answer.includes('event: error\n')).toBe(dialect === 'anthropic')
    expect(answer).not.toContain(end)
  }
}

/** Waits until nobody is let in any more: it is told a moment before. */
async function refused(port: number): Promise<void> {
  for (let code: string | undefined; code !== 'ECONNREFUSED'; ) {
    using client = new RawClient(port)
    code = await new Promise((resolve) => {
      client.socket.on('connect', () => resolve(undefined))
      client.socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code))
    })
  }
}

describe.concurrent('hotspare serve', () => {
  it('says where it listens, and lets streams end at SIGTERM', async () => {
    await using provider = await startPaused()
    await using child = await ServeChild.start({ yaml: yamlFor(provider.url, 'drainMs: 60000') })
    expect(child.stdout).toMatch(/^hotspare listens on http:\/\/127\.0\.0\.1:\d+\n$/)
    const { port } = child
    const streams = await startStreams(port)
    child.signal('SIGTERM')
    await child.says(() => child.stderr.includes('stopping'))
    await refused(port)
    provider.goOn()
    for (const [index, { end }] of DIALECTS.entries()) {
      const client = streams[index]
      await client?.sees(end)
      expect(await client?.closed()).toMatch(/\r\n0\r\n\r\n$/)
      expect(client?.received).not.toContain('error')
    }
    expect(await child.ended()).toBe(0)
    expect(child.stdout.split('\n')).toHaveLength(2)
  })

  it('cuts streams off, and says so in them, once drainMs is over', async () => {
    await using provider = await startPaused()
    await using child = await ServeChild.start({ yaml: yamlFor(provider.url, 'drainMs: 100') })
    const streams = await startStreams(child.port)
    child.signal('SIGTERM')
    await expectCutOff(streams)
    expect(await child.ended()).toBe(0)
  })

  it('ends at once at a second signal', async () => {
    await using provider = await startPaused()
    await using child = await ServeChild.start({ yaml: yamlFor(provider.url, 'drainMs: 600000') })
    const streams = await startStreams(child.port)
    child.signal('SIGTERM')
    await child.says(() => child.stderr.includes('a second signal ends them now'))
    child.signal('SIGINT')
    await expectCutOff(streams)
    expect(await child.ended()).toBe(0)
  })

  it('says in one line that its port is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as { port: number }
    await using child = new ServeChild({ yaml: yamlFor('http://127.0.0.1:1', ''), args: ['--port', `${port}`] })
    expect(await child.ended()).toBe(1)
    other.close()
    expect(child.stderr).toMatch(/^127\.0\.0\.1:\d+ is in use by another program; choose another with --port N .+\n$/)
    expect(child.stdout).toBe('')
  })

  it('tells every mistake of its configuration at once, and where it is', async () => {
    const yaml = `sever: 1
server: { port: 70000, clients: [{ name: web }] }
providers:
  local: { dialect: openai, profiles: [{ id: local:a }] }
routes: { smart: { primary: nobody/x } }
`
    await using child = new ServeChild({ yaml })
    expect(await child.ended()).toBe(2)
    const lines = child.stderr.trimEnd().split('\n')
    expect(lines.map((line) => line.slice(0, line.indexOf(': ')))).toEqual([
      'hotspare.yaml:1:1 sever',
      'hotspare.yaml:2:17 server.port',
      'hotspare.yaml:2:34 server.clients[0].key',
      'hotspare.yaml:4:10 providers.local.baseUrl',
      'hotspare.yaml:5:29 routes.smart.primary',
    ])
    expect(child.stdout).toBe('')
  })

  it('refuses a public address without client keys, unless it is told that it may', async () => {
    const yaml = yamlFor('http://127.0.0.1:1', 'host: 0.0.0.0')
    await using child = new ServeChild({ yaml })
    expect(await child.ended()).toBe(2)
    expect(child.stderr).toMatch(
      /^hotspare\.yaml:2:17 server\.host: "0\.0\.0\.0" can be reached by others, .+--insecure\n$/,
    )
    await using told = new ServeChild({ yaml: yamlFor('http://127.0.0.1:1', ''), args: ['--host', '0.0.0.0'] })
    expect(await told.ended()).toBe(2)
    // Loopback, written so that it is not known for it.
    await using insecure = await ServeChild.start({ yaml, args: ['--insecure', '--host', '127.1'] })
    expect((await get(`http://127.0.0.1:${insecure.port}/healthz`)).status).toBe(200)
  })

  it('needs no file where keys are in the environment, and says what is missing where they are not', async () => {
    const environment = { OPENAI_API_KEY: 'sk-1', OPENAI_API_KEY_2: 'sk-2', ANTHROPIC_API_KEY: 'sk-3' }
    await using child = await ServeChild.start({ environment })
    expect((await get(`${child.url}/readyz`)).body).toMatchObject({ status: 'ready' })
    await using without = new ServeChild({})
    expect(await without.ended()).toBe(2)
    expect(without.stderr).toMatch(/^hotspare\.yaml:1:1 \(file\): there is no such file here, .+OPENAI_API_KEY.+\n$/)
  })

  it('takes wrong usage for exit code 2', async () => {
    await using child = new ServeChild({ args: ['--port', '65536'], environment: { OPENAI_API_KEY: 'sk-1' } })
    expect(await child.ended()).toBe(2)
    expect(child.stderr).toContain('It must be a whole number from 0 to 65535')
    expect(child.stdout).toBe('')
  })
})
