import { expect, it } from 'vitest'
import { GatewayWorld, startRecorder } from './gateway-world.ts'

const KEYS = ['sk-key-1', 'sk-key-2', 'sk-key-3']

/** The last part of `x-hotspare-target`. */
function profileIn(response: Response): string | undefined {
  return response.headers.get('x-hotspare-target')?.split('@')[1]
}

it('a key that has no request left comes last until it has some again', async () => {
  const left = new Map(KEYS.map((key) => [key, 5]))
  await using provider = await startRecorder(({ headers }) => {
    const key = `${headers.authorization}`.replace('Bearer ', '')
    const remaining = Math.max(0, (left.get(key) ?? 0) - 1)
    left.set(key, remaining)
    return {
      headers: {
        'content-type': 'application/json',
        'x-ratelimit-limit-requests': '5',
        'x-ratelimit-remaining-requests': `${remaining}`,
        'x-ratelimit-reset-requests': '12s',
      },
      body: JSON.stringify({
        id: 'x',
        choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
      }),
    }
  })
  await using world = await GatewayWorld.start({ providers: { openai: { baseUrl: provider.url, keys: KEYS } } })
  const profiles: (string | undefined)[] = []
  for (let request = 0; request < 10; request += 1) {
    const messages = [{ role: 'user' as const, content: 'Hi' }]
    const asked = world.openai().chat.completions.create({ model: 'openai/m', messages })
    profiles.push(profileIn((await asked.withResponse()).response))
  }
  expect(profiles).toEqual([...Array(5).fill('openai:1'), ...Array(5).fill('openai:2')])
})
