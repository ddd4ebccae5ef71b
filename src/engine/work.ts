import { FailoverError, SHORTEST_SECRET_IN_ANSWERS } from '../failure/index.ts'
import type { Attempt } from './attempt.ts'
import { asFields, OpenAttempt } from './attempt-context.ts'
import type { Binding } from './binding.ts'
import type { Work } from './engine.ts'
import type { SkipCause } from './events.ts'
import { type OpenedStream, openStream } from './open-stream.ts'
import type { AnswerWork, AttemptContext, ModelRequest, Provider, SessionGuess } from './provider.ts'
import type { ProviderRegistry } from './provider-registry.ts'
import { type StreamTrail, startTrail } from './stream-trail.ts'
import type { Target } from './target.ts'

/** A provider's answer, up to its first content. */
export class StreamWork<Request extends ModelRequest, Event> implements Work<OpenedStream<Event>> {
  readonly door = 'call'
  readonly #registry: ProviderRegistry<Request, Event>
  readonly #request: Request
  /** Whose reading of the request counts: the provider of the model that was asked for. */
  #reader: Provider<Request, Event> | undefined
  #bindings: readonly Binding[] | undefined
  /** Of the attempt that was made last: where one has committed, its own. */
  #trail: StreamTrail<Request, Event> | undefined
  /** The answer broke off, and others are to go on with it. */
  #isRecovering = false
  /** Of the attempts at it, where others may go on with what they have delivered. */
  #keys: readonly string[] = []

  constructor(registry: ProviderRegistry<Request, Event>, request: Request) {
    this.#registry = registry
    this.#request = request
  }

  start(attempt: Attempt): Promise<OpenedStream<Event>> {
    const { model, provider: name } = attempt.target
    const provider = providerOf(this.#registry, name)
    const request = { ...this.#request, model }
    if (attempt.resume === undefined) this.#trail = startTrail(provider, request, attempt.settings)
    if (this.#trail !== undefined) this.#keys = [...this.#keys, ...attempt.secrets]
    const asked = attempt.resume === undefined ? request : this.#trail?.resume(provider, request, attempt.resume)
    return openStream(provider, asked ?? request, attempt, this.#trail?.trail)
  }

  unusable(target: Target): SkipCause | undefined {
    const cause = whyUnusable(this.#registry, target)
    if (cause !== undefined || !this.#isRecovering) return cause
    const isAble = this.#trail?.fits(providerOf(this.#registry, target.provider)) ?? false
    return isAble ? undefined : { kind: 'provider_unfit', reason: 'cannot go on with an answer of another kind' }
  }

  beginRecovery(): void {
    this.#isRecovering = true
  }

  takesPrefill(target: Target): boolean {
    const takes = (): boolean => {
      const { recovery } = providerOf(this.#registry, target.provider)
      const prefill = this.#trail?.trail.prefill
      if (recovery === undefined || prefill === undefined) return false
      // A provider may have echoed its key: another one must not get it.
      if (this.#keys.some((key) => key.length >= SHORTEST_SECRET_IN_ANSWERS && prefill.includes(key))) return false
      const request = { ...this.#request, model: target.model }
      return recovery.takesPrefill?.(request, target.ref, target.credential) ?? true
    }
    return guess(takes) ?? false
  }

  phase({ provider }: Target): 'first_content' | 'response' {
    return providerOf(this.#registry, provider).isStreaming?.(this.#request) === false ? 'response' : 'first_content'
  }

  readAs(provider: string): void {
    const entry = this.#registry.get(provider)
    this.#reader = entry.state === 'registered' ? entry.provider : undefined
  }

  get bindings(): readonly Binding[] | undefined {
    this.#bindings ??= this.#reader?.bindingsOf?.(this.#request)
    return this.#bindings
  }

  guessSession(): SessionGuess | undefined {
    return guess(() => this.#reader?.guessSession?.(this.#request))
  }

  estimateTokens(): number | undefined {
    return guess(() => this.#reader?.estimateTokens?.(this.#request))
  }
}

/** Whatever begins with a commit and may go on after it. It needs a registered provider, but not that provider's code. */
export class OpenWork<Request extends ModelRequest, Event, T> implements Work<T> {
  readonly door = 'open'
  readonly bindings: readonly Binding[] | undefined
  readonly #registry: ProviderRegistry<Request, Event>
  readonly #work: AnswerWork<T>

  constructor(registry: ProviderRegistry<Request, Event>, work: AnswerWork<T>) {
    this.#registry = registry
    this.#work = work
    this.bindings = work.bindings
  }

  start(attempt: Attempt): Promise<T> {
    return this.#work.start(new OpenAttempt(attempt))
  }

  unusable(target: Target): SkipCause | undefined {
    const reason = this.#work.unfit?.(target.provider)
    return reason === undefined ? whyUnusable(this.#registry, target) : { kind: 'provider_unfit', reason }
  }

  isFit(provider: string): boolean {
    return this.#work.unfit?.(provider) === undefined
  }

  phase(): 'first_content' | 'response' {
    return this.#work.isStreaming ? 'first_content' : 'response'
  }

  takesPrefill({ ref, credential }: Target): boolean {
    return guess(() => this.#work.takesPrefill?.(ref, credential)) ?? false
  }

  guessSession(): SessionGuess | undefined {
    return guess(() => this.#work.guessSession?.())
  }

  estimateTokens(): number | undefined {
    return guess(() => this.#work.estimateTokens?.())
  }
}

/** Any function's result. It needs no registered provider; one that is disabled is still not to be used. */
export class FunctionWork<Request extends ModelRequest, Event, Result> implements Work<Result> {
  readonly door = 'run'
  readonly #registry: ProviderRegistry<Request, Event>
  readonly #work: (context: AttemptContext) => Result | Promise<Result>

  constructor(registry: ProviderRegistry<Request, Event>, work: (context: AttemptContext) => Result | Promise<Result>) {
    this.#registry = registry
    this.#work = work
  }

  start(attempt: Attempt): Result | Promise<Result> {
    return this.#work(asFields(attempt))
  }

  unusable(target: Target): SkipCause | undefined {
    const cause = whyUnusable(this.#registry, target)
    return cause?.kind === 'provider_disabled' ? cause : undefined
  }

  phase(): 'response' {
    return 'response'
  }
}

/** Guesses make things better; where one fails, they are as good as without it. */
function guess<T>(make: () => T | undefined): T | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}

/** @throws FailoverError `NO_TARGET` where it is not registered any more */
function providerOf<Request extends ModelRequest, Event>(
  registry: ProviderRegistry<Request, Event>,
  name: string,
): Provider<Request, Event> {
  const entry = registry.get(name)
  if (entry.state === 'registered') return entry.provider
  throw new FailoverError('NO_TARGET', `provider ${name} is not registered`)
}

function whyUnusable<Request extends ModelRequest, Event>(
  registry: ProviderRegistry<Request, Event>,
  { provider }: Target,
): SkipCause | undefined {
  const entry = registry.get(provider)
  switch (entry.state) {
    case 'registered':
      return undefined
    case 'disabled':
      return { kind: 'provider_disabled', reason: entry.reason }
    case 'unknown':
      return { kind: 'provider_not_registered' }
  }
}
