import { describe, expect, it } from 'vitest'
import { collect } from '../../test/support/scripted-provider.ts'
import { FailoverManager, type FailoverOptions, type Provider } from '../index.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'

type Ask = { readonly model: string }

/** Each model gives its pieces at a pace, milliseconds; an error at its place. */
function setup(
  models: Readonly<Record<string, { readonly everyMs: number; readonly pieces: readonly (string | Error)[] }>>,
  options: Partial<FailoverOptions<Ask, string>>,
) {
  const clock = new VirtualClock()
  const asked: string[] = []
  const provider: Provider<Ask, string> = {
    name: 'p',
    async stream({ model }, { signal }) {
      asked.push(model)
      const { everyMs, pieces } = models[model] ?? { everyMs: 0, pieces: [] }
      return (async function* () {
        for (const piece of pieces) {
          if (everyMs > 0) await clock.sleep(everyMs, signal)
          if (piece instanceof Error) throw piece
          yield piece
        }
      })()
    },
    recovery: {
      textOf: (event) => event,
      isTerminal: () => false,
      withPrefill: (request) => request,
      withoutPrefix: (event, characters) => event.slice(characters) || undefined,
    },
  }
  const manager = new FailoverManager<Ask, string>({
    clock,
    registry: { p: provider },
    profiles: [{ id: 'p:a' }],
    routes: { r: { primary: 'p/first', fallbacks: ['p/second'] } },
    recovery: { midStream: 'off' },
    ...options,
  })
  const ask = async () => {
    const startedAt = clock.now()
    let committedAt: number | undefined
    const answer = (async () => {
      const stream = await manager.call({ model: 'r' })
      committedAt = clock.now() - startedAt
      return { text: (await collect(stream)).join(''), attempts: stream.attempts }
    })()
    answer.catch(() => {})
    for (let step = 0; step < 300; step += 1) await clock.advance(100)
    return { ...(await answer), committedAt }
  }
  return { ask, asked, clock }
}

const words = Array.from({ length: 30 }, (_, index) => `word-${index} `)

describe('a stream before its commit', () => {
  it('that is slower than the floor is left for the next target, and the failure names the limit (H07)', async () => {
    const { ask, asked, clock } = setup(
      { first: { everyMs: 1_000, pieces: words }, second: { everyMs: 10, pieces: words } },
      { timeouts: { minCharactersPerSecond: 20 } },
    )
    const { text, attempts } = await ask()
    expect(text).toBe(words.join(''))
    expect(asked).toEqual(['first', 'second'])
    expect(attempts).toMatchObject([
      { reason: 'timeout', ruleId: 'local.throughput_timeout' },
      { outcome: 'succeeded' },
    ])
    expect(clock.pendingTimers).toBe(0)
  })

  it('is not measured where no floor is set', async () => {
    const { ask, asked } = setup({ first: { everyMs: 500, pieces: words } }, {})
    expect((await ask()).text).toBe(words.join(''))
    expect(asked).toEqual(['first'])
  })

  it('that breaks while it is held back is failed over unseen', async () => {
    const { ask, asked } = setup(
      {
        first: { everyMs: 100, pieces: ['wrong ', 'words ', new Error('socket hang up')] },
        second: { everyMs: 10, pieces: words },
      },
      { stream: { holdBackMs: 500 } },
    )
    expect((await ask()).text).toBe(words.join(''))
    expect(asked.at(-1)).toBe('second')
  })

  it('that is held back loses nothing, and is given out when its time is over, between two events as well', async () => {
    const { ask } = setup({ first: { everyMs: 400, pieces: words } }, { stream: { holdBackMs: 1_000 } })
    const { text, committedAt } = await ask()
    expect(text).toBe(words.join(''))
    expect(committedAt).toBe(1_400)
  })

  it('that is short enough is given out at its end', async () => {
    const { ask } = setup({ first: { everyMs: 10, pieces: ['yes'] } }, { stream: { holdBackMs: 5_000 } })
    const { text, committedAt } = await ask()
    expect(text).toBe('yes')
    expect(committedAt).toBeLessThan(5_000)
  })

  it('that stalls while it is held back stands under the idle limit, not under that for its first content', async () => {
    const { ask, asked } = setup(
      { first: { everyMs: 4_000, pieces: ['one ', 'two'] }, second: { everyMs: 1, pieces: ['other'] } },
      { stream: { holdBackMs: 60_000 }, timeouts: { firstContentMs: 100_000, idleMs: 3_000 } },
    )
    const { text, attempts } = await ask()
    expect(text).toBe('other')
    expect(asked).toEqual(['first', 'second'])
    expect(attempts[0]).toMatchObject({ reason: 'timeout', ruleId: 'local.idle_timeout' })
  })
})
