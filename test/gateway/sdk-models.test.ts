import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { CLIENT_KEY, GatewayWorld } from './gateway-world.ts'

/** Nobody listens there: the list is the gateway's own. */
const NOWHERE = 'http://127.0.0.1:1'

function startListed(gateway = {}): Promise<GatewayWorld> {
  return GatewayWorld.start({
    providers: {
      main: { baseUrl: NOWHERE },
      relay: { baseUrl: NOWHERE },
      claude: { dialect: 'anthropic', baseUrl: NOWHERE },
    },
    manager: {
      routes: {
        chat: { primary: 'main/gpt-x', fallbacks: ['relay/vendor/gpt-x:free'] },
        long: { primary: 'claude/claude-x', fallbacks: ['chat'] },
      },
      fallbacks: ['relay/last resort?'],
    },
    gateway,
  })
}

const ODD_ID = 'relay/last resort?'
const OPENAI_IDS = ['chat', 'long', 'main/gpt-x', 'relay/vendor/gpt-x:free', ODD_ID]

const idsOf = (models: readonly { id: string }[]): string[] => models.map(({ id }) => id).sort()

describe.concurrent('the list of models', () => {
  it('holds for the openai SDK what it can name', async () => {
    await using world = await startListed()
    const models = await Array.fromAsync(world.openai().models.list())
    expect(idsOf(models)).toEqual(idsOf(OPENAI_IDS.map((id) => ({ id }))))
    for (const model of models) expect(model).toMatchObject({ object: 'model', created: expect.any(Number) })
    expect(models.find(({ id }) => id === 'main/gpt-x')?.owned_by).toBe('main')
  })

  it('holds for the Anthropic SDK what it can name', async () => {
    await using world = await startListed()
    const models = await Array.fromAsync(world.anthropic().models.list())
    expect(idsOf(models)).toEqual(['claude/claude-x', 'long'])
    for (const model of models) expect(model).toMatchObject({ type: 'model', display_name: model.id })
  })

  it('gives each of its models alone, also where the id holds slashes and more', async () => {
    await using world = await startListed()
    for (const id of OPENAI_IDS) expect((await world.openai().models.retrieve(id)).id).toBe(id)
    expect((await world.anthropic().models.retrieve('claude/claude-x')).id).toBe('claude/claude-x')
    const plain = await fetch(`${world.gateway.url}/v1/models/relay/vendor/gpt-x:free`)
    expect(await plain.json()).toMatchObject({ id: 'relay/vendor/gpt-x:free', object: 'model' })
  })

  it('has a NotFoundError for what is not on it', async () => {
    await using world = await startListed()
    await expect(world.openai().models.retrieve('claude/claude-x')).rejects.toThrow(OpenAI.NotFoundError)
    await expect(world.anthropic().models.retrieve('main/gpt-x')).rejects.toThrow(Anthropic.NotFoundError)
  })

  it('is for known clients, and holds for each what it may use', async () => {
    await using world = await startListed({ clients: [{ name: 'app', key: CLIENT_KEY, routes: ['chat', 'long'] }] })
    expect(idsOf(await Array.fromAsync(world.openai().models.list()))).toEqual(['chat', 'long'])
    expect(idsOf(await Array.fromAsync(world.anthropic().models.list()))).toEqual(['long'])
    await expect(world.openai().models.retrieve('main/gpt-x')).rejects.toThrow(OpenAI.NotFoundError)
    const wrong = { apiKey: 'sk-wrong' }
    await expect(world.openai(wrong).models.list()).rejects.toThrow(OpenAI.AuthenticationError)
    await expect(world.anthropic(wrong).models.list()).rejects.toThrow(Anthropic.AuthenticationError)
  })
})

describe.concurrent('what is not served', () => {
  it('is a NotFoundError in the form of the SDK that asks', async () => {
    await using world = await startListed()
    const counting = world.anthropic().messages.countTokens({ model: 'long', messages: [] })
    await expect(counting).rejects.toThrow(Anthropic.NotFoundError)
    await expect(counting).rejects.toMatchObject({ type: 'not_found_error', errorCode: 'not_served' })
    const embedding = world.openai().embeddings.create({ model: 'chat', input: 'x' })
    await expect(embedding).rejects.toThrow(OpenAI.NotFoundError)
    await expect(embedding).rejects.toMatchObject({ code: 'not_served' })
  })
})
