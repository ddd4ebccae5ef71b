import { describe, expect, it } from 'vitest'
import { type AnyRequest, type AttemptContext, FailoverManager, type Provider, ProviderRegistry } from '../index.ts'
import { OpenWork, StreamWork } from './work.ts'

const request = { model: 'a/m', input: 'what' }

function registryOf(hooks: Partial<Provider<AnyRequest, string>>): ProviderRegistry<AnyRequest, string> {
  const stream = async () => (async function* () {})()
  return new ProviderRegistry<AnyRequest, string>()
    .register('a', { name: 'a', stream, ...hooks })
    .register('b', { name: 'b', stream })
}

const HOOKS: Partial<Provider<AnyRequest, string>> = {
  bindingsOf: ({ input }) => [{ kind: 'file_id', id: `file-${input}`, scope: 'profile', isDroppable: false }],
  guessSession: ({ input }) => ({ key: `session-${input}`, isNamed: true }),
  estimateTokens: ({ input }) => `${input}`.length,
}

describe('what a request holds', () => {
  it('is read as the provider of the model that was asked for reads it', () => {
    const work = new StreamWork(registryOf(HOOKS), request)
    expect([work.bindings, work.guessSession(), work.estimateTokens()]).toEqual([undefined, undefined, undefined])
    work.readAs('a')
    expect(work.bindings).toMatchObject([{ id: 'file-what' }])
    expect(work.guessSession()).toEqual({ key: 'session-what', isNamed: true })
    expect(work.estimateTokens()).toBe(4)
  })

  it('is not read by one that knows nothing of it, or is not there', () => {
    for (const provider of ['b', 'c']) {
      const work = new StreamWork(registryOf(HOOKS), request)
      work.readAs(provider)
      expect([work.bindings, work.guessSession(), work.estimateTokens()]).toEqual([undefined, undefined, undefined])
    }
  })

  it('is read for its bindings once', () => {
    let reads = 0
    const work = new StreamWork(
      registryOf({
        bindingsOf: () => {
          reads += 1
          return []
        },
      }),
      request,
    )
    work.readAs('a')
    void [work.bindings, work.bindings]
    expect(reads).toBe(1)
  })

  it('is not guessed where the guess fails; what it is bound to is not left to chance', () => {
    const fails = (): never => {
      throw new Error('unreadable')
    }
    const work = new StreamWork(registryOf({ bindingsOf: fails, guessSession: fails, estimateTokens: fails }), request)
    work.readAs('a')
    expect([work.guessSession(), work.estimateTokens()]).toEqual([undefined, undefined])
    expect(() => work.bindings).toThrow('unreadable')
  })

  it('is what the caller of open() says', () => {
    const bindings = [{ kind: 'file_id', id: 'f', scope: 'vendor', isDroppable: true }] as const
    const start = async () => 1
    const guessSession = () => ({ key: 's', isNamed: false })
    const said = { start, isStreaming: true, bindings, guessSession, estimateTokens: () => 7 }
    const work = new OpenWork(registryOf({}), said)
    expect(work.bindings).toBe(bindings)
    expect([work.guessSession?.(), work.estimateTokens?.()]).toEqual([{ key: 's', isNamed: false }, 7])
    expect(new OpenWork(registryOf({}), { start, isStreaming: true }).guessSession?.()).toBeUndefined()
  })
})

describe('what an attempt is told', () => {
  const fields = [
    'apiKey',
    'attempt',
    'noteActivity',
    'noteBinding',
    'noteContent',
    'noteQuota',
    'onAbort',
    'profile',
    'signal',
    'target',
    'timeouts',
  ]

  it('may be spread into an object of its own, in run() and in call()', async () => {
    const told: AttemptContext[] = []
    const registry = new ProviderRegistry<AnyRequest, string>().register('a', {
      name: 'a',
      async stream(_, context) {
        told.push({ ...context })
        return (async function* () {
          yield 'x'
        })()
      },
    })
    const manager = new FailoverManager({ registry, profiles: [{ id: 'a:1', apiKey: 'sk-0000000001' }] })
    await manager.run('a/m', (context) => void told.push({ ...context }))
    for await (const _ of await manager.call(request));
    for (const context of told) {
      expect(Object.keys(context).sort()).toEqual(fields)
      expect(context).toMatchObject({ apiKey: 'sk-0000000001', attempt: 1, target: { provider: 'a', model: 'm' } })
      expect(context.signal).toBeInstanceOf(AbortSignal)
    }
    expect(told).toHaveLength(2)
  })

  it('has functions that may be called alone', async () => {
    const manager = new FailoverManager({ profiles: [{ id: 'a:1' }] })
    const reasons: unknown[] = []
    const caller = new AbortController()
    const run = manager.run(
      'a/m',
      ({ noteActivity, noteBinding, noteQuota, onAbort }) => {
        noteActivity?.()
        noteBinding?.('resp_1')
        noteQuota?.([])
        onAbort(() => {
          throw new Error('what a listener throws disturbs nobody')
        })
        onAbort((reason) => void reasons.push(reason))
        return new Promise(() => {})
      },
      { signal: caller.signal },
    )
    caller.abort()
    await expect(run).rejects.toMatchObject({ code: 'CANCELED' })
    expect(reasons).toMatchObject([{ code: 'CANCELED' }])
  })
})
