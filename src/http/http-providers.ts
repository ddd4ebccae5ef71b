import { anthropicMessages, type Dialect, type DialectName, openaiChat } from '../dialects/index.ts'
import { type AnyRequest, type ModelRequest, ProviderRegistry, systemClock } from '../engine/index.ts'
import { Pools } from '../transport/index.ts'
import { parseBaseUrl, Upstream, WELL_KNOWN } from '../upstream/index.ts'
import { HttpProvider } from './http-provider.ts'
import { checkOptions, type HttpProviderDefinition, type HttpProvidersOptions } from './options.ts'

const DIALECTS: Readonly<Record<DialectName, Dialect>> = { openai: openaiChat, anthropic: anthropicMessages }
const DEFAULT_MAX_RESPONSE_BYTES = 64 * 1024 * 1024

/**
 * Providers over HTTP: every well-known name and those of `options.providers`, sharing their connections.
 *
 * It is the registry a `FailoverManager` takes. `openai` and `anthropic` are also properties, to be registered under
 * further names.
 */
export class HttpProviders<Request extends ModelRequest = AnyRequest, Event = unknown> extends ProviderRegistry<
  Request,
  Event
> {
  /** OpenAI chat completions. Under another name, profiles must say their `baseUrl`. */
  readonly openai: HttpProvider<Request, Event>
  /** Anthropic messages. Under another name, profiles must say their `baseUrl`. */
  readonly anthropic: HttpProvider<Request, Event>
  readonly #pools: Pools

  /** @throws FailoverError `INVALID_OPTION`, naming the option, its value and what is allowed */
  constructor(options: HttpProvidersOptions = {}) {
    super()
    checkOptions(options)
    const { connections, clock = systemClock, maxEventBytes, maxResponseBytes = DEFAULT_MAX_RESPONSE_BYTES } = options
    const pools = new Pools({ connections })
    this.#pools = pools
    const create = (
      name: string,
      { dialect, baseUrl, headers = {}, prefill }: HttpProviderDefinition,
    ): HttpProvider<Request, Event> => {
      const address = baseUrl ?? wellKnownUrl(name, dialect)
      const upstream = new Upstream({
        name,
        dialect: DIALECTS[dialect],
        baseUrl: address === undefined ? undefined : parseBaseUrl(`providers.${name}.baseUrl`, address),
        headers: Object.fromEntries(Object.entries(headers).map(([key, value]) => [key.toLowerCase(), value])),
        prefill,
        pools,
        clock,
        maxEventBytes,
        maxResponseBytes,
      })
      return new HttpProvider<Request, Event>(upstream)
    }
    const { openai, anthropic } = options.providers ?? {}
    this.openai = create('openai', openai ?? { dialect: 'openai' })
    this.anthropic = create('anthropic', anthropic ?? { dialect: 'anthropic' })
    const definitions = { ...(options.wellKnown === false ? undefined : WELL_KNOWN), ...options.providers }
    for (const [name, definition] of Object.entries(definitions)) {
      const own = name === 'openai' ? this.openai : name === 'anthropic' ? this.anthropic : undefined
      this.register(name, own ?? create(name, definition))
    }
  }

  /** How a provider's requests go; undefined where it is not one of these. */
  upstreamOf(name: string): Upstream | undefined {
    const entry = this.get(name)
    return entry.state === 'registered' && entry.provider instanceof HttpProvider ? entry.provider.upstream : undefined
  }

  /** Lets what is under way come to its end, takes nothing new, and closes the connections. */
  close(): Promise<void> {
    return this.#pools.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/**
 * Real providers for the dialects, over HTTP.
 *
 * ```ts
 * const manager = new FailoverManager({
 *   registry: httpProviders({ providers: { local: { dialect: 'openai', baseUrl: 'http://127.0.0.1:11434' } } }),
 *   profiles: [{ id: 'openai:primary', apiKey: process.env.OPENAI_API_KEY }, { id: 'local:default' }],
 * })
 * ```
 *
 * @throws FailoverError `INVALID_OPTION`, naming the option, its value and what is allowed
 */
export function httpProviders<Request extends ModelRequest = AnyRequest, Event = unknown>(
  options?: HttpProvidersOptions,
): HttpProviders<Request, Event> {
  return new HttpProviders<Request, Event>(options)
}

/** A well-known provider's address goes with the dialect it speaks there. */
function wellKnownUrl(name: string, dialect: DialectName): string | undefined {
  const known = Object.hasOwn(WELL_KNOWN, name) ? WELL_KNOWN[name] : undefined
  return known?.dialect === dialect ? known.baseUrl : undefined
}
