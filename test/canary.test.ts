import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { httpProviders } from '../src/http/index.ts'
import { FailoverError, type FailoverEvent, FailoverManager, type ProfileOptions } from '../src/index.ts'
import { type Fault, faults, startFaultProvider } from '../src/testing/index.ts'

interface Request {
  readonly model: string
  readonly stream: boolean
  readonly messages: readonly unknown[]
}

const ALPHA = 'canary-alpha-5f3b9c1d7e'
const BRAVO = 'canary-bravo-8a2d4e6f0b'

/** Everything a value shows of itself, in every way Node.js has to show it. */
function shown(value: unknown): string {
  const json = (() => {
    try {
      return JSON.stringify(value)
    } catch {
      return ''
    }
  })()
  const stack = value instanceof Error ? value.stack : ''
  return [
    inspect(value, { depth: 20, showHidden: true, getters: true }),
    inspect(value),
    json,
    String(value),
    stack,
  ].join('\n')
}

describe('a key', () => {
  it('is found in nothing that comes out of the library', async () => {
    const echoing = (status: number): Fault => ({
      status,
      headers: { 'x-echo': ALPHA },
      body: { error: { message: `Incorrect API key provided: ${ALPHA}`, nested: [{ key: ALPHA }] } },
    })
    await using provider = await startFaultProvider({
      models: {
        'echo-400': echoing(400),
        'echo-401': echoing(401),
        'echo-429': echoing(429),
        'echo-500': echoing(500),
        'echo-html': { status: 403, headers: { 'content-type': 'text/html' }, body: `<html>${ALPHA}</html>` },
        'echo-stream': {
          status: 200,
          headers: { 'content-type': 'text/event-stream' },
          body: `data: {"error":{"message":"bad key ${ALPHA}"}}\n\n`,
        },
        cut: faults.cutAfter(3),
        reset: faults.resetBeforeHeaders(),
      },
    })
    const profiles: ProfileOptions[] = [
      { id: 'main:alpha', apiKey: ALPHA, metadata: { accessToken: ALPHA, nested: { secret: ALPHA }, region: 'eu' } },
      { id: 'main:bravo', apiKey: async () => ({ value: BRAVO }), priority: 1 },
      { id: 'main:broken', apiKey: () => Promise.reject(new Error('the vault is sealed')), priority: 2 },
    ]
    const out: unknown[] = []
    for (const dialect of ['openai', 'anthropic'] as const) {
      await using registry = httpProviders<Request, unknown>({
        providers: { main: { dialect, baseUrl: provider.url } },
      })
      const manager = new FailoverManager<Request, unknown>({
        profiles,
        registry,
        wait: { maxMs: 0 },
        retry: { minDelayMs: 1 },
      })
      const events: FailoverEvent[] = []
      manager.on('*', (event) => events.push(event))
      for (const model of [
        'echo-400',
        'echo-401',
        'echo-429',
        'echo-500',
        'echo-html',
        'echo-stream',
        'cut',
        'reset',
        'healthy',
      ]) {
        for (const stream of [true, false]) {
          manager.resetAll()
          const request = { model: `main/${model}`, stream, messages: [{ role: 'user', content: 'hi' }], max_tokens: 9 }
          const answer = await manager.call(request).catch((error: unknown) => error)
          out.push(answer)
          if (answer instanceof FailoverError) continue
          try {
            for await (const event of answer as AsyncIterable<unknown>) out.push(event)
          } catch (error) {
            out.push(error)
          }
        }
      }
      // What a user's own function throws may hold the request it has sent.
      for (const status of [400, 401, 500]) {
        const careless = manager.run('main/x', ({ apiKey }) => {
          throw Object.assign(new Error(`request with ${apiKey} failed`), {
            status,
            config: { headers: new Headers({ authorization: `Bearer ${apiKey}` }) },
            request: new Map([['key', apiKey]]),
          })
        })
        out.push(await careless.catch((error: unknown) => error))
      }
      const lease = manager.acquire({ provider: 'main' })
      out.push(events, manager, manager.status(), manager.listProfiles(), lease, lease?.profile, manager.registry)
      out.push(manager.markFailure('main:alpha', new Error(`the key ${ALPHA} was refused`)), manager.status())
      lease?.release()
    }
    out.push(thrown(() => new FailoverManager({ profiles: [{ id: 'x', apiKey: ALPHA } as ProfileOptions] })))
    out.push(thrown(() => new FailoverManager({ profiles: [{ id: 'x:y', apiKey: [ALPHA] as unknown as string }] })))

    for (const value of out) for (const canary of [ALPHA, BRAVO]) expect(shown(value)).not.toContain(canary)
    expect(out.length).toBeGreaterThan(80)
    // The search itself finds what is there, and what was masked was there.
    expect(shown({ deep: [{ key: ALPHA }] })).toContain(ALPHA)
    expect(out.filter((value) => shown(value).includes('***')).length).toBeGreaterThan(20)
  })

  it('is still there for those who need it', () => {
    const manager = new FailoverManager({ profiles: [{ id: 'main:alpha', apiKey: ALPHA }] })
    expect(manager.getProfile('main:alpha').apiKey).toBe(ALPHA)
  })
})

function thrown(action: () => unknown): unknown {
  try {
    return action()
  } catch (error) {
    return error
  }
}
