import { randomBytes } from 'node:crypto'
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema'
import type { ContentBlock, MessageParam, Tool } from '@anthropic-ai/sdk/resources/messages'
import { describe, expect, it } from 'vitest'
import { DEFAULT_ANSWER, type FaultRequest } from '../../src/testing/index.ts'
import { bodySentTo, GatewayWorld, startRecorder, startWithSoleProvider } from './gateway-world.ts'

const ASK = {
  model: 'main/claude-x',
  max_tokens: 1_000,
  messages: [{ role: 'user', content: 'Go on.' }] satisfies MessageParam[],
}
const TOOLS: Tool[] = [{ name: 'weather', input_schema: { type: 'object', properties: { city: { type: 'string' } } } }]
const CALLS = [
  { name: 'weather', arguments: { city: 'Zürich', note: 'a "quoted"\nline 🎉' } },
  { name: 'weather', arguments: { city: '東京' } },
]

const textOf = ({ content }: { content: readonly { type: string }[] }): string =>
  content.map((block) => ('text' in block ? block.text : '')).join('')

const WEATHER = betaTool({
  name: 'weather',
  description: 'The weather of a place.',
  inputSchema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  run: ({ city }) => `fair in ${city}`,
})
const RESULTS = ['Zürich', '東京'].map((city) => ({ type: 'tool_result', content: `fair in ${city}` }))

const fairAfterTools = ({ body }: FaultRequest) =>
  JSON.stringify(body).includes('"tool_result"') ? 'Fair.' : { toolCalls: CALLS }

describe.concurrent('the Anthropic SDK', () => {
  it('gets a whole message', async () => {
    await using chat = await startWithSoleProvider({}, 'anthropic')
    const message = await chat.world.anthropic().messages.create(ASK)
    expect(message).toMatchObject({ type: 'message', model: 'claude-x', stop_reason: 'end_turn' })
    expect(textOf(message)).toBe(DEFAULT_ANSWER)
    expect(message.usage.output_tokens).toBe(60)
    expect(chat.provider.attempts).toMatchObject([{ path: '/v1/messages', model: 'claude-x', status: 200 }])
  })

  it('gets a streamed message event by event', async () => {
    await using chat = await startWithSoleProvider({}, 'anthropic')
    const events = await Array.fromAsync(await chat.world.anthropic().messages.create({ ...ASK, stream: true }))
    const words = events.flatMap((event) =>
      event.type === 'content_block_delta' && event.delta.type === 'text_delta' ? event.delta.text : [],
    )
    expect(words).toHaveLength(60)
    expect(words.join('')).toBe(DEFAULT_ANSWER)
    expect(events[0]?.type).toBe('message_start')
    expect(events.at(-1)?.type).toBe('message_stop')
  })

  it('puts a streamed message together with its own helper, thinking included', async () => {
    await using chat = await startWithSoleProvider({ answer: { reasoning: 'Let me see. ', text: 'Yes.' } }, 'anthropic')
    const whole = await chat.world.anthropic().messages.create(ASK)
    const streamed = await chat.world.anthropic().messages.stream(ASK).finalMessage()
    for (const { content } of [whole, streamed])
      expect(content).toMatchObject([
        { type: 'thinking', thinking: 'Let me see. ', signature: expect.stringMatching(/./) },
        { type: 'text', text: 'Yes.' },
      ])
  })

  it('gets tool calls, several at once, whole and streamed', async () => {
    await using chat = await startWithSoleProvider({ answer: { text: 'Let me look.', toolCalls: CALLS } }, 'anthropic')
    const whole = await chat.world.anthropic().messages.create({ ...ASK, tools: TOOLS })
    const streamed = await chat.world
      .anthropic()
      .messages.stream({ ...ASK, tools: TOOLS })
      .finalMessage()
    for (const { content, stop_reason } of [whole, streamed]) {
      expect(stop_reason).toBe('tool_use')
      expect(content).toMatchObject([
        { type: 'text', text: 'Let me look.' },
        ...CALLS.map(({ name, arguments: input }) => ({ type: 'tool_use', name, input })),
      ])
      expect(new Set(content.map((block) => 'id' in block && block.id)).size).toBe(3)
    }
    expect(bodySentTo(chat.provider)).toMatchObject({ tools: TOOLS })
  })

  it.for([true, false])('runs tools in a loop until there is an answer (streamed: %s)', async (stream) => {
    await using chat = await startWithSoleProvider({ answer: fairAfterTools }, 'anthropic')
    const runner = chat.world.anthropic().beta.messages.toolRunner({ ...ASK, tools: [WEATHER], stream, thread: false })
    expect(textOf(await runner)).toBe('Fair.')
    expect(bodySentTo(chat.provider, 1).messages).toMatchObject([
      { role: 'user' },
      { role: 'assistant' },
      { role: 'user', content: RESULTS },
    ])
  })

  it('goes on with a thread by the id its provider gave it', async () => {
    await using chat = await startWithSoleProvider({ answer: fairAfterTools }, 'anthropic')
    const runner = chat.world.anthropic().beta.messages.toolRunner({ ...ASK, tools: [WEATHER] })
    const ids = (await Array.fromAsync(runner)).map(({ id }) => id)
    expect(ids).toHaveLength(2)
    expect(bodySentTo(chat.provider)).toMatchObject({ thread: { type: 'create' } })
    expect(bodySentTo(chat.provider, 1)).toMatchObject({
      thread: { type: 'continue', previous_message_id: ids[0] },
      messages: [{ role: 'user', content: RESULTS }],
    })
  })

  it.for([
    [400, 'create', { error_code: 'thread_unsupported_request', unsupported: ['thread'] }],
    [404, 'continue', { error_code: 'thread_not_found' }],
  ] as const)('recovers from a provider that answers %i to a thread (%s)', async ([status, type, details]) => {
    const error = { type: status === 404 ? 'not_found_error' : 'invalid_request_error', message: 'No thread.', details }
    const body = JSON.stringify({ type: 'error', error, request_id: 'req_1' })
    await using chat = await startWithSoleProvider({ answer: fairAfterTools }, 'anthropic')
    chat.provider.set({
      when: ({ body }) => JSON.stringify(body).includes(`"thread":{"type":"${type}"`),
      fault: { status, body, headers: { 'content-type': 'application/json' } },
    })
    const runner = chat.world.anthropic().beta.messages.toolRunner({ ...ASK, tools: [WEATHER] })
    expect(textOf(await runner)).toBe('Fair.')
  })

  it('sends images that arrive as they are', async () => {
    await using chat = await startWithSoleProvider({}, 'anthropic')
    const data = randomBytes(300_000).toString('base64')
    const messages: MessageParam[] = [
      {
        role: 'user',
        content: [
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data } },
          { type: 'text', text: 'What is this?' },
        ],
      },
    ]
    await chat.world.anthropic().messages.create({ ...ASK, messages })
    expect(bodySentTo(chat.provider).messages).toStrictEqual(messages)
  })

  it('sends fields, headers and a query that the gateway does not know, and gets fields it does not know', async () => {
    const content: ContentBlock[] = [{ type: 'text', text: 'a', citations: null }]
    const answer = { id: 'x', type: 'message', role: 'assistant', content, stop_reason: 'end_turn', x_novelty: [null] }
    await using provider = await startRecorder(() => ({
      headers: { 'content-type': 'application/json', 'x-novelty': 'kept' },
      body: JSON.stringify(answer),
    }))
    await using world = await GatewayWorld.start({
      providers: { main: { dialect: 'anthropic', baseUrl: provider.url } },
    })
    const unknown = { context_management: { edits: [] }, x_novelty: { tools: [{ type: 'namespace' }] } }
    const { data, response } = await world
      .anthropic()
      .messages.create({ ...ASK, ...unknown }, { query: { beta: 'true' }, headers: { 'x-novelty': 'sent' } })
      .withResponse()
    expect(data).toMatchObject(answer)
    expect(response.headers.get('x-novelty')).toBe('kept')
    const [request] = provider.requests
    expect(request?.path).toBe('/v1/messages?beta=true')
    expect(JSON.parse(`${request?.body}`)).toEqual({ ...ASK, model: 'claude-x', ...unknown })
    expect(request?.headers).toMatchObject({ 'x-novelty': 'sent', 'x-stainless-lang': 'js' })
  })

  it('sends every beta flag, one that is named twice included', async () => {
    await using chat = await startWithSoleProvider({}, 'anthropic')
    const betas = ['flag-1', 'flag-2', 'flag-1']
    const message = await chat.world.anthropic().beta.messages.create({ ...ASK, betas })
    expect(textOf(message)).toBe(DEFAULT_ANSWER)
    expect(chat.provider.attempts[0]?.headers).toMatchObject({
      'anthropic-beta': 'flag-1,flag-2,flag-1',
      'anthropic-version': '2026-10-21',
    })
  })
})
