import { randomBytes } from 'node:crypto'
import type { ChatCompletionMessageParam, ChatCompletionTool } from 'openai/resources/chat/completions'
import { describe, expect, it } from 'vitest'
import { DEFAULT_ANSWER } from '../../src/testing/index.ts'
import { bodySentTo, GatewayWorld, startRecorder, startWithSoleProvider } from './gateway-world.ts'

const ASK = {
  model: 'main/gpt-x',
  messages: [{ role: 'user', content: 'Go on.' }] satisfies ChatCompletionMessageParam[],
}
const TOOLS: ChatCompletionTool[] = [
  { type: 'function', function: { name: 'weather', parameters: { type: 'object', properties: {} } } },
]
const CALLS = [
  { name: 'weather', arguments: { city: 'Zürich', note: 'a "quoted"\nline 🎉' } },
  { name: 'weather', arguments: { city: '東京' } },
]

describe.concurrent('the openai SDK', () => {
  it('gets a whole answer', async () => {
    await using chat = await startWithSoleProvider()
    const completion = await chat.world.openai().chat.completions.create(ASK)
    expect(completion).toMatchObject({ object: 'chat.completion', model: 'gpt-x', usage: { completion_tokens: 60 } })
    expect(completion.choices[0]).toMatchObject({ message: { content: DEFAULT_ANSWER }, finish_reason: 'stop' })
    expect(chat.provider.attempts).toMatchObject([{ path: '/v1/chat/completions', model: 'gpt-x', status: 200 }])
  })

  it('gets a streamed answer word by word, with its usage', async () => {
    await using chat = await startWithSoleProvider()
    const stream = await chat.world.openai().chat.completions.create({
      ...ASK,
      stream: true,
      stream_options: { include_usage: true },
    })
    const chunks = await Array.fromAsync(stream)
    const words = chunks.flatMap(({ choices }) => choices[0]?.delta.content || [])
    expect(words).toHaveLength(60)
    expect(words.join('')).toBe(DEFAULT_ANSWER)
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('stop')
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 60 } })
  })

  it('puts a streamed answer together with its own helper', async () => {
    await using chat = await startWithSoleProvider()
    const completion = await chat.world.openai().chat.completions.stream(ASK).finalChatCompletion()
    expect(completion.choices[0]).toMatchObject({ message: { content: DEFAULT_ANSWER }, finish_reason: 'stop' })
  })

  it('gets tool calls, several at once, whole and streamed', async () => {
    await using chat = await startWithSoleProvider({ answer: { text: 'Let me look. ', toolCalls: CALLS } })
    const whole = await chat.world.openai().chat.completions.create({ ...ASK, tools: TOOLS })
    const streamed = await chat.world
      .openai()
      .chat.completions.stream({ ...ASK, tools: TOOLS })
      .finalChatCompletion()
    for (const { choices } of [whole, streamed]) {
      const { message, finish_reason } = choices[0] ?? {}
      expect(finish_reason).toBe('tool_calls')
      expect(message?.content).toBe('Let me look. ')
      const calls = message?.tool_calls?.map((call) => (call.type === 'function' ? call.function : undefined)) ?? []
      expect(calls.map((call) => call?.name)).toEqual(['weather', 'weather'])
      expect(calls.map((call) => JSON.parse(call?.arguments ?? ''))).toEqual(CALLS.map((call) => call.arguments))
      expect(new Set(message?.tool_calls?.map(({ id }) => id)).size).toBe(2)
    }
    expect(bodySentTo(chat.provider)).toMatchObject({ tools: TOOLS })
  })

  it('gets tool calls whose pieces arrive interleaved', async () => {
    const piece = (...tool_calls: object[]) => ({ choices: [{ index: 0, delta: { tool_calls }, finish_reason: null }] })
    const chunks = [
      { choices: [{ index: 0, delta: { role: 'assistant', content: null }, finish_reason: null }] },
      piece({ index: 0, id: 'call_a', type: 'function', function: { name: 'f', arguments: '' } }),
      piece({ index: 1, id: 'call_b', type: 'function', function: { name: 'g', arguments: '' } }),
      piece({ index: 0, function: { arguments: '{"a"' } }, { index: 1, function: { arguments: '{"b":' } }),
      piece({ index: 1, function: { arguments: '2}' } }, { index: 0, function: { arguments: ':1}' } }),
      { choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] },
    ].map((chunk) => Buffer.from(`data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', ...chunk })}\n\n`))
    await using provider = await startRecorder(() => ({
      headers: { 'content-type': 'text/event-stream' },
      body: [...chunks, Buffer.from('data: [DONE]\n\n')],
    }))
    await using world = await GatewayWorld.start({ providers: { main: { baseUrl: provider.url } } })
    const { choices } = await world.openai().chat.completions.stream(ASK).finalChatCompletion()
    expect(choices[0]?.message.tool_calls).toMatchObject([
      { id: 'call_a', function: { name: 'f', arguments: '{"a":1}' } },
      { id: 'call_b', function: { name: 'g', arguments: '{"b":2}' } },
    ])
  })

  it.for([true, false])('runs tools in a loop until there is an answer (streamed: %s)', async (stream) => {
    await using chat = await startWithSoleProvider({
      answer: ({ body }) => (JSON.stringify(body).includes('"role":"tool"') ? 'Fair.' : { toolCalls: CALLS }),
    })
    const cities: string[] = []
    const weather = {
      name: 'weather',
      description: 'The weather of a place.',
      parameters: { type: 'object', properties: { city: { type: 'string' } } },
      parse: JSON.parse,
      function: ({ city }: { city: string }) => {
        cities.push(city)
        return `fair in ${city}`
      },
    } as const
    const body = { ...ASK, tools: [{ type: 'function' as const, function: weather }] }
    const runner = stream
      ? chat.world.openai().chat.completions.runTools({ ...body, stream })
      : chat.world.openai().chat.completions.runTools(body)
    expect(await runner.finalContent()).toBe('Fair.')
    expect(cities).toEqual(['Zürich', '東京'])
    expect(bodySentTo(chat.provider, 1).messages).toMatchObject([
      { role: 'user' },
      { role: 'assistant' },
      { role: 'tool', content: 'fair in Zürich' },
      { role: 'tool', content: 'fair in 東京' },
    ])
  })

  it('sends images that arrive as they are', async () => {
    await using chat = await startWithSoleProvider()
    const url = `data:image/png;base64,${randomBytes(300_000).toString('base64')}`
    const messages: ChatCompletionMessageParam[] = [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is this?' },
          { type: 'image_url', image_url: { url, detail: 'low' } },
        ],
      },
    ]
    await chat.world.openai().chat.completions.create({ ...ASK, messages })
    expect(bodySentTo(chat.provider).messages).toStrictEqual(messages)
  })

  it('sends fields and headers that the gateway does not know, and gets fields it does not know', async () => {
    const answer = {
      id: 'x',
      choices: [{ index: 0, message: { role: 'assistant', content: 'a', novelty: [1] }, finish_reason: 'stop' }],
      x_novelty: { depth: { list: [null, '\u2028'] } },
    }
    await using provider = await startRecorder(() => ({
      headers: { 'content-type': 'application/json', 'x-novelty': 'kept' },
      body: JSON.stringify(answer),
    }))
    await using world = await GatewayWorld.start({ providers: { main: { baseUrl: provider.url } } })
    const unknown = { store: false, prompt_cache_key: 'k', x_novelty: { tools: [{ type: 'namespace' }] } }
    const { data, response } = await world
      .openai({ defaultHeaders: { 'x-novelty': 'sent', traceparent: '00-1-2-01' } })
      .chat.completions.create({ ...ASK, ...unknown })
      .withResponse()
    expect(data).toEqual(answer)
    expect(response.headers.get('x-novelty')).toBe('kept')
    const [request] = provider.requests
    expect(JSON.parse(`${request?.body}`)).toEqual({ ...ASK, model: 'gpt-x', ...unknown })
    expect(request?.headers).toMatchObject({ 'x-novelty': 'sent', traceparent: '00-1-2-01', 'x-stainless-lang': 'js' })
  })
})
