import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { setImmediate as nextTurn } from 'node:timers/promises'
import Anthropic, { type ClientOptions as AnthropicOptions } from '@anthropic-ai/sdk'
import OpenAI, { type ClientOptions as OpenAiOptions } from 'openai'
import type { FailoverOptions } from '../../src/engine/index.ts'
import { type Gateway, type GatewayOptions, startGateway } from '../../src/gateway/index.ts'
import { type HttpProviderDefinition, type HttpProviders, httpProviders } from '../../src/http/index.ts'
import { FailoverManager } from '../../src/index.ts'
import {
  type DialectName,
  type FaultProvider,
  type FaultProviderOptions,
  startFaultProvider,
} from '../../src/testing/index.ts'

/** What a client shows where it does not say otherwise; no provider must ever see it. */
export const CLIENT_KEY = 'sk-the-clients-own-key'

interface ProviderInWorld extends Partial<HttpProviderDefinition> {
  readonly baseUrl: string
  /** One profile each, `NAME:1` and so on, in this order. Default: `sk-NAME-1`. */
  readonly keys?: readonly string[]
}

export interface GatewayWorldOptions {
  /** Providers by name, of the dialect `openai` unless they say otherwise. */
  readonly providers: Readonly<Record<string, ProviderInWorld>>
  /** A clock here is the providers' too. Retries do not wait unless they are told to. */
  readonly manager?: Omit<FailoverOptions, 'profiles' | 'registry'>
  readonly gateway?: Omit<GatewayOptions, 'manager' | 'port' | 'onInternalError'>
}

/** A gateway on a free port in front of providers that the test started. Ending it fails if the gateway itself failed. */
export class GatewayWorld {
  readonly gateway: Gateway
  readonly manager: FailoverManager
  readonly #registry: HttpProviders
  readonly #internalErrors: readonly unknown[]

  private constructor(
    gateway: Gateway,
    manager: FailoverManager,
    registry: HttpProviders,
    internalErrors: readonly unknown[],
  ) {
    this.gateway = gateway
    this.manager = manager
    this.#registry = registry
    this.#internalErrors = internalErrors
  }

  static async start({ providers, manager: options, gateway }: GatewayWorldOptions): Promise<GatewayWorld> {
    const named = Object.entries(providers)
    const registry = httpProviders({
      providers: Object.fromEntries(
        named.map(([name, { keys: _keys, ...definition }]) => [name, { dialect: 'openai' as const, ...definition }]),
      ),
      wellKnown: false,
      ...(options?.clock && { clock: options.clock }),
    })
    const profiles = named.flatMap(([name, { keys = [`sk-${name}-1`] }]) =>
      keys.map((apiKey, index) => ({ id: `${name}:${index + 1}`, apiKey })),
    )
    const manager = new FailoverManager({ retry: { minDelayMs: 0 }, ...options, profiles, registry })
    const internalErrors: unknown[] = []
    const onInternalError = (error: unknown): void => void internalErrors.push(error)
    const running = await startGateway({ ...gateway, manager, port: 0, onInternalError })
    return new GatewayWorld(running, manager, registry, internalErrors)
  }

  /** The official SDK, which does not ask again unless it is told to. */
  openai(options: OpenAiOptions = {}): OpenAI {
    return new OpenAI({ baseURL: `${this.gateway.url}/v1`, apiKey: CLIENT_KEY, maxRetries: 0, ...options })
  }

  /** The official SDK, which does not ask again unless it is told to. */
  anthropic(options: AnthropicOptions = {}): Anthropic {
    return new Anthropic({ baseURL: this.gateway.url, apiKey: CLIENT_KEY, maxRetries: 0, ...options })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway.cutOff()
    await this.#registry.close()
    if (this.#internalErrors.length > 0) throw new AggregateError(this.#internalErrors, 'the gateway itself failed')
  }
}

/** A world with one fault provider in it, which goes by `main`. */
export interface SoleProviderWorld extends AsyncDisposable {
  readonly world: GatewayWorld
  readonly provider: FaultProvider
}

export async function startWithSoleProvider(
  options: FaultProviderOptions = {},
  dialect: DialectName = 'openai',
): Promise<SoleProviderWorld> {
  await using started = new AsyncDisposableStack()
  const provider = started.use(await startFaultProvider(options))
  const world = started.use(await GatewayWorld.start({ providers: { main: { dialect, baseUrl: provider.url } } }))
  const stack = started.move()
  return { world, provider, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

/** The body of a request that a fault provider got. */
export function bodySentTo({ attempts }: FaultProvider, index = 0): Readonly<Record<string, unknown>> {
  const body = attempts[index]?.body
  if (typeof body !== 'object' || body === null) throw new Error(`request ${index} has no JSON body`)
  return { ...body }
}

/** A request as a `Recorder` saw it. */
export interface RecordedRequest {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[]
  readonly body: Buffer
}

export interface CannedAnswer {
  /** Default 200. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string | string[]>>
  /** Bytes with their length; or pieces, each sent as a chunk of its own in a turn of the event loop of its own. */
  readonly body: string | Buffer | readonly Buffer[]
}

export interface Recorder {
  readonly url: string
  readonly requests: readonly RecordedRequest[]
  [Symbol.asyncDispose](): Promise<void>
}

/** A provider that keeps every request byte for byte, and answers with exactly the bytes it is told to. */
export async function startRecorder(answerTo: (request: RecordedRequest) => CannedAnswer): Promise<Recorder> {
  const requests: RecordedRequest[] = []
  const server = createServer(async (message, response) => {
    const { method = '', url: path = '', headers, rawHeaders } = message
    const request = { method, path, headers, rawHeaders, body: await buffer(message) }
    requests.push(request)
    const answer = answerTo(request)
    response.writeHead(answer.status ?? 200, answer.headers)
    if (typeof answer.body === 'string' || Buffer.isBuffer(answer.body)) {
      response.end(answer.body)
      return
    }
    response.socket?.setNoDelay(true)
    for (const piece of answer.body) {
      response.write(piece)
      await nextTurn()
    }
    response.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
