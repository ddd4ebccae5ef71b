import { describe, expect, it } from 'vitest'
import { openaiChat, type TrailOptions } from '../../dialects/index.ts'
import { DEFAULTS, Profile } from '../../engine/index.ts'
import { httpProviders } from '../../http/index.ts'
import { AnswerThread } from './answer-thread.ts'
import { BodyOutliner } from './body-outline.ts'
import { MEMBERS, ProxyRequest } from './proxy-request.ts'

const OUTLINER = new BodyOutliner(openaiChat.requests, [...MEMBERS, ...openaiChat.continuation.members])
const BODY = { model: 'p/m', stream: true, messages: [{ role: 'user', content: 'Hi' }] }

class Threading {
  readonly request: ProxyRequest
  readonly thread: AnswerThread
  /** What the latest trail was begun with. */
  options: TrailOptions | undefined

  constructor({ body = {}, headers = {}, toolCalls = 'hold', midStream = 'continue' }: ThreadingOptions = {}) {
    const bytes = Buffer.from(JSON.stringify({ ...BODY, ...body }))
    this.request = new ProxyRequest({ headers } as never, bytes, undefined, OUTLINER)
    const startTrail = (options: TrailOptions) => {
      this.options = options
      return openaiChat.continuation.startTrail(options)
    }
    this.thread = new AnswerThread({
      dialect: { continuation: { ...openaiChat.continuation, startTrail } },
      request: this.request,
      headers,
      stream: { ...DEFAULTS.stream, toolCalls },
      recovery: { midStream },
    })
  }

  /** An attempt commits that has brought this much. */
  commit(text?: string): void {
    const trail = this.thread.trailFor({})
    if (text !== undefined) trail.take({ choices: [{ index: 0, delta: { content: text } }] }, [])
    this.thread.commit(trail)
  }
}

interface ThreadingOptions {
  readonly body?: object
  readonly headers?: Readonly<Record<string, string>>
  readonly toolCalls?: 'hold' | 'pass'
  readonly midStream?: 'continue' | 'off'
}

describe('what the attempts at an answer have in common', () => {
  it('is the trail of the one that the client gets, once it does', () => {
    const { thread } = new Threading()
    const first = thread.trailFor({})
    const second = thread.trailFor({})
    expect(second).not.toBe(first)
    thread.commit(second)
    expect(thread.trailFor({ resume: 'restart' })).toBe(second)
  })

  it.each<[string, boolean, ThreadingOptions]>([
    ['are held', true, {}],
    ['pass where the configuration says so', false, { toolCalls: 'pass' }],
    ['pass where the request asks for it', false, { body: { tool_stream: true } }],
    [
      'pass where a beta asks for it',
      false,
      { headers: { 'anthropic-beta': 'a,fine-grained-tool-streaming-2025-05-14' } },
    ],
    ['are held whatever else is asked for', true, { headers: { 'anthropic-beta': 'context-1m-2025-08-07' } }],
  ])('tool calls %s, also once the request’s bytes are gone', (_, isHeld, options) => {
    const kept = new Threading(options)
    kept.commit()
    expect(kept.options?.holdsToolCalls()).toBe(isHeld)
    const gone = new Threading({ ...options, midStream: 'off' })
    gone.commit()
    expect(gone.request.body).toBeUndefined()
    expect(gone.options?.holdsToolCalls()).toBe(isHeld)
  })

  it('keeps the request for another attempt, and lets go of it where none is made', () => {
    const { thread, request } = new Threading()
    expect(thread.recovers).toBe(true)
    const trail = thread.trailFor({})
    thread.commit(trail)
    expect(request.body).toBeDefined()
    expect(thread.disarmedBy).toBeUndefined()
    thread.release()
    expect(request.body).toBeUndefined()
  })

  it('says why the request’s answer cannot be gone on with', () => {
    const { thread } = new Threading({ body: { n: 2 } })
    thread.commit(thread.trailFor({}))
    expect(thread.disarmedBy).toBe('several_choices')
  })

  it('writes what was delivered behind the messages where the target takes a prefill and the request allows it', async () => {
    await using registry = httpProviders({
      providers: { p: { dialect: 'openai', baseUrl: 'http://127.0.0.1:1', prefill: ['m'] } },
      wellKnown: false,
    })
    const upstream = registry.upstreamOf('p')
    if (upstream === undefined) throw new Error('p is there')
    const profile = new Profile({ id: 'p:a' })
    const takes = (threading: Threading, model = 'm'): boolean =>
      threading.thread.takesPrefill(upstream, model, profile)
    const context = { target: { provider: 'p', model: 'm', profile: 'p:a' }, profile, dropped: undefined } as never
    const bodyOf = ({ thread }: Threading, resume: 'prefill' | 'restart'): unknown =>
      JSON.parse(thread.bodyFor(upstream, Object.assign({}, context, { resume })).toString())

    const threading = new Threading()
    expect(takes(threading)).toBe(false)
    threading.commit('So it is. ')
    expect([takes(threading), takes(threading, 'another')]).toEqual([true, false])
    const plain = { ...BODY, model: 'm' }
    const prefill = { role: 'assistant', content: 'So it is.' }
    expect(bodyOf(threading, 'restart')).toEqual(plain)
    expect(bodyOf(threading, 'prefill')).toEqual({ ...plain, messages: [...BODY.messages, prefill] })

    // What its client does not get is not for another provider, either.
    threading.thread.writes({ hides: (text) => text.includes('it is') })
    expect(takes(threading)).toBe(false)

    const silent = new Threading()
    silent.commit()
    expect(takes(silent)).toBe(false)
    const prefilled = new Threading({ body: { messages: [...BODY.messages, prefill] } })
    prefilled.commit('So it is.')
    expect(takes(prefilled)).toBe(false)
  })
})
