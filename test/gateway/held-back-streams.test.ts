import { describe, expect, it } from 'vitest'
import { DIALECTS } from './raw-client.ts'
import { bodyIn, Stage, WORDINGS } from './stage.ts'

describe.concurrent.each(DIALECTS)('a stream of $dialect that is held back', ({ dialect }) => {
  const { begin, text, textEnd } = WORDINGS[dialect]
  const end = textEnd + WORDINGS[dialect].end

  it('begins after holdBackMs, with all that has come', async () => {
    await using stage = await Stage.start(dialect, { manager: { stream: { holdBackMs: 500 } } })
    const client = stage.ask()
    const socket = await stage.begin(1, begin, text('So '))
    await stage.pass(300)
    stage.say(socket, text('it '))
    await stage.pass(199)
    expect(client.received).toBe('')
    await stage.pass(1)
    expect(bodyIn(client)).toBe(begin + text('So ') + text('it '))
    stage.finish(socket, text('is.') + end)
    await client.sees(() => bodyIn(client).endsWith(end))
    expect(bodyIn(client)).toBe(begin + text('So ') + text('it ') + text('is.') + end)
    await stage.travel()
    expect(stage.clock.pendingTimers).toBe(0)
  })

  it('is failed over unseen where it breaks meanwhile, and goes out at once where it is complete', async () => {
    await using stage = await Stage.start(dialect, { manager: { stream: { holdBackMs: 500 } } })
    const client = stage.ask()
    const first = await stage.begin(1, begin, text('No '))
    await stage.pass(499)
    first.destroy()
    stage.finish(await stage.begin(2, begin), text('Yes.') + end)
    await client.sees(() => bodyIn(client).endsWith(end))
    expect(bodyIn(client)).toBe(begin + text('Yes.') + end)
    expect(client.received).toContain('x-hotspare-attempts: 2')
    expect(stage.events.map(({ type }) => type)).not.toContain('recovery_started')
    await stage.travel()
    expect(stage.clock.pendingTimers).toBe(0)
  })

  it('stands under the idle limit once its first content is here', async () => {
    const manager = { stream: { holdBackMs: 60_000 }, timeouts: { firstContentMs: 1_000, idleMs: 5_000 } }
    await using stage = await Stage.start(dialect, { manager })
    const client = stage.ask()
    const socket = await stage.begin(1, begin, text('So '))
    await stage.pass(4_000)
    stage.say(socket, text('it '))
    await stage.pass(4_999)
    expect(stage.server.requests).toHaveLength(1)
    await stage.pass(1)
    stage.finish(await stage.begin(2, begin), text('So.') + end)
    await client.sees(() => bodyIn(client).endsWith(end))
    expect(stage.events.find(({ type }) => type === 'attempt_failed')).toMatchObject({ failure: { reason: 'timeout' } })
  })

  it('is too slow where fewer characters come than are asked for, and pings are none', async () => {
    const manager = { timeouts: { minCharactersPerSecond: 10, throughputMs: 2_000 } }
    await using stage = await Stage.start(dialect, { manager })
    const client = stage.ask()
    const { ping } = WORDINGS[dialect]
    const first = await stage.begin(1, begin, text('x'.repeat(10)))
    await stage.pass(1_000)
    stage.say(first, ping, text('x'.repeat(9)), ping)
    await stage.pass(999)
    expect(stage.server.requests).toHaveLength(1)
    await stage.pass(1)
    const second = await stage.begin(2, begin, text('y'.repeat(19)))
    await stage.pass(1_000)
    expect(client.received).toBe('')
    stage.say(second, text('y'))
    await client.sees(text('y'))
    expect(client.received).toContain('x-hotspare-attempts: 2')
    stage.finish(second, end)
    await client.sees(() => bodyIn(client).endsWith(end))
    expect(stage.events.find(({ type }) => type === 'attempt_failed')).toMatchObject({
      failure: { reason: 'timeout', message: expect.stringContaining('throughput limit') },
    })
    await stage.travel()
    expect(stage.clock.pendingTimers).toBe(0)
  })

  it('is not held back any more once a megabyte has come', async () => {
    await using stage = await Stage.start(dialect, { manager: { stream: { holdBackMs: 500 } } })
    const client = stage.ask()
    const socket = await stage.begin(1, begin)
    for (let count = 0; count < 11; count += 1) stage.say(socket, text('x'.repeat(100_000)))
    await client.sees('x'.repeat(100_000))
  })

  it('is not held back where it goes on with another', async () => {
    const manager = { stream: { holdBackMs: 500 }, timeouts: { minCharactersPerSecond: 10 } }
    await using stage = await Stage.start(dialect, { manager })
    const client = stage.ask()
    const first = await stage.begin(1, begin, text('So it is as it is. '))
    await stage.pass(500)
    stage.say(first, text('x'))
    await client.sees(text('x'))
    first.destroy()
    await stage.begin(2, begin, text('So it is as it is. x'), text('y'))
    await client.sees(text('y'))
  })
})
