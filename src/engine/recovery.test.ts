import { describe, expect, it } from 'vitest'
import { answer, collect } from '../../test/support/scripted-provider.ts'
import { type FailoverEvent, FailoverManager, type FailoverOptions, type Provider } from '../index.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'

interface Asked {
  readonly model: string
  readonly prefill?: string
}

type Part = string | Error | 'stall'

const STALL = '(stall)'
const END = '(end)'
const WHOLE = ['one ', 'two ', 'three ', 'four']

/** What a model does with each request, the last one for ever. */
type Models = Readonly<Record<string, readonly ((asked: Asked, signal: AbortSignal) => readonly Part[])[]>>

/** A provider whose answers are texts. `(end)` is its last event. */
function textProvider(name: string, models: Models, hooks: Partial<Provider<Asked, string>['recovery']> = {}) {
  const asked: Asked[] = []
  const counts = new Map<string, number>()
  const provider: Provider<Asked, string> = {
    name,
    async stream(request, { signal }) {
      asked.push(request)
      const scripts = models[request.model] ?? []
      const count = counts.get(request.model) ?? 0
      counts.set(request.model, count + 1)
      const parts = scripts[Math.min(count, scripts.length - 1)]?.(request, signal) ?? []
      if (parts[0] instanceof Error) throw parts[0]
      return (async function* () {
        for (const part of parts) {
          if (part instanceof Error) throw part
          if (part === STALL) {
            await new Promise((_, reject) =>
              signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
            )
          } else yield part
        }
      })()
    },
    recovery: {
      textOf: (event) => (event === END ? '' : event),
      isTerminal: (event) => event === END,
      withPrefill: (request, prefill) => ({ ...request, prefill }),
      withoutPrefix: (event, characters) => event.slice(characters) || undefined,
      ...hooks,
    },
  }
  return { provider, asked }
}

const whole = () => [...WHOLE, END]
/** Writes only what comes after a prefill. */
const faithful = ({ prefill }: Asked) => {
  const text = WHOLE.join('')
  return prefill !== undefined && text.startsWith(prefill) ? [text.slice(prefill.length), END] : whole()
}
const cut = () => ['one ', 'two ', new Error('socket hang up')]

function setup(
  models: Models,
  options: Partial<FailoverOptions<Asked, string>> = {},
  hooks: Partial<Provider<Asked, string>['recovery']> = {},
) {
  const clock = new VirtualClock()
  const { provider, asked } = textProvider('p', models, hooks)
  const events: FailoverEvent[] = []
  const manager = new FailoverManager<Asked, string>({
    clock,
    random: () => 0.5,
    registry: { p: provider },
    profiles: [{ id: 'p:a' }],
    routes: { r: { primary: 'p/first', fallbacks: ['p/second'] } },
    ...options,
  })
  manager.on('*', (event) => events.push(event))
  const ask = async () => {
    const stream = await manager.call({ model: 'r' })
    const text: string[] = []
    const reading = (async () => {
      for await (const event of stream) text.push(event)
    })()
    reading.catch(() => {})
    for (let step = 0; step < 200; step += 1) await clock.advance(100)
    const error: unknown = await reading.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    return { text: text.join(''), error, stream }
  }
  const told = (type: FailoverEvent['type']) => events.filter((event) => event.type === type)
  return { manager, clock, asked, ask, events, told }
}

describe('a stream that breaks off after its first content', () => {
  it('is gone on with from a prefill, white space and all', async () => {
    const { ask, asked, told } = setup({ first: [cut], second: [faithful] })
    const { text, error, stream } = await ask()
    expect(error).toBeUndefined()
    expect(text).toBe(`${WHOLE.join('')}${END}`)
    expect(asked.map(({ model, prefill }) => [model, prefill])).toEqual([
      ['first', undefined],
      ['second', 'one two'],
    ])
    expect(stream.target.model).toBe('second')
    expect(stream.attempts).toMatchObject([
      { target: { model: 'first' }, outcome: 'failed' },
      { target: { model: 'second' }, outcome: 'succeeded', resume: 'prefill' },
    ])
    expect(told('recovery_started')).toMatchObject([{ target: { model: 'first' }, attempt: 1 }])
    expect(told('recovery_succeeded')).toMatchObject([{ target: { model: 'second' }, attempt: 2, resume: 'prefill' }])
    expect(told('attempt_started')).toMatchObject([{ attempt: 1 }, { attempt: 2, resume: 'prefill' }])
    expect(told('request_succeeded')).toHaveLength(1)
  })

  it('is given no prefill in which a key is echoed: it is another provider that would get it', async () => {
    const key = 'sk-echoed-0123456789'
    const echoing = () => [`my key is ${key} `, new Error('socket hang up')]
    const { ask, asked } = setup(
      { first: [echoing], second: [() => [`my key is ${key} `, 'and more', END]] },
      { profiles: [{ id: 'p:a', apiKey: key }] },
    )
    expect((await ask()).text).toBe(`my key is ${key} and more${END}`)
    expect(asked.map(({ prefill }) => prefill)).toEqual([undefined, undefined])
  })

  it('is asked anew where no prefill is known, and what is repeated is suppressed', async () => {
    const { ask, asked } = setup(
      { first: [cut], second: [() => ['one two thr', 'ee four', END]] },
      {},
      { takesPrefill: () => false },
    )
    const { text, error } = await ask()
    expect(error).toBeUndefined()
    expect(text).toBe(`${WHOLE.join('')}${END}`)
    expect(asked.every(({ prefill }) => prefill === undefined)).toBe(true)
  })

  it('is asked anew, and never says so, where a target refuses the prefill; which is remembered', async () => {
    const refusing = ({ prefill }: Asked) => (prefill === undefined ? whole() : [answer(400, 'no prefill')])
    const { ask, asked } = setup({ first: [cut], second: [refusing] })
    for (const _ of [1, 2]) {
      const { text, error } = await ask()
      expect(error).toBeUndefined()
      expect(text).toBe(`${WHOLE.join('')}${END}`)
    }
    expect(asked.map(({ model, prefill }) => `${model} ${prefill ?? '-'}`)).toEqual([
      'first -',
      'second one two',
      'second -',
      'first -',
      'second -',
    ])
  })

  it('is asked anew after a refused prefill where a target is tried but once', async () => {
    const refusing = ({ prefill }: Asked) => (prefill === undefined ? whole() : [answer(400, 'no prefill')])
    const { ask } = setup({ first: [cut], second: [refusing] }, { retry: { attempts: 1 } })
    expect((await ask()).text).toBe(`${WHOLE.join('')}${END}`)
  })

  it('does nothing more for an answer that had told how it ends', async () => {
    const { ask, asked, told } = setup({ first: [() => [...WHOLE, END, new Error('socket hang up')]], second: [whole] })
    const { text, error } = await ask()
    expect(text).toBe(`${WHOLE.join('')}${END}`)
    expect(error).toMatchObject({ code: 'STREAM_INTERRUPTED' })
    expect(asked).toHaveLength(1)
    expect(told('recovery_failed')).toMatchObject([{ cause: 'disarmed', disarmedBy: 'finished' }])
  })

  it('asks every target anew with midStream: restart', async () => {
    const { ask, asked } = setup({ first: [cut], second: [faithful] }, { recovery: { midStream: 'restart' } })
    expect((await ask()).text).toBe(`${WHOLE.join('')}${END}`)
    expect(asked.every(({ prefill }) => prefill === undefined)).toBe(true)
  })

  it('ends with an error with midStream: off', async () => {
    const { ask, asked, told } = setup({ first: [cut], second: [faithful] }, { recovery: { midStream: 'off' } })
    expect((await ask()).error).toMatchObject({ code: 'STREAM_INTERRUPTED' })
    expect(asked).toHaveLength(1)
    expect(told('recovery_failed')).toMatchObject([{ cause: 'off' }])
  })

  it('ends with a typed error where every answer differs, and nothing of what differs is delivered', async () => {
    const other = () => ['one ', 'and only', END]
    const { ask, told } = setup({ first: [cut, other], second: [other] }, {}, { takesPrefill: () => false })
    const { text, error } = await ask()
    expect(text).toBe('one two ')
    expect(error).toMatchObject({ code: 'STREAM_INTERRUPTED', inStream: true })
    expect(told('recovery_diverged')).toMatchObject([{ resume: 'restart', characters: 4 }, { resume: 'restart' }])
    expect(told('recovery_failed')).toMatchObject([{ cause: 'exhausted' }])
    // Nobody is blamed for saying something else.
    expect(told('attempt_failed')).toHaveLength(1)
    expect(told('attempt_canceled')).toHaveLength(2)
  })

  it('leaves a model that differs by whatever name its chain has it', async () => {
    const other = () => ['something else', END]
    const { ask, asked } = setup(
      { first: [cut], second: [other] },
      {
        routes: { r: { primary: 'p/first', fallbacks: ['p/second@p:a', 'p/second'] } },
        recovery: { maxAttempts: 10 },
      },
      { takesPrefill: () => false },
    )
    expect((await ask()).error).toMatchObject({ code: 'STREAM_INTERRUPTED' })
    expect(asked.map(({ model }) => model).filter((model) => model === 'second')).toHaveLength(1)
  })

  it('gives no model a second prefill that one has done no good, by whatever name its chain has it', async () => {
    const blank = () => [' ', new Error('socket hang up')]
    const { ask, asked } = setup(
      {
        first: [() => ['one ', new Error('socket hang up')]],
        second: [({ prefill }) => (prefill === undefined ? blank() : ['\tfour', END])],
      },
      {
        routes: { r: { primary: 'p/first', fallbacks: ['p/second@p:a', 'p/second'] } },
        retry: { attempts: 3, minDelayMs: 1, maxDelayMs: 1 },
        recovery: { maxAttempts: 10 },
      },
    )
    expect((await ask()).error).toMatchObject({ code: 'STREAM_INTERRUPTED' })
    const ofSecond = asked.filter(({ model }) => model === 'second')
    expect(ofSecond.map(({ prefill }) => prefill).filter((prefill) => prefill !== undefined)).toEqual(['one'])
    expect(ofSecond.length).toBeGreaterThan(1)
  })

  it('is tried on the target that failed only after the others', async () => {
    const { ask, asked } = setup(
      { first: [cut, whole], second: [() => ['something else']] },
      {},
      { takesPrefill: () => false },
    )
    expect((await ask()).text).toBe(`${WHOLE.join('')}${END}`)
    expect(asked.map(({ model }) => model)).toEqual(['first', 'second', 'first'])
  })

  it('is tried first with another key of its model, which is likeliest to say the same', async () => {
    const keys: (string | undefined)[] = []
    const models = { first: [cut, whole], second: [() => ['something else']] }
    const profiles = [
      { id: 'p:a', apiKey: 'sk-a' },
      { id: 'p:b', apiKey: 'sk-b' },
    ]
    for (const options of [{}, { retry: { attempts: 1 } }, { routes: { r: { primary: 'p/first' } } }]) {
      const { ask, events } = setup(models, { profiles, ...options }, { takesPrefill: () => false })
      expect((await ask()).text).toBe(`${WHOLE.join('')}${END}`)
      for (const event of events) if (event.type === 'attempt_started') keys.push(event.target.profile)
    }
    expect(keys).toEqual(['p:a', 'p:b', 'p:a', 'p:b', 'p:a', 'p:b'])
  })

  it('is tried as often as its target may be', async () => {
    for (const attempts of [2, 3, 4]) {
      const { ask, asked } = setup(
        { first: [cut] },
        { routes: { r: { primary: 'p/first' } }, retry: { attempts } },
        { takesPrefill: () => false },
      )
      expect((await ask()).error).toMatchObject({ code: 'STREAM_INTERRUPTED' })
      expect(asked).toHaveLength(attempts)
    }
  })

  it('is asked without a prefill after any error that a target answers to one', async () => {
    const failing = ({ prefill }: Asked) => (prefill === undefined ? whole() : [answer(501, 'not implemented')])
    const { ask, asked } = setup({ first: [cut], second: [failing] })
    expect((await ask()).text).toBe(`${WHOLE.join('')}${END}`)
    expect(asked.filter(({ prefill }) => prefill !== undefined)).toHaveLength(1)
  })

  it('goes on with a sole target that recovers', async () => {
    const { ask } = setup(
      { first: [cut, whole] },
      { routes: { r: { primary: 'p/first' } } },
      { takesPrefill: () => false },
    )
    expect((await ask()).text).toBe(`${WHOLE.join('')}${END}`)
  })

  it('has a budget of its own', async () => {
    const { ask, asked } = setup(
      { first: [cut] },
      { routes: { r: { primary: 'p/first' } }, retry: { attempts: 50 }, recovery: { maxAttempts: 2 } },
      { takesPrefill: () => false },
    )
    const { error, text } = await ask()
    expect(error).toMatchObject({ code: 'STREAM_INTERRUPTED' })
    expect(text).toBe('one two ')
    expect(asked).toHaveLength(3)
  })

  it('that stalls is given up after the idle limit, and the silent target is not tried again', async () => {
    const { ask, asked } = setup(
      { first: [() => ['one ', STALL]], second: [faithful] },
      { timeouts: { idleMs: 3_000 } },
    )
    const { text, error } = await ask()
    expect(error).toBeUndefined()
    expect(text).toBe(`${WHOLE.join('')}${END}`)
    expect(asked.map(({ model }) => model)).toEqual(['first', 'second'])
  })

  it('that broke off behind its last word is complete where nothing comes behind that', async () => {
    const all = () => [...WHOLE, new Error('socket hang up')]
    const { ask } = setup({ first: [all], second: [() => []] })
    const { text, error } = await ask()
    expect(error).toBeUndefined()
    expect(text).toBe(WHOLE.join(''))
  })

  it('breaks off again while it repeats, and is gone on with once more', async () => {
    const { ask, asked } = setup(
      { first: [cut, whole], second: [() => ['one ', new Error('socket hang up')]] },
      {},
      { takesPrefill: () => false },
    )
    const { text, error } = await ask()
    expect(error).toBeUndefined()
    expect(text).toBe(`${WHOLE.join('')}${END}`)
    expect(asked).toHaveLength(3)
  })

  it('is not gone on with for a caller that has left, nor once one leaves', async () => {
    const { manager, clock, asked, told } = setup({ first: [cut], second: [() => [STALL]] })
    const stream = await manager.call({ model: 'r' })
    const reading = collect(stream)
    reading.catch(() => {})
    for (let step = 0; step < 10; step += 1) await clock.advance(1)
    expect(asked).toHaveLength(2)
    stream.cancel()
    await expect(reading).rejects.toMatchObject({ code: 'CANCELED' })
    await clock.advance(100_000)
    expect(asked).toHaveLength(2)
    expect(told('attempt_canceled')).toHaveLength(1)
    expect(told('request_canceled')).toHaveLength(1)
    expect(clock.pendingTimers).toBe(0)
  })

  it('ends once where its caller leaves on hearing of the break', async () => {
    const { manager, clock, asked, told } = setup({ first: [cut], second: [faithful] })
    const caller = new AbortController()
    manager.on('attempt_failed', () => caller.abort())
    const stream = await manager.call({ model: 'r' }, { signal: caller.signal })
    await expect(collect(stream)).rejects.toMatchObject({ code: 'CANCELED' })
    await clock.advance(100_000)
    expect(asked).toHaveLength(1)
    expect([told('attempt_failed'), told('attempt_canceled')].map(({ length }) => length)).toEqual([1, 0])
    expect(told('request_canceled')).toHaveLength(1)
  })

  it.each(['attempt_failed', 'recovery_started', 'recovery_failed'] as const)(
    'ends once where its caller leaves in the moment he is told of it (%s)',
    async (type) => {
      for (const way of ['signal', 'cancel'] as const) {
        const midStream = type === 'recovery_failed' ? 'off' : 'continue'
        const { manager, clock, asked, told } = setup({ first: [cut], second: [whole] }, { recovery: { midStream } })
        const controller = new AbortController()
        const stream = await manager.call({ model: 'r' }, { signal: controller.signal })
        manager.on(type, () => (way === 'cancel' ? stream.cancel() : controller.abort()))
        const reading = collect(stream)
        reading.catch(() => {})
        for (let step = 0; step < 10; step += 1) await clock.advance(100)
        await expect(reading).rejects.toMatchObject({
          code: type === 'recovery_failed' ? 'STREAM_INTERRUPTED' : 'CANCELED',
        })
        expect(asked).toHaveLength(1)
        expect([...told('attempt_failed'), ...told('attempt_canceled')]).toHaveLength(1)
        expect([...told('request_failed'), ...told('request_canceled')]).toHaveLength(1)
        expect(clock.pendingTimers).toBe(0)
      }
    },
  )

  it.each(['signal', 'cancel'] as const)(
    'ends for its reader as for all others where its caller leaves on hearing that it was saved (%s)',
    async (way) => {
      // All of it had been delivered, so that nothing new comes before its end.
      const { manager, clock, told } = setup(
        { first: [cut], second: [() => ['one ', 'two ']] },
        {},
        { takesPrefill: () => false },
      )
      const controller = new AbortController()
      const stream = await manager.call({ model: 'r' }, { signal: controller.signal })
      manager.on('recovery_succeeded', () => (way === 'cancel' ? stream.cancel() : controller.abort()))
      const reading = collect(stream)
      reading.catch(() => {})
      for (let step = 0; step < 10; step += 1) await clock.advance(100)
      await expect(reading).rejects.toMatchObject({ code: 'CANCELED' })
      await expect(stream.completed).rejects.toMatchObject({ code: 'CANCELED' })
      expect(told('request_canceled')).toHaveLength(1)
      expect(told('request_succeeded')).toHaveLength(0)
    },
  )

  it('asks for no prefill where the function that knows of them fails, and holds nothing for it', async () => {
    const { ask, asked, manager } = setup(
      { first: [cut], second: [whole] },
      {},
      {
        takesPrefill: () => {
          throw new Error('no idea')
        },
      },
    )
    expect((await ask()).text).toBe(`${WHOLE.join('')}${END}`)
    expect(asked.map(({ prefill }) => prefill)).toEqual([undefined, undefined])
    expect(manager.status().profiles.map(({ inFlight }) => inFlight)).toEqual([0])
  })

  it('stands under the deadline of its request', async () => {
    const { manager, clock } = setup({ first: [cut], second: [() => [STALL]] })
    const stream = await manager.call({ model: 'r' }, { deadlineMs: 2_000 })
    const reading = collect(stream)
    reading.catch(() => {})
    await clock.advance(3_000)
    await expect(reading).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    expect(clock.pendingTimers).toBe(0)
  })

  it('is not gone on with where its failure would be the same elsewhere', async () => {
    const { ask, asked, told } = setup({ first: [() => ['one ', answer(400, 'bad request')]], second: [whole] })
    expect((await ask()).error).toMatchObject({ code: 'STREAM_INTERRUPTED' })
    expect(asked).toHaveLength(1)
    expect(told('recovery_failed')).toMatchObject([{ cause: 'rejected' }])
  })

  it('goes on with a server that ignores the prefill and begins anew', async () => {
    const long = ['a first sentence that is long enough, ', 'a second one, ', 'and the end']
    const { ask } = setup({
      first: [() => [...long.slice(0, 2), new Error('socket hang up')]],
      second: [() => [...long, END]],
    })
    expect((await ask()).text).toBe(`${long.join('')}${END}`)
  })

  it('leaves no timer behind and tells each story once', async () => {
    const { ask, clock, manager, told } = setup({ first: [cut], second: [faithful] })
    await ask()
    expect(clock.pendingTimers).toBe(0)
    expect(told('failover')).toHaveLength(1)
    const [story] = manager.recentRequests()
    expect(story).toMatchObject({ outcome: 'succeeded', target: { model: 'second' } })
    expect(story?.events.map(({ type }) => type)).toEqual([
      'request_started',
      'attempt_started',
      'attempt_committed',
      'attempt_failed',
      'recovery_started',
      'failover',
      'attempt_started',
      'attempt_committed',
      'recovery_succeeded',
      'attempt_succeeded',
      'request_succeeded',
    ])
  })
})
