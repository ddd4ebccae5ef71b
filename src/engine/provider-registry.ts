import { checkFunction, checkText, invalidOption, isRecord } from '../failure/index.ts'
import { type ModelRef, parseModelRef } from './model-ref.ts'
import type { AnyRequest, ModelRequest, Provider } from './provider.ts'

/** What is known of a provider's name. */
export type ProviderEntry<Request extends ModelRequest, Event> =
  | { readonly state: 'registered'; readonly provider: Provider<Request, Event> }
  | { readonly state: 'disabled'; readonly reason: string }
  | { readonly state: 'unknown' }

/**
 * Which providers there are, by name.
 *
 * ```ts
 * const registry = new ProviderRegistry().register('openai', provider).disable('anthropic', 'ANTHROPIC_API_KEY is not set')
 * ```
 */
export class ProviderRegistry<Request extends ModelRequest = AnyRequest, Event = unknown> {
  readonly #entries = new Map<string, Exclude<ProviderEntry<Request, Event>, { state: 'unknown' }>>()
  readonly #aliases = new Map<string, string>()
  #version = 0

  /** Counts changes: what was read from the registry holds as long as it stays. */
  get version(): number {
    return this.#version
  }

  /** Registers a provider under a name, in place of one of that name. */
  register(name: string, provider: Provider<Request, Event>): this {
    checkText('name', name)
    if (!isRecord(provider)) throw invalidOption('provider', provider, 'it must be an object with name and stream()')
    checkFunction('provider.stream', provider.stream)
    this.#entries.set(name, { state: 'registered', provider })
    this.#version += 1
    return this
  }

  /** Says that a configured provider cannot be used, and why; its targets are skipped with that reason. */
  disable(name: string, reason: string): this {
    checkText('name', name)
    checkText('reason', reason)
    this.#entries.set(name, { state: 'disabled', reason })
    this.#version += 1
    return this
  }

  /** Sends requests for exactly this model name to a provider, whatever the name looks like. */
  alias(model: string, provider: string): this {
    checkText('model', model)
    checkText('provider', provider)
    this.#aliases.set(model, provider)
    this.#version += 1
    return this
  }

  /** The provider and bare model id that a model name stands for here. */
  resolve(model: string): ModelRef {
    checkText('model', model)
    const names = this.names()
    return parseModelRef(model, {
      isProvider: (name) => this.#entries.has(name),
      aliasOf: (name) => this.aliasOf(name),
      findProfile: () => undefined,
      soleProvider: names.length === 1 ? names[0] : undefined,
    })
  }

  aliasOf(model: string): string | undefined {
    return this.#aliases.get(model)
  }

  get(name: string): ProviderEntry<Request, Event> {
    return this.#entries.get(name) ?? { state: 'unknown' }
  }

  /** The names of the providers that can be used, in order of registration. */
  names(): string[] {
    return [...this.#entries].filter(([, entry]) => entry.state === 'registered').map(([name]) => name)
  }
}
