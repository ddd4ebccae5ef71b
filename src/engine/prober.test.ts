import { describe, expect, it } from 'vitest'
import { answer, collect, scriptedProvider } from '../../test/support/scripted-provider.ts'
import { type FailoverEvent, FailoverManager, type FailoverOptions } from '../index.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import type { AttemptContext } from './provider.ts'

/** A provider that is down from `from` to `until` (milliseconds from the start), and a fallback that never is. */
function setup(from: number, until: number, options: FailoverOptions<{ model: string }, string> = {}) {
  const clock = new VirtualClock()
  const startedAt = clock.now()
  const requests: number[] = []
  const probes: number[] = []
  const ask = (): void => {
    const at = clock.now() - startedAt
    if (at >= from && at < until) throw answer(503)
  }
  const primary = scriptedProvider('openai', async () => {
    requests.push(clock.now() - startedAt)
    await clock.sleep(100)
    ask()
    return ['primary']
  })
  const probe = async (_: AttemptContext): Promise<void> => {
    probes.push(clock.now() - startedAt)
    await clock.sleep(100)
    ask()
  }
  const manager = new FailoverManager<{ model: string }, string>({
    clock,
    random: () => 0.5,
    profiles: [{ id: 'openai:a', apiKey: 'sk-a-0000000000001' }],
    fallbacks: ['other/m'],
    registry: { openai: { ...primary, probe }, other: scriptedProvider('other', () => ['fallback']) },
    health: { probe: { enabled: true, everyMs: 2_000 } },
    ...options,
  })
  const events: FailoverEvent[] = []
  manager.on('*', (event) => events.push(event))
  const every = async (ms: number, forMs: number): Promise<string[]> => {
    const answers: string[] = []
    for (let at = 0; at < forMs; at += ms) {
      const asked = manager.call({ model: 'openai/m' }).then(collect)
      asked.then(([text = '']) => answers.push(text))
      await clock.advance(ms)
    }
    return answers
  }
  return { clock, manager, requests, probes, events, every }
}

describe('health.probe', () => {
  it('brings a target back within five seconds of its recovery, and spares requests the trials', async () => {
    const { requests, probes, every } = setup(0, 60_000)
    const answers = await every(4_000, 80_000)
    expect(answers).toHaveLength(20)
    expect(requests.filter((at) => at < 60_000).length).toBeLessThanOrEqual(6)
    const first = answers.lastIndexOf('fallback') + 1
    expect(first * 4_000).toBeLessThanOrEqual(65_000)
    expect(probes.length).toBeGreaterThan(5)
  })

  it('makes no request where nothing is out, and leaves no timer behind', async () => {
    const { probes, clock, every } = setup(0, 10_000)
    await every(1_000, 20_000)
    const made = probes.length
    await every(1_000, 60_000)
    expect(probes).toHaveLength(made)
    expect(clock.pendingTimers).toBe(0)
  })

  it('tells how each of them ended, and counts it as the trial of what it finds out about', async () => {
    const { events, every, manager } = setup(0, 9_000)
    await every(1_000, 15_000)
    const kinds = events.flatMap(({ type }) => (type.startsWith('probe_') ? [type] : []))
    expect(kinds.slice(0, 2)).toEqual(['probe_started', 'probe_failed'])
    expect(kinds.at(-1)).toBe('probe_succeeded')
    expect(events.find(({ type }) => type === 'cooldown_ended')).toMatchObject({ by: 'success', kind: 'breaker' })
    expect(manager.status().outages).toEqual([])
    expect(manager.status().profiles.map(({ inFlight }) => inFlight)).toEqual([0])
  })

  it('is off by default, and asks less often for what stays away', async () => {
    const off = setup(0, 60_000, { health: {} })
    await off.every(4_000, 20_000)
    expect(off.probes).toEqual([])
    const away = setup(0, 3_600_000)
    await away.every(1_000, 4_000)
    await away.clock.advance(3_596_000)
    expect(away.probes.filter((at) => at < 300_000).length).toBeGreaterThan(100)
    expect(away.probes.filter((at) => at > 1_800_000).length).toBeLessThanOrEqual(181)
  })

  it('asks a model that refuses the probe itself as proof of life', async () => {
    const { manager, clock, every } = setup(0, 0)
    const primary = manager.registry.get('openai')
    if (primary.state !== 'registered') throw new Error('not registered')
    let isDown = true
    manager.registry.register('openai', {
      ...primary.provider,
      stream: async () => {
        throw answer(503)
      },
      probe: async () => {
        if (isDown) throw answer(503)
        throw Object.assign(new Error('bad'), {
          status: 400,
          body: { error: { type: 'invalid_request_error', message: 'max_tokens is not supported' } },
        })
      },
    })
    await every(500, 3_000)
    expect(manager.status().outages).not.toEqual([])
    isDown = false
    await clock.advance(20_000)
    expect(manager.status().outages).toEqual([])
  })
})
