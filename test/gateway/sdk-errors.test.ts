import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import {
  DEFAULT_ANSWER,
  type Fault,
  faults,
  splitTokens,
  startFaultProvider,
  VirtualClock,
} from '../../src/testing/index.ts'
import { GatewayWorld, type GatewayWorldOptions, startRecorder } from './gateway-world.ts'

const MESSAGES = [{ role: 'user' as const, content: 'Go on.' }]
const askOpenAi = (client: OpenAI, model = 'main/x') => client.chat.completions.create({ model, messages: MESSAGES })
const askAnthropic = (client: Anthropic, model = 'main/x') =>
  client.messages.create({ model, max_tokens: 100, messages: MESSAGES })

/** Both SDKs behind one set of names: what they do and the errors they raise are alike. */
const SDKS = [
  {
    dialect: 'openai' as const,
    errors: OpenAI,
    ask: (world: GatewayWorld, model?: string) => askOpenAi(world.openai(), model),
    loop: async (world: GatewayWorld, seen: string[]) => {
      const body = { model: 'main/x', messages: MESSAGES, stream: true as const }
      for await (const { choices } of await world.openai().chat.completions.create(body))
        seen.push(choices[0]?.delta.content ?? '')
    },
    help: (world: GatewayWorld) =>
      world.openai().chat.completions.stream({ model: 'main/x', messages: MESSAGES }).finalChatCompletion(),
  },
  {
    dialect: 'anthropic' as const,
    errors: Anthropic,
    ask: (world: GatewayWorld, model?: string) => askAnthropic(world.anthropic(), model),
    loop: async (world: GatewayWorld, seen: string[]) => {
      const body = { model: 'main/x', max_tokens: 100, messages: MESSAGES, stream: true as const }
      for await (const event of await world.anthropic().messages.create(body))
        if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') seen.push(event.delta.text)
    },
    help: (world: GatewayWorld) =>
      world.anthropic().messages.stream({ model: 'main/x', max_tokens: 100, messages: MESSAGES }).finalMessage(),
  },
]

/** What the SDK raised. */
async function raisedBy(work: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  const error = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (error instanceof Error) return error as InstanceType<typeof OpenAI.APIError>
  throw new Error('nothing was raised')
}

const secondsIn = (error: { headers: Headers | undefined }): number => Number(error.headers?.get('retry-after'))
/** The real clock goes on meanwhile, however slow the machine is. */
const isJustBelow = (most: number) => (value: number) => value <= most && value > most - 20

describe.concurrent.each(SDKS)('the $dialect SDK raises', ({ dialect, errors, ask, loop, help }) => {
  async function failing(fault: Fault, options: Omit<GatewayWorldOptions, 'providers'> = {}) {
    await using started = new AsyncDisposableStack()
    const provider = started.use(await startFaultProvider({ script: [{ fault }] }))
    const providers = { main: { dialect, baseUrl: provider.url, keys: ['sk-main-1', 'sk-main-2'] } }
    const world = started.use(await GatewayWorld.start({ providers, ...options }))
    const stack = started.move()
    return { provider, world, [Symbol.asyncDispose]: () => stack.disposeAsync() }
  }

  it('BadRequestError with the provider’s own body and headers', async () => {
    const body = `{"type":"error", "error" : {"type":"invalid_request_error","message":"Bäd.","param":"x","n":1.50}}\n`
    const headers = { 'content-type': 'application/json', 'x-request-id': 'req_7' }
    await using provider = await startRecorder(() => ({ status: 400, headers, body }))
    await using world = await GatewayWorld.start({ providers: { main: { dialect, baseUrl: provider.url } } })
    const error = await raisedBy(ask(world))
    expect(error).toBeInstanceOf(errors.BadRequestError)
    const parsed = JSON.parse(body)
    expect(error.error).toEqual(dialect === 'openai' ? parsed.error : parsed)
    expect(error.headers?.get('x-request-id')).toBe('req_7')
    expect(error.headers?.get('x-hotspare-target')).toBe('main/x@main:1')
    expect(provider.requests).toHaveLength(1)
  })

  it('NotFoundError for a model that nobody serves', async () => {
    await using chat = await failing({})
    const error = await raisedBy(ask(chat.world, 'nobody/x'))
    expect(error).toBeInstanceOf(errors.NotFoundError)
    expect(error.message).toContain('nobody/x')
    expect(error.headers?.get('x-should-retry')).toBe('false')
    expect(chat.provider.attempts).toHaveLength(0)
  })

  it('NotFoundError for a model that the provider does not know', async () => {
    await using chat = await failing(faults.modelNotFound())
    expect(await raisedBy(ask(chat.world))).toBeInstanceOf(errors.NotFoundError)
  })

  it('RateLimitError with retry-after where every key is rate limited', async () => {
    await using chat = await failing(faults.rateLimited({ retryAfterSeconds: 30 }))
    const error = await raisedBy(ask(chat.world))
    expect(error).toBeInstanceOf(errors.RateLimitError)
    expect(secondsIn(error)).toSatisfy(isJustBelow(30))
    expect(Number(error.headers?.get('retry-after-ms')) / 1_000).toSatisfy(isJustBelow(30))
    expect(error.headers?.has('x-should-retry')).toBe(false)
    expect(error.headers?.get('x-hotspare-attempts')).toBe('2')
    expect(chat.provider.attempts.map(({ key }) => key)).toEqual(['sk-main-1', 'sk-main-2'])
  })

  it('InternalServerError where all are down, and says not to ask again if nothing is back within a minute', async () => {
    for (const [seconds, shouldRetry] of [
      [120, 'false'],
      [50, null],
    ] as const) {
      await using chat = await failing({ status: 503, headers: { 'retry-after': `${seconds}` } })
      const error = await raisedBy(ask(chat.world))
      expect(error).toBeInstanceOf(errors.InternalServerError)
      expect(error.status).toBe(503)
      expect(secondsIn(error)).toSatisfy(isJustBelow(seconds))
      expect(error.headers?.get('x-should-retry')).toBe(shouldRetry)
    }
  })

  it('InternalServerError, not AuthenticationError, where it is the gateway whose key is refused', async () => {
    await using provider = await startFaultProvider({ script: [{ fault: faults.revokedKey() }] })
    await using world = await GatewayWorld.start({ providers: { main: { dialect, baseUrl: provider.url } } })
    const error = await raisedBy(ask(world))
    expect(error).toBeInstanceOf(errors.InternalServerError)
    expect(error.headers?.get('x-should-retry')).toBe('false')
  })

  it('the same where all keys are refused at once, but that may pass: it is taken for an incident', async () => {
    await using chat = await failing(faults.revokedKey())
    const error = await raisedBy(ask(chat.world))
    expect(error).toBeInstanceOf(errors.InternalServerError)
    expect(error.headers?.has('x-should-retry')).toBe(false)
    expect(secondsIn(error)).toBeLessThanOrEqual(15)
  })

  it('AuthenticationError for a client key that is not known, before any provider is asked', async () => {
    await using chat = await failing({}, { gateway: { clients: [{ name: 'app', key: 'sk-another' }] } })
    const error = await raisedBy(ask(chat.world))
    expect(error).toBeInstanceOf(errors.AuthenticationError)
    expect(error.message).toContain('the client key is not known')
    expect(chat.provider.attempts).toHaveLength(0)
  })

  it('InternalServerError once the deadline that the request names is over', async () => {
    const clock = new VirtualClock()
    const { promise: asked, resolve: onAsked } = Promise.withResolvers<void>()
    await using chat = await failing({}, { manager: { clock } })
    const isAsked = (): boolean => {
      onAsked()
      return true
    }
    chat.provider.set({ when: isAsked, fault: faults.silent() })
    const headers = { 'x-hotspare-deadline-ms': '2000' }
    const raised = raisedBy(
      dialect === 'openai'
        ? askOpenAi(chat.world.openai({ defaultHeaders: headers }))
        : askAnthropic(chat.world.anthropic({ defaultHeaders: headers })),
    )
    await asked
    await clock.advance(2_000)
    expect(await raised).toBeInstanceOf(errors.InternalServerError)
    expect((await raised).status).toBe(504)
    expect(chat.provider.attempts).toHaveLength(1)
    expect(chat.provider.attempts[0]?.headers).not.toHaveProperty('x-hotspare-deadline-ms')
  })

  it.for([
    ['is cut', faults.cutAfter(40)],
    ['is reset', faults.resetAfter(40)],
    ['ends too early', faults.endAfter(40)],
    ['reports an error', faults.errorAfter(40, 'overloaded')],
  ] as const)('APIError where a stream %s after its first content', async ([, fault]) => {
    await using chat = await failing(fault)
    const seen: string[] = []
    const error = await raisedBy(loop(chat.world, seen))
    expect(error).toBeInstanceOf(errors.APIError)
    expect(error.message).toContain('the answer broke off after it had begun')
    const words = splitTokens(DEFAULT_ANSWER)
    // A reset may overtake what was sent before it; nothing else may.
    const count = fault.resetAfterTokens === undefined ? 40 : seen.filter((word) => word !== '').length
    expect(seen.join('')).toBe(words.slice(0, count).join(''))
    expect(count).toBeGreaterThan(0)
    expect(await raisedBy(help(chat.world))).toBeInstanceOf(errors.APIError)
  })
})

describe.concurrent('an SDK’s own retries', () => {
  it('come when the gateway says so, and are answered', async () => {
    await using provider = await startFaultProvider({
      script: [{ fault: faults.once(faults.rateLimited({ retryAfterMs: 20 })) }],
    })
    await using world = await GatewayWorld.start({
      providers: { main: { baseUrl: provider.url } },
      manager: { wait: { maxMs: 0 } },
    })
    const { choices } = await askOpenAi(world.openai({ maxRetries: 1 }))
    expect(choices[0]?.message.content).toBe(DEFAULT_ANSWER)
    expect(provider.attempts.map(({ status }) => status)).toEqual([429, 200])
  })

  it('do not come where nothing is back soon', async () => {
    await using provider = await startFaultProvider({ script: [{ fault: faults.insufficientQuota() }] })
    await using world = await GatewayWorld.start({
      providers: { main: { baseUrl: provider.url }, other: { dialect: 'anthropic', baseUrl: provider.url } },
    })
    let requests = 0
    const counting: typeof fetch = (...args) => {
      requests += 1
      return fetch(...args)
    }
    const options = { maxRetries: 2, fetch: counting }
    await raisedBy(askOpenAi(world.openai(options)))
    await raisedBy(askAnthropic(world.anthropic(options), 'other/x'))
    expect(requests).toBe(2)
  })
})
