import { describe, expect, it } from 'vitest'
import { faults, startFaultProvider } from '../../src/testing/index.ts'
import { GatewayWorld } from './gateway-world.ts'
import { bodyFor, DIALECTS } from './raw-client.ts'

describe.each(DIALECTS)('with health.probe, a provider of the dialect $dialect that was down', ({ dialect, path }) => {
  it('is asked by the gateway itself, and serves again without any client having tried it', async () => {
    await using first = await startFaultProvider()
    await using second = await startFaultProvider()
    await using world = await GatewayWorld.start({
      providers: { first: { dialect, baseUrl: first.url }, second: { dialect, baseUrl: second.url } },
      manager: {
        fallbacks: ['second/m'],
        retry: { attempts: 1 },
        cooldown: { breaker: { minMs: 300, maxMs: 300 } },
        health: { probe: { enabled: true, everyMs: 100 } },
      },
    })
    const ask = async (): Promise<string | null> => {
      const answer = await fetch(`${world.gateway.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: bodyFor('first/m'),
      })
      await answer.text()
      return answer.headers.get('x-hotspare-target')
    }
    const isBack = new Promise<void>((resolve) => {
      world.manager.on('probe_succeeded', () => resolve())
    })
    const heal = first.set({ fault: faults.unavailable() })
    let tries = 0
    while (first.attempts.length === tries) {
      tries += 1
      expect(await ask()).toBe('second/m@second:1')
    }
    heal()
    await isBack
    expect(first.attempts.at(-1)).toMatchObject({ status: 200, model: 'm', body: { model: 'm', max_tokens: 1 } })
    expect(await ask()).toBe('first/m@first:1')
  })
})
