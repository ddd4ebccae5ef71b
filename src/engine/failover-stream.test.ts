import { describe, expect, it } from 'vitest'
import { FailoverManager } from '../index.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'

type Source = Iterator<string> | AsyncIterator<string>

/** A stream over an iterator that is under the test's control. */
async function streamOf(source: Partial<AsyncIterator<string>> & Pick<Source, 'next'>) {
  const clock = new VirtualClock()
  const iterable = { [Symbol.asyncIterator]: () => source as AsyncIterator<string> }
  const registry = { p: { name: 'p', stream: async () => iterable } }
  const manager = new FailoverManager<{ model: string }, string>({ clock, registry, profiles: [{ id: 'p:a' }] })
  const stream = await manager.call({ model: 'p/m' })
  return { clock, manager, stream, reader: stream[Symbol.asyncIterator]() }
}

/** Gives its pieces one by one, each when it is let go. */
function paced(pieces: readonly string[]) {
  const waiting: (() => void)[] = []
  let at = 0
  const next = async (): Promise<IteratorResult<string>> => {
    const value = pieces[at]
    at += 1
    if (at > 1) await new Promise<void>((resolve) => void waiting.push(resolve))
    return value === undefined ? { done: true, value: undefined } : { done: false, value }
  }
  return { source: { next }, asked: () => at, letGo: () => waiting.shift()?.() }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('reading a stream', () => {
  it('asks the provider for one event at a time, however many are asked for', async () => {
    const { source, asked, letGo } = paced(['a', 'b', 'c'])
    const { reader } = await streamOf(source)
    const reads = [reader.next(), reader.next(), reader.next(), reader.next(), reader.next()]
    await settled()
    expect(asked()).toBe(2)
    for (let n = 0; n < 3; n += 1) {
      letGo()
      await settled()
    }
    expect((await Promise.all(reads)).map(({ value }) => value)).toEqual(['a', 'b', 'c', undefined, undefined])
    expect(asked()).toBe(4)
  })

  it('throws its error once, and is at its end from then on, as a generator is', async () => {
    const { source } = paced(['a', 'b'])
    const { reader, stream } = await streamOf(source)
    await reader.next()
    const waiting = reader.next()
    const queued = reader.next()
    stream.cancel()
    await expect(waiting).rejects.toMatchObject({ code: 'CANCELED' })
    expect(await queued).toEqual({ done: true, value: undefined })
    expect(await reader.next()).toEqual({ done: true, value: undefined })
  })

  it('fails where the provider throws instead of rejecting, or gives nothing', async () => {
    for (const second of [
      () => {
        throw new Error('at once')
      },
      async () => undefined as never,
    ]) {
      let count = 0
      const { reader, manager } = await streamOf({
        next: () => (count++ === 0 ? Promise.resolve({ done: false, value: 'a' }) : second()),
      })
      await reader.next()
      await expect(reader.next()).rejects.toMatchObject({ code: 'STREAM_INTERRUPTED' })
      expect(manager.status().profiles[0]?.inFlight).toBe(0)
    }
  })

  it('gives what was held back even where the answer has ended meanwhile, and then its error', async () => {
    const { source } = paced(['a', 'b'])
    const { reader, stream } = await streamOf(source)
    stream.cancel()
    expect(await reader.next()).toEqual({ done: false, value: 'a' })
    await expect(reader.next()).rejects.toMatchObject({ code: 'CANCELED' })
  })

  it('takes nothing that comes after its end', async () => {
    const { source, letGo } = paced(['a', 'b'])
    const { reader, stream } = await streamOf(source)
    await reader.next()
    const waiting = reader.next().catch(() => 'failed')
    stream.cancel()
    letGo()
    await settled()
    expect(await waiting).toBe('failed')
    expect(stream.attempts).toMatchObject([{ outcome: 'canceled' }])
  })
})

describe('completed', () => {
  it('tells the same whether it is asked for before or after the end', async () => {
    const { source, letGo } = paced(['a'])
    const { reader, stream } = await streamOf(source)
    const before = stream.completed
    await reader.next()
    const end = reader.next()
    await settled()
    letGo()
    await end
    expect(await stream.completed).toBe(await before)
    expect(await stream.completed).toMatchObject({ target: { profile: 'p:a' }, durationMs: 0 })
  })

  it('may be left alone although the answer fails', async () => {
    const { stream } = await streamOf(paced(['a', 'b']).source)
    stream.cancel()
    await expect(stream.completed).rejects.toMatchObject({ code: 'CANCELED' })
  })
})
