import { describe, expect, it } from 'vitest'
import { startGateway } from '../../src/gateway/index.ts'
import { startFaultProvider } from '../../src/testing/index.ts'
import { GatewayWorld } from './gateway-world.ts'
import { bodyFor, bothAt, RawClient, requestBytes } from './raw-client.ts'

const PATH = '/v1/chat/completions'

describe('a gateway that closes', () => {
  it('ends connections with the answers that run on them, and takes nothing new on them', async () => {
    await using provider = await startFaultProvider({ delayHeadersMs: 100 })
    await using world = await GatewayWorld.start({ providers: bothAt(provider.url) })
    using busy = new RawClient(world.gateway.port)
    using late = new RawClient(world.gateway.port)
    const bytes = requestBytes(PATH, bodyFor('openai/m'))
    // Its body is on its way when the gateway begins to close; the other's answer is.
    late.socket.write(bytes.subarray(0, bytes.length - 10))
    busy.socket.write(bytes)
    while (provider.attempts.length === 0) await new Promise((resolve) => setImmediate(resolve))
    const closed = world.gateway.close()
    busy.socket.write(bytes)
    late.socket.write(bytes.subarray(bytes.length - 10))
    const [answers, answerOfLate] = await Promise.all([busy.closed(), late.closed()])
    expect(answers).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\nconnection: close\r\n/i)
    expect(answers.match(/HTTP\/1\.1/g)).toHaveLength(1)
    // What had begun to arrive counts as running.
    expect(answerOfLate).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\nconnection: close\r\n/i)
    await closed
  })

  it('tells a client whose body has not arrived by the end', async () => {
    await using provider = await startFaultProvider()
    await using world = await GatewayWorld.start({ providers: bothAt(provider.url) })
    using client = new RawClient(world.gateway.port)
    client.socket.write(requestBytes(PATH, bodyFor('openai/m')).subarray(0, -5))
    await new Promise((resolve) => setTimeout(resolve, 50))
    await world.gateway.close({ drainMs: 0 })
    expect(await client.closed()).toMatch(
      /^HTTP\/1\.1 503 [\s\S]*\r\nconnection: close\r\n[\s\S]*the gateway is closing/i,
    )
    expect(provider.attempts).toEqual([])
  })
})

describe('a request that has been refused', () => {
  it('and is still being sent when the gateway closes is no fault of the gateway', async () => {
    await using provider = await startFaultProvider()
    // Ending this world fails where the gateway reports a fault of its own.
    await using world = await GatewayWorld.start({ providers: bothAt(provider.url), gateway: { maxBodyBytes: 100 } })
    using client = new RawClient(world.gateway.port)
    client.socket.write(requestBytes(PATH, '', { 'content-length': '1000' }))
    await client.sees('body_too_large')
    await world.gateway.close({ drainMs: 0 })
    const answer = await client.closed()
    expect(answer).toMatch(/^HTTP\/1\.1 413 /)
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1)
  })
})

describe('options of a gateway', () => {
  it('are refused where a client names what is no route', async () => {
    await using world = await GatewayWorld.start({ providers: {} })
    const { manager } = world
    for (const routes of ['smart', ['smart'], [5]]) {
      const clients = [{ name: 'web', key: 'k', routes: routes as string[] }]
      await expect(startGateway({ manager, clients, port: 0 })).rejects.toThrow(/^clients\[0\]\.routes/)
    }
  })
})
