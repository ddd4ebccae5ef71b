import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { chunk, chunkedHead, startRawServer } from '../support/raw-server.ts'
import { GatewayWorld } from './gateway-world.ts'
import { bodyFor, bothAt, RawClient, requestBytes } from './raw-client.ts'

const EVENTS = [
  'event: message_start\ndata: {"type":"message_start","message":{"usage":{"input_tokens":1}}}\n\n',
  'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}\n\n',
  'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":1}}\n\n',
  'event: message_stop\ndata: {"type":"message_stop"}\n\n',
]

describe('what follows the end of an answer', () => {
  it.each([': bye\n\n', 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error"}}\n\n'])(
    'makes no difference, in the same read or in another: %j',
    async (tail) => {
      const whole = EVENTS.join('')
      for (const pieces of [[whole + tail], [whole, tail], [`${whole}${tail.slice(0, 4)}`, tail.slice(4)]]) {
        await using server = await startRawServer((socket) => {
          socket.write(chunkedHead({ 'content-type': 'text/event-stream' }))
          for (const piece of pieces) socket.write(chunk(piece))
          socket.write(chunk(''))
        })
        await using world = await GatewayWorld.start({ providers: bothAt(server.url) })
        const answer = await fetch(`${world.gateway.url}/v1/messages`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: bodyFor('anthropic/m', { stream: true }),
        })
        expect(await answer.text()).toBe(whole)
        expect(world.manager.status().profiles.map(({ failures }) => failures)).toEqual([0, 0])
      }
    },
  )
})

describe('a slow client', () => {
  it.each(['identity', 'gzip'])('slows a provider that streams in %s', async (coding) => {
    const event = (text: string) => `data: {"choices":[{"index":0,"delta":{"content":${JSON.stringify(text)}}}]}\n\n`
    // Text that gzip cannot make small.
    let seed = 1
    const noise = Array.from({ length: (96 * 1024 * 1024) / 256 }, () => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
      return event(`${seed.toString(36)}${(seed * 7).toString(36)}`.padEnd(190, seed.toString(36)))
    }).join('')
    const body = coding === 'gzip' ? gzipSync(noise, { level: 1 }) : Buffer.from(noise)
    let taken = 0
    await using server = await startRawServer((socket) => {
      socket.write(chunkedHead({ 'content-type': 'text/event-stream', 'content-encoding': coding }))
      const step = 64 * 1024
      const pump = (): void => {
        while (taken < body.length) {
          const isRoom = socket.write(chunk(body.subarray(taken, taken + step)))
          taken += step
          if (!isRoom) {
            socket.once('drain', pump)
            return
          }
        }
      }
      pump()
    })
    await using world = await GatewayWorld.start({ providers: bothAt(server.url) })
    using client = new RawClient(world.gateway.port)
    client.socket.write(requestBytes('/v1/chat/completions', bodyFor('openai/m', { stream: true })))
    await client.sees('data: ')
    client.socket.pause()
    // Until nothing moves any more.
    for (let before = -1, still = 0; still < 10; still = taken === before ? still + 1 : 0) {
      before = taken
      await new Promise((resolve) => setTimeout(resolve, 30))
    }
    expect(taken).toBeLessThan(body.length)
  })
})
