import { afterEach, describe, expect, it } from 'vitest'
import { chunk, chunkedHead, reply, startRawServer } from '../../../test/support/raw-server.ts'
import { anthropicMessages } from '../../dialects/index.ts'
import { type AttemptContext, Profile } from '../../engine/index.ts'
import type { QuotaBucket } from '../../failure/index.ts'
import { type HttpProviders, httpProviders } from '../../http/index.ts'
import { askUpstream, type UpstreamReply } from './upstream-attempt.ts'

const LIMITS = { 'x-ratelimit-limit-requests': '60', 'x-ratelimit-remaining-requests': '59' }
const SIGNATURE = 's'.repeat(100)
/** Of a request whose answer nobody goes on with. */
const THREAD = {
  recovers: false,
  holdMaxMs: 1_000,
  trailFor: () =>
    anthropicMessages.continuation.startTrail({
      recovers: false,
      holdsToolCalls: () => false,
      disarmedBy: () => undefined,
    }),
}

let registry: HttpProviders | undefined
afterEach(async () => {
  await registry?.close()
  registry = undefined
})

/** What an attempt tells the engine besides its answer. */
class Told {
  readonly quota: (readonly QuotaBucket[])[] = []
  readonly ids: string[] = []
  readonly bodies: [string, readonly string[] | undefined][] = []

  ask(
    baseUrl: string,
    isStreaming: boolean,
    { keepsAnswer = false, ...more }: Partial<AttemptContext> & { readonly keepsAnswer?: boolean } = {},
  ): Promise<UpstreamReply> {
    registry ??= httpProviders()
    const profile = new Profile({ id: 'anthropic:a', baseUrl })
    return askUpstream(
      registry.anthropic.upstream,
      {
        thread: isStreaming ? THREAD : undefined,
        keepsAnswer,
        client: { headers: {}, rawHeaders: [] },
        query: '',
        bodyFor: (_, { target, dropped }) => {
          this.bodies.push([target.model, dropped])
          return Buffer.from('{}')
        },
        noteErrorBody: () => {},
      },
      {
        target: { provider: 'anthropic', model: 'the-model', profile: profile.id },
        profile,
        apiKey: 'sk-key-0123456789',
        signal: new AbortController().signal,
        onAbort: () => {},
        noteQuota: (buckets) => this.quota.push(buckets),
        noteBinding: (id) => this.ids.push(id),
        attempt: 1,
        timeouts: { connectMs: 5_000 },
        ...more,
      },
    )
  }
}

describe('an attempt', () => {
  const answer = {
    type: 'message',
    id: 'msg_1',
    container: { id: 'container_1' },
    content: [
      { type: 'thinking', thinking: 'Hm', signature: SIGNATURE },
      { type: 'text', text: 'hi' },
    ],
    stop_reason: 'end_turn',
  }
  const events = [
    { type: 'message_start', message: { ...answer, container: null, content: [], stop_reason: null } },
    { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'Hm' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: SIGNATURE } },
    ...['a', 'b', 'c'].map((text) => ({ type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text } })),
    { type: 'message_delta', delta: { stop_reason: 'end_turn', container: { id: 'container_1' } } },
    { type: 'message_stop' },
  ]

  it('tells of a whole answer what later requests may refer to, and what it says of limits', async () => {
    await using server = await startRawServer((socket) => {
      socket.write(reply(JSON.stringify(answer), { headers: LIMITS }))
    })
    const told = new Told()
    await told.ask(server.url, false)
    expect(told.ids).toEqual(['container_1', SIGNATURE.slice(0, 64)])
    expect(told.quota).toMatchObject([[{ name: 'requests', limit: 60, remaining: 59 }]])
  })

  it('tells the same of a streamed one, also of what comes after its first content', async () => {
    const text = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')
    const head = chunkedHead({ 'content-type': 'text/event-stream', ...LIMITS })
    await using server = await startRawServer((socket) => {
      socket.write(Buffer.concat([head, chunk(text), chunk('')]))
    })
    const told = new Told()
    await told.ask(server.url, true, { keepsAnswer: true })
    expect(told.ids).toEqual(['msg_1', SIGNATURE.slice(0, 64), 'container_1'])
    expect(told.quota).toHaveLength(1)
  })

  it('tells nothing of a refusal, whose limits its classification has', async () => {
    await using server = await startRawServer((socket) => socket.write(reply('{}', { status: 429, headers: LIMITS })))
    const told = new Told()
    await expect(told.ask(server.url, false)).rejects.toMatchObject({ status: 429 })
    expect([told.quota, told.ids]).toEqual([[], []])
  })

  it('asks for its body without what the target cannot serve', async () => {
    await using server = await startRawServer((socket) => socket.write(reply(JSON.stringify(answer))))
    const told = new Told()
    await told.ask(server.url, false)
    await told.ask(server.url, false, { dropped: ['thinking'] })
    expect(told.bodies).toEqual([
      ['the-model', undefined],
      ['the-model', ['thinking']],
    ])
  })
})
