import { describe, expect, it } from 'vitest'
import { anthropicMessages, openaiChat } from '../../src/dialects/index.ts'
import { DIALECTS, type RawClient } from './raw-client.ts'
import { bodyIn, Stage, WORDINGS } from './stage.ts'

const SIGNS = {
  openai: openaiChat.continuation.signOfLife,
  anthropic: anthropicMessages.continuation.signOfLife,
}
const COMMENT = ': keep-alive\n\n'
const HEAD =
  /^HTTP\/1\.1 200 OK\r\ncontent-type: text\/event-stream\r\ncache-control: no-cache\r\nx-hotspare-request-id: \S+\r\n/

describe.concurrent.each(DIALECTS)('while a tool call of $dialect is held', ({ dialect }) => {
  const { begin, call, callEnd, end, piece, ping, text, textEnd } = WORDINGS[dialect]
  const sign = SIGNS[dialect]

  it('the client hears every three seconds that there is something to wait for, and then gets it whole', async () => {
    await using stage = await Stage.start(dialect)
    const client = stage.ask()
    const socket = await stage.begin(1, begin, text('So.') + textEnd, call, piece('{"a"'))
    await client.sees('So.')
    await client.sees(() => bodyIn(client).endsWith(text('So.') + textEnd))
    const before = bodyIn(client)
    await stage.pass(2_999)
    expect(bodyIn(client)).toBe(before)
    await stage.pass(1)
    expect(bodyIn(client)).toBe(before + sign)
    await stage.pass(6_000)
    expect(bodyIn(client)).toBe(before + sign.repeat(3))
    stage.finish(socket, piece(':1}'), callEnd + end)
    await client.sees(() => bodyIn(client).endsWith(end))
    await stage.travel()
    expect(bodyIn(client)).toBe(before + sign.repeat(3) + call + piece('{"a"') + piece(':1}') + callEnd + end)
    expect(stage.clock.pendingTimers).toBe(0)
  })

  it('it is given out after holdMaxMs as far as it has come, and so is the rest as it comes', async () => {
    await using stage = await Stage.start(dialect, { manager: { stream: { holdMaxMs: 2_000 } } })
    const client = stage.ask()
    const socket = await stage.begin(1, begin, text('So.') + textEnd, call, piece('{"a"'))
    await client.sees('So.')
    await stage.pass(1_999)
    expect(client.received).not.toContain('{\\"a\\"')
    await stage.pass(1)
    expect(client.received).toContain('{\\"a\\"')
    stage.say(socket, piece(':1'))
    await client.sees(piece(':1'))
    socket.destroy()
    await client.sees('error')
    expect(stage.server.requests).toHaveLength(1)
    expect(stage.clock.pendingTimers).toBe(0)
  })

  it('its time begins anew with the next one', async () => {
    await using stage = await Stage.start(dialect, { manager: { stream: { holdMaxMs: 2_000 } } })
    const client = stage.ask()
    const second = (events: string): string =>
      events.replaceAll('"index":1', '"index":2').replaceAll('call-1', 'call-2')
    const socket = await stage.begin(1, begin, text('So.') + textEnd, call, piece('{"a":1}'))
    await stage.pass(1_500)
    stage.say(socket, callEnd + second(call), second(piece('{"b"')))
    await stage.pass(1_500)
    expect(client.received).toContain('{\\"a\\":1}')
    expect(client.received).not.toContain('{\\"b\\"')
    await stage.pass(500)
    expect(client.received).toContain('{\\"b\\"')
  })

  it('the provider’s own signs of life go on to the client, and nothing of the call does', async () => {
    await using stage = await Stage.start(dialect)
    const client = stage.ask()
    const socket = await stage.begin(1, begin, text('So.') + textEnd, call, piece('{"a"'))
    await client.sees('So.')
    stage.say(socket, ping)
    await client.sees(() => bodyIn(client).endsWith(ping))
    expect(client.received).not.toContain('{\\"a\\"')
  })

  it('a break before the commit is failed over unseen; after three seconds the head goes out', async () => {
    await using stage = await Stage.start(dialect)
    const client = stage.ask()
    const first = await stage.begin(1, begin + textEnd, call, piece('{"a"'))
    await stage.pass(2_999)
    expect(client.received).toBe('')
    first.destroy()
    const second = await stage.begin(2, begin + textEnd, call, piece('{"a"'))
    await stage.pass(3_000)
    await client.sees('x-hotspare-attempts: 2\r\n')
    expect(client.received).not.toContain('{\\"a\\"')
    stage.say(second, piece(':1}'), callEnd + end)
    await client.sees(() => bodyIn(client).endsWith(end))
    expect(stage.events.map(({ type }) => type)).not.toContain('recovery_started')
  })

  it('more than can be held is given out at once', async () => {
    await using stage = await Stage.start(dialect)
    const client = stage.ask()
    const socket = await stage.begin(1, begin, text('So.') + textEnd, call)
    for (let count = 0; count < 30; count += 1) stage.say(socket, piece('x'.repeat(10_000)))
    await client.sees('x'.repeat(10_000))
  })
})

describe.concurrent.each(DIALECTS)('with keepAliveMs, a client that waits for a stream of $dialect', ({ dialect }) => {
  const { begin, text, textEnd } = WORDINGS[dialect]
  const end = textEnd + WORDINGS[dialect].end
  const gateway = { keepAliveMs: 1_000 }

  it('gets the head and a comment after that time, and who answered at the end', async () => {
    await using stage = await Stage.start(dialect, { gateway })
    const client = stage.ask()
    const first = await stage.asked(1)
    await stage.pass(999)
    expect(client.received).toBe('')
    await stage.pass(1)
    expect(client.received).toMatch(HEAD)
    expect(bodyIn(client)).toBe(COMMENT)
    await stage.pass(2_000)
    expect(bodyIn(client)).toBe(COMMENT.repeat(3))
    first.destroy()
    stage.finish(await stage.begin(2, begin), text('So.') + end)
    const own = ': x-hotspare-target: main/a@main:1\n: x-hotspare-attempts: 2\n\n'
    await client.sees(() => client.received.includes('attempts'))
    await stage.travel()
    expect(bodyIn(client)).toBe(COMMENT.repeat(3) + begin + text('So.') + end + own)
    expect(client.received).not.toContain('x-from')
    expect(stage.clock.pendingTimers).toBe(0)
  })

  /** What the client gets of a provider that refuses its request with this body once the head is out. */
  async function refusedWith(stage: Stage, body: string): Promise<RawClient> {
    const client = stage.ask({ models: ['main/a'] })
    const first = await stage.asked(1)
    await stage.pass(1_000)
    expect(client.received).toMatch(HEAD)
    first.write(`HTTP/1.1 400 No\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
    await client.sees(': x-hotspare-attempts: 1\n\n')
    return client
  }

  it('is told the provider’s own error in the stream once the head is out', async () => {
    await using stage = await Stage.start(dialect, { gateway })
    const error = '{"message":"too long","type":"invalid_request_error","param":null,"code":"context_length_exceeded"}'
    const client = await refusedWith(stage, `{"error": ${error}, "request_id": "r-1"}`)
    const event =
      dialect === 'openai'
        ? `data: {"error":${error}}\n\n`
        : `event: error\ndata: {"type":"error","error":${error}}\n\n`
    const own = ': x-hotspare-target: main/a@main:1\n: x-hotspare-attempts: 1\n\n'
    expect(bodyIn(client)).toBe(COMMENT + event + own)
    expect(stage.clock.pendingTimers).toBe(0)
  })

  it.each([
    'no such thing',
    '[]',
    'null',
    '{"error":"no such thing"}',
    '{"error":["no such thing"]}',
    '{"error":{"code":1}}',
    ...(dialect === 'anthropic' ? ['{"error":{"message":"no such thing"}}'] : []),
  ])('is told of a failure in the dialect’s own form where the provider says %s', async (body) => {
    await using stage = await Stage.start(dialect, { gateway })
    const client = await refusedWith(stage, body)
    expect(bodyIn(client)).toMatch(
      /^: keep-alive\n\n(?:event: error\n)?data: \{.*"error":\{.*request_rejected.*\}\n\n(?:data: \[DONE\]\n\n)?: x-hotspare-target: main\/a@main:1\n/,
    )
    expect(stage.clock.pendingTimers).toBe(0)
  })

  it('gets its answer as ever where it comes in time, and comments while it stalls', async () => {
    await using stage = await Stage.start(dialect, { gateway })
    const client = stage.ask()
    const socket = await stage.begin(1, begin, text('So.'))
    await client.sees('So.')
    expect(client.received).toContain('x-from: the provider')
    const before = bodyIn(client)
    await stage.pass(500)
    stage.say(socket, text(' '))
    await stage.pass(999)
    expect(bodyIn(client)).toBe(before + text(' '))
    await stage.pass(1)
    expect(bodyIn(client)).toBe(before + text(' ') + COMMENT)
    stage.finish(socket, end)
    await client.sees(() => bodyIn(client).endsWith(end))
    await stage.travel()
    expect(client.received).not.toContain(': x-hotspare')
    expect(stage.clock.pendingTimers).toBe(0)
  })

  it('hears comments while somebody is looked for who goes on with it', async () => {
    await using stage = await Stage.start(dialect, { gateway })
    const client = stage.ask()
    const socket = await stage.begin(1, begin, text('So '))
    await client.sees('So ')
    socket.destroy()
    await stage.asked(2)
    const before = bodyIn(client)
    await stage.pass(2_000)
    expect(bodyIn(client)).toBe(before + COMMENT.repeat(2))
    await stage.begin(2, begin + text('So it ') + text('is.') + end)
    await client.sees(() => bodyIn(client).endsWith(end))
    expect(bodyIn(client)).toBe(before + COMMENT.repeat(2) + text('it ') + text('is.') + end)
  })

  it('leaves no timer behind when it hangs up', async () => {
    await using stage = await Stage.start(dialect, { gateway })
    const client = stage.ask()
    await stage.asked(1)
    await stage.pass(1_000)
    client.socket.destroy()
    await stage.travel()
    expect(stage.clock.pendingTimers).toBe(0)
  })
})
