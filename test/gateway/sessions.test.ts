import { expect, it } from 'vitest'
import { startFaultProvider } from '../../src/testing/index.ts'
import { GatewayWorld } from './gateway-world.ts'
import { bodyFor } from './raw-client.ts'

it('requests of one x-hotspare-session keep to one key, and sessions spread over the keys', async () => {
  await using provider = await startFaultProvider()
  await using world = await GatewayWorld.start({
    providers: {
      openai: { baseUrl: provider.url, keys: ['sk-session-key-1', 'sk-session-key-2', 'sk-session-key-3'] },
    },
  })
  const targetOf = async (session: string): Promise<string | null> => {
    const answer = await fetch(`${world.gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-hotspare-session': session },
      body: bodyFor('openai/m'),
    })
    await answer.body?.cancel()
    return answer.headers.get('x-hotspare-target')
  }
  const targets = new Set<string | null>()
  for (let session = 0; session < 20; session += 1) {
    const [first, ...others] = [
      await targetOf(`s-${session}`),
      await targetOf(`s-${session}`),
      await targetOf(`s-${session}`),
    ]
    expect(others).toEqual([first, first])
    targets.add(first ?? null)
  }
  expect([...targets].sort()).toEqual(['openai/m@openai:1', 'openai/m@openai:2', 'openai/m@openai:3'])
  // No header of ours reaches a provider.
  expect(
    provider.attempts.some(({ headers }) => Object.keys(headers).some((name) => name.startsWith('x-hotspare'))),
  ).toBe(false)
})
