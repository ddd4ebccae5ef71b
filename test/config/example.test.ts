import { describe, expect, it } from 'vitest'
import { createManager, loadConfiguration } from '../../src/config/index.ts'
import { httpProviders, textOf } from '../../src/http/index.ts'
import { DEFAULT_ANSWER, faults, startFaultProvider } from '../../src/testing/index.ts'
import { ROOT_PATH } from '../docs/pages.ts'

function load(environment: Readonly<Record<string, string>>) {
  const loaded = loadConfiguration({ path: 'examples/hotspare.yaml', environment, directory: ROOT_PATH })
  if (loaded.state === 'invalid') throw new Error(loaded.mistakes.map(({ message }) => message).join('\n'))
  return loaded.setup
}

describe('examples/hotspare.yaml', () => {
  it('is valid in an empty environment, with everything that lacks a key disabled', () => {
    expect(load({}).disabled).toEqual([
      { id: 'openai:primary', reason: 'OPENAI_API_KEY is not set' },
      { id: 'openai:backup', reason: 'OPENAI_API_KEY_2 is not set' },
      { id: 'openrouter:primary', reason: 'OPENROUTER_API_KEY is not set' },
      { id: 'anthropic:primary', reason: 'ANTHROPIC_API_KEY is not set' },
    ])
  })

  it('makes a manager that answers, and fails over', async () => {
    await using provider = await startFaultProvider({
      keys: { 'sk-one': faults.revokedKey() },
      requireKey: ['sk-one', 'sk-two', 'sk-ant'],
    })
    const setup = load({
      HOTSPARE_PORT: '0',
      HOTSPARE_OPENAI_URL: `${provider.url}/v1`,
      HOTSPARE_ANTHROPIC_URL: provider.url,
      OPENAI_API_KEY: 'sk-one',
      OPENAI_API_KEY_2: 'sk-two',
      ANTHROPIC_API_KEY: 'sk-ant',
    })
    expect(setup.server.port).toBe(0)
    await using registry = httpProviders(setup.http)
    const manager = createManager(setup, registry)
    for (const [model, target] of [
      ['smart', { provider: 'openai', model: 'gpt-5', profile: 'openai:backup' }],
      ['careful', { provider: 'anthropic', model: 'claude-sonnet-4-5', profile: 'anthropic:primary' }],
    ] as const) {
      const messages = [{ role: 'user', content: 'Hello' }]
      const stream = await manager.call({ model, stream: true, max_tokens: 500, messages })
      let text = ''
      for await (const event of stream) text += textOf(event)
      expect(text).toBe(DEFAULT_ANSWER)
      expect(stream.target).toMatchObject(target)
    }
  })
})
