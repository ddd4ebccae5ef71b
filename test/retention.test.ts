import { getEventListeners } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { FailoverManager, type FailoverStream } from '../src/index.ts'
import { VirtualClock } from '../src/testing/virtual-clock.ts'

interface Request {
  readonly model: string
  readonly prompt: string
}

setFlagsFromString('--expose_gc')
const gc: () => void = runInNewContext('gc')

/** What a weak reference points to lives on until the job that made it has ended. */
async function collectGarbage(): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    await setImmediate()
    gc()
  }
}

describe('of requests that have ended', () => {
  const clock = new VirtualClock()
  const heldOpen: (() => void)[] = []
  const registry = {
    p: {
      name: 'p',
      stream: async ({ prompt }: Request) => {
        if (prompt === 'bad') throw Object.assign(new Error('bad request'), { status: 400 })
        if (prompt === 'slow') await new Promise<void>((resolve) => void heldOpen.push(resolve))
        return (async function* () {
          yield 'a'
          yield 'b'
        })()
      },
    },
  }
  const profiles = [
    { id: 'p:a', apiKey: 'sk-0000000001' },
    { id: 'p:b', apiKey: 'sk-0000000002' },
  ]
  const manager = new FailoverManager<Request, string>({ clock, registry, profiles })
  const shared = new AbortController()
  const refs: WeakRef<object>[] = []

  /** Twenty requests, with each end there is. */
  async function round(isWatched: boolean): Promise<void> {
    const watch = <T extends object>(value: T): T => {
      if (isWatched) refs.push(new WeakRef(value))
      return value
    }
    const options = () => ({ signal: watch(new AbortController()).signal })
    const request = (prompt: string): Request => watch({ model: 'p/m', prompt })
    const caught = (error: object): void => void watch(error)

    for (let n = 0; n < 12; n += 1) {
      await manager.run('p/m', async (context) => watch({ context: watch(context) }), options())
    }
    for (let n = 0; n < 3; n += 1) for await (const _ of watch(await manager.call(request('good'), options())));
    await manager.run('p/m', () => Promise.reject(watch(answer(400))), { signal: shared.signal }).catch(caught)
    await manager.call(request('bad'), options()).catch(caught)
    const abandoned: FailoverStream<string> = watch(await manager.call(request('good'), { signal: shared.signal }))
    for await (const _ of abandoned) break
    const leaving = watch(new AbortController())
    const left = manager.call(request('slow'), { signal: leaving.signal }).catch(caught)
    await Promise.resolve()
    leaving.abort(watch(new Error('left')))
    await left
    heldOpen.pop()?.()
    const late = manager.run('p/m', ({ signal }) => aborted(watch(signal)), { deadlineMs: 1_000 }).catch(caught)
    await clock.advance(1_000)
    await late
  }

  it('nothing is kept but the latest stories, and those keep neither signals, requests nor errors', async () => {
    const rounds = async (count: number): Promise<void> => {
      for (let n = 0; n < count; n += 1) await round(false)
    }
    await rounds(250)
    await round(true)
    // Their stories leave the ring.
    await rounds(20)
    await collectGarbage()
    expect(refs.length).toBeGreaterThan(20)
    expect(refs.filter((ref) => ref.deref() !== undefined)).toEqual([])

    const before = process.memoryUsage().heapUsed
    await rounds(2_500)
    await collectGarbage()
    const bytes = process.memoryUsage().heapUsed - before
    expect(manager.recentRequests()).toHaveLength(100)
    expect(bytes / 50_000).toBeLessThan(10)
    expect(clock.pendingTimers).toBe(0)
    expect(getEventListeners(shared.signal, 'abort')).toEqual([])
  })

  it('the latest stories alone keep neither signals, requests nor errors', async () => {
    refs.length = 0
    await round(true)
    await collectGarbage()
    expect(manager.recentRequests()).toHaveLength(100)
    expect(refs.filter((ref) => ref.deref() !== undefined)).toEqual([])
  })
})

function answer(status: number): Error {
  return Object.assign(new Error(`HTTP ${status}`), { status })
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
