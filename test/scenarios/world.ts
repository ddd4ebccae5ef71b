import { type HttpProviders, httpProviders, textOf } from '../../src/http/index.ts'
import { FailoverError, FailoverManager, type FailoverStream } from '../../src/index.ts'
import {
  type Fault,
  type FaultProvider,
  type FaultProviderOptions,
  startFaultProvider,
} from '../../src/testing/index.ts'

type Dialect = 'openai' | 'anthropic'
/** `shared`: primary, fallback and the health request share one host and one key. `own`: each host its own. */
type Layout = 'shared' | 'own'

export interface Setting {
  readonly dialect: Dialect
  readonly isStreaming: boolean
  readonly layout: Layout
}

export interface WorldOptions extends Setting {
  readonly primary: Fault | readonly Fault[]
  readonly fallback?: Fault
  readonly prefill?: FaultProviderOptions['prefill']
  /** Pace of the healthy parts, milliseconds. */
  readonly tokenDelayMs?: number
}

interface ChatRequest {
  readonly model: string
  readonly messages: readonly { readonly role: string; readonly content: string }[]
  readonly stream: boolean
  readonly stream_options?: { readonly include_usage: boolean }
  readonly max_tokens?: number
}

/** Where an event or a whole answer of either dialect names its model. */
interface ChatEvent {
  readonly model?: string
  readonly message?: { readonly model?: string }
}

/** How a request ended. */
export type Outcome =
  | {
      readonly kind: 'answered'
      readonly text: string
      readonly model: string | undefined
      readonly hasUsage: boolean
      readonly tookMs: number
    }
  | { readonly kind: 'failed'; readonly error: FailoverError; readonly textBefore: string; readonly tookMs: number }

/** The settings the crash test is run with; everything else is at its default. */
const SETTINGS = { retry: { attempts: 3 }, timeouts: { firstContentMs: 10_000, responseMs: 10_000, idleMs: 12_000 } }

/** A primary that misbehaves, a fallback, and a manager in front of them, on real sockets. */
export class World {
  readonly #setting: Setting
  readonly #providers: readonly FaultProvider[]
  readonly #registry: HttpProviders<ChatRequest, ChatEvent>
  readonly #manager: FailoverManager<ChatRequest, ChatEvent>

  private constructor(setting: Setting, providers: readonly FaultProvider[]) {
    this.#setting = setting
    this.#providers = providers
    const { dialect, layout } = setting
    const [main, spare] = providers
    this.#registry = httpProviders<ChatRequest, ChatEvent>({
      providers: {
        main: { dialect, baseUrl: `${main?.url}/v1` },
        spare: { dialect, baseUrl: spare?.url ?? main?.url ?? '' },
      },
    })
    this.#manager = new FailoverManager<ChatRequest, ChatEvent>({
      ...SETTINGS,
      profiles: [
        { id: 'main:key', apiKey: 'sk-main-000000000001' },
        { id: 'spare:key', apiKey: 'sk-spare-00000000002' },
      ],
      routes: {
        chat: {
          primary: 'main/primary-model',
          fallbacks: [layout === 'shared' ? 'main/fallback-model' : 'spare/fallback-model'],
        },
      },
      registry: this.#registry,
    })
  }

  static async start({
    primary,
    fallback = {},
    prefill = 'continue',
    tokenDelayMs = 0,
    ...setting
  }: WorldOptions): Promise<World> {
    const options = { prefill, tokenDelayMs, models: { 'primary-model': primary, 'fallback-model': fallback } }
    const count = setting.layout === 'shared' ? 1 : 2
    return new World(setting, await Promise.all(Array.from({ length: count }, () => startFaultProvider(options))))
  }

  ask(model = 'chat'): Promise<Outcome> {
    const { dialect, isStreaming } = this.#setting
    const usage = dialect === 'openai' && isStreaming ? { stream_options: { include_usage: true } } : {}
    const limit = dialect === 'anthropic' ? { max_tokens: 1_000 } : {}
    return outcomeOf(
      this.#manager.call({
        model,
        messages: [{ role: 'user', content: 'Go on.' }],
        stream: isStreaming,
        ...usage,
        ...limit,
      }),
    )
  }

  /** A request to a healthy model at the same host and with the same key as the primary. */
  askHealthy(): Promise<Outcome> {
    return this.ask('main/healthy-model')
  }

  /** When the primary was asked, milliseconds from the first time on. */
  primaryAttempts(): number[] {
    const times = this.#times('primary-model')
    return times.map((time) => time - (times[0] ?? 0))
  }

  fallbackAttempts(): number {
    return this.#times('fallback-model').length
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#registry.close()
    await Promise.all(this.#providers.map((provider) => provider.close()))
  }

  #times(model: string): number[] {
    return this.#providers.flatMap(({ attempts }) =>
      attempts.filter((attempt) => attempt.model === model).map(({ at }) => at),
    )
  }
}

async function outcomeOf(call: Promise<FailoverStream<ChatEvent>>): Promise<Outcome> {
  const startedAt = Date.now()
  let text = ''
  let model: string | undefined
  try {
    const stream = await call
    for await (const event of stream) {
      text += textOf(event)
      model = event.model ?? event.message?.model ?? model
    }
    const { usage } = await stream.completed
    return { kind: 'answered', text, model, hasUsage: (usage?.outputTokens ?? 0) > 0, tookMs: Date.now() - startedAt }
  } catch (error) {
    if (!(error instanceof FailoverError)) throw error
    return { kind: 'failed', error, textBefore: text, tookMs: Date.now() - startedAt }
  }
}
