import type Anthropic from '@anthropic-ai/sdk'
import type OpenAI from 'openai'

/** A program that asks a model: all it knows of hotspare is the base URL. */
export interface Client {
  readonly name: string
  ask(text: string, isStreaming: boolean): Promise<string>
}

/** The official SDKs are not installed; they are no part of this package. */
export class MissingClients extends Error {
  override readonly name = 'MissingClients'

  constructor() {
    super('the demo asks with the official SDKs, which are not installed: npm install openai @anthropic-ai/sdk')
  }
}

/**
 * The official SDKs, with hotspare as their base URL. They ask once: whatever goes wrong is hotspare's to mend.
 *
 * @throws MissingClients
 */
export async function officialClients(url: string): Promise<readonly [openai: Client, anthropic: Client]> {
  const [{ OpenAI }, { Anthropic }] = await Promise.all([import('openai'), import('@anthropic-ai/sdk')]).catch(() => {
    throw new MissingClients()
  })
  return [
    openaiClient(new OpenAI({ baseURL: `${url}/v1`, apiKey: 'not-needed', maxRetries: 0 })),
    anthropicClient(new Anthropic({ baseURL: url, apiKey: 'not-needed', maxRetries: 0 })),
  ]
}

function openaiClient(client: OpenAI): Client {
  return {
    name: 'openai',
    async ask(content, isStreaming) {
      const request = { model: 'smart', messages: [{ role: 'user' as const, content }] }
      if (!isStreaming) return (await client.chat.completions.create(request)).choices[0]?.message.content ?? ''
      let text = ''
      const stream = await client.chat.completions.create({ ...request, stream: true })
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
      return text
    },
  }
}

function anthropicClient(client: Anthropic): Client {
  return {
    name: '@anthropic-ai/sdk',
    async ask(content, isStreaming) {
      const request = { model: 'careful', max_tokens: 200, messages: [{ role: 'user' as const, content }] }
      const message = isStreaming
        ? await client.messages.stream(request).finalMessage()
        : await client.messages.create(request)
      return message.content.map((block) => (block.type === 'text' ? block.text : '')).join('')
    },
  }
}
