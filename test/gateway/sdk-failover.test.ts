import type Anthropic from '@anthropic-ai/sdk'
import type OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { DEFAULT_ANSWER, type FaultProviderOptions, faults, startFaultProvider } from '../../src/testing/index.ts'
import { bodySentTo, GatewayWorld, type GatewayWorldOptions } from './gateway-world.ts'

interface Said {
  readonly text: string
  readonly response: Response
}

const MESSAGES = [{ role: 'user' as const, content: 'Go on.' }]

/** Asks with the SDK, and says what it got; `extra` goes into the body. */
async function viaOpenAi(client: OpenAI, model: string, stream: boolean, extra: object = {}): Promise<Said> {
  const body = { model, messages: MESSAGES, ...extra }
  if (!stream) {
    const { data, response } = await client.chat.completions.create(body).withResponse()
    return { text: data.choices[0]?.message.content ?? '', response }
  }
  const { data, response } = await client.chat.completions.create({ ...body, stream }).withResponse()
  const chunks = await Array.fromAsync(data)
  return { text: chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join(''), response }
}

async function viaAnthropic(client: Anthropic, model: string, stream: boolean, extra: object = {}): Promise<Said> {
  const body = { model, max_tokens: 100, messages: MESSAGES, ...extra }
  const { data, response } = await (stream
    ? client.messages.stream(body).withResponse()
    : client.messages.create(body).withResponse())
  const { content } = 'finalMessage' in data ? await data.finalMessage() : data
  return { text: content.map((block) => (block.type === 'text' ? block.text : '')).join(''), response }
}

const CASES = (['openai', 'anthropic'] as const).flatMap((dialect) =>
  [false, true].map((stream) => ({
    dialect,
    stream,
    ask: (world: GatewayWorld, model: string, { headers = {}, extra = {} } = {}) =>
      dialect === 'openai'
        ? viaOpenAi(world.openai({ defaultHeaders: headers }), model, stream, extra)
        : viaAnthropic(world.anthropic({ defaultHeaders: headers }), model, stream, extra),
  })),
)

describe.concurrent.each(CASES)('behind the $dialect SDK (streamed: $stream)', ({ dialect, ask }) => {
  /** Two providers of the same dialect; the first has two keys. */
  async function startTwo(
    first: FaultProviderOptions,
    { manager, second = {} }: Pick<GatewayWorldOptions, 'manager'> & { second?: FaultProviderOptions } = {},
  ) {
    await using started = new AsyncDisposableStack()
    const main = started.use(await startFaultProvider(first))
    const spare = started.use(await startFaultProvider({ answer: 'The spare says so.', ...second }))
    const providers = {
      main: { dialect, baseUrl: main.url, keys: ['sk-main-1', 'sk-main-2'] },
      spare: { dialect, baseUrl: spare.url },
    }
    const world = started.use(await GatewayWorld.start({ providers, ...(manager && { manager }) }))
    const stack = started.move()
    return { main, spare, world, [Symbol.asyncDispose]: () => stack.disposeAsync() }
  }
  const route = { routes: { chat: { primary: 'main/one', fallbacks: ['spare/two'] } } }

  it('a rate limited key is replaced by the next', async () => {
    await using two = await startTwo({ keys: { 'sk-main-1': faults.rateLimited({ retryAfterSeconds: 60 }) } })
    const { text, response } = await ask(two.world, 'main/one')
    expect(text).toBe(DEFAULT_ANSWER)
    expect(response.headers.get('x-hotspare-target')).toBe('main/one@main:2')
    expect(response.headers.get('x-hotspare-attempts')).toBe('2')
    expect(two.main.attempts.map(({ status }) => status)).toEqual([429, 200])
  })

  it('a provider that fails is replaced by another of its dialect, with the model it knows', async () => {
    await using two = await startTwo({ models: { one: faults.serverError() } }, { manager: route })
    const { text, response } = await ask(two.world, 'chat')
    expect(text).toBe('The spare says so.')
    expect(response.headers.get('x-hotspare-target')).toBe('spare/two@spare:1')
    expect(response.headers.get('x-hotspare-attempts')).toBe(`${two.main.attempts.length + 1}`)
    expect(two.main.attempts.length).toBeGreaterThan(0)
    const { model: _one, ...asked } = bodySentTo(two.main)
    expect(bodySentTo(two.spare)).toEqual({ ...asked, model: 'two' })
  })

  it.for([
    ['before its first content', faults.cutAfter(0)],
    ['with an error of status 200', faults.okWithError('overloaded')],
  ] as const)('an answer that breaks %s is asked for elsewhere', async ([, fault]) => {
    await using two = await startTwo({ models: { one: fault } }, { manager: route })
    expect((await ask(two.world, 'chat')).text).toBe('The spare says so.')
  })

  it('every answer says who gave it, under an id of its own', async () => {
    await using two = await startTwo({})
    const ids = new Set<string | null>()
    for (const model of ['main/one', 'spare/two']) {
      const { headers } = (await ask(two.world, model)).response
      expect(headers.get('x-hotspare-target')).toMatch(`${model}@`)
      expect(headers.get('x-hotspare-attempts')).toBe('1')
      expect(headers.get('x-hotspare-request-id')).toMatch(/./)
      ids.add(headers.get('x-hotspare-request-id'))
    }
    expect(ids.size).toBe(2)
  })

  it('the request’s own fallbacks are taken, in a header or as models in the body, and go no further', async () => {
    for (const named of [
      { model: 'main/one', headers: { 'x-hotspare-fallbacks': 'main/none, spare/three' } },
      { model: 'main/one', extra: { models: ['main/one', 'main/none', 'spare/three'] } },
      { model: 'main/one', extra: { models: ['main/none', 'spare/three'] } },
    ]) {
      const broken = { one: faults.serverError(), none: faults.modelNotFound() }
      await using two = await startTwo({ models: broken }, { manager: { fallbacks: ['spare/wrong'] } })
      const { text, response } = await ask(two.world, named.model, named)
      expect(text).toBe('The spare says so.')
      expect(response.headers.get('x-hotspare-target')).toBe('spare/three@spare:1')
      expect(two.main.attempts.map(({ model }) => model)).toContain('none')
      for (const { body, headers } of [...two.main.attempts, ...two.spare.attempts]) {
        expect(body).not.toHaveProperty('models')
        expect(Object.keys(headers).filter((name) => name.startsWith('x-hotspare'))).toEqual([])
      }
    }
  })

  it('an empty list of fallbacks leaves out those that are configured', async () => {
    await using two = await startTwo({ models: { one: faults.insufficientQuota() } }, { manager: route })
    await expect(ask(two.world, 'chat', { headers: { 'x-hotspare-fallbacks': '' } })).rejects.toThrow(/503/)
    expect(two.spare.attempts).toHaveLength(0)
  })

  it('a deadline that is long enough changes nothing, one that is no number is refused', async () => {
    await using two = await startTwo({})
    const long = await ask(two.world, 'main/one', { headers: { 'x-hotspare-deadline-ms': '60000' } })
    expect(long.text).toBe(DEFAULT_ANSWER)
    const soon = ask(two.world, 'main/one', { headers: { 'x-hotspare-deadline-ms': 'soon' } })
    await expect(soon).rejects.toThrow(/400 .*x-hotspare-deadline-ms/)
    expect(two.main.attempts).toHaveLength(1)
  })
})
