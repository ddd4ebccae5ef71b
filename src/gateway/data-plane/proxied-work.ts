import type { IncomingMessage } from 'node:http'
import type { Binding } from '../../dialects/index.ts'
import type { AnswerWork, AttemptContext, Profile, SessionGuess } from '../../engine/index.ts'
import { FailoverError, type TargetRef } from '../../failure/index.ts'
import type { HttpProviders } from '../../http/index.ts'
import type { Upstream } from '../../upstream/index.ts'
import type { AnswerThread } from './answer-thread.ts'
import type { Passage } from './passage.ts'
import type { ProxyRequest } from './proxy-request.ts'
import { type AttemptRequest, askUpstream, type UpstreamReply } from './upstream-attempt.ts'

/**
 * A client's request as the engine does it, and as its attempts need it. One object for both, and a class: there is one for
 * each open stream.
 */
export class ProxiedWork implements AnswerWork<UpstreamReply>, AttemptRequest {
  /** The client's query without its key, with the question mark; or empty. */
  readonly query: string
  readonly #registry: HttpProviders
  readonly #passage: Passage
  readonly #parsed: ProxyRequest

  constructor(registry: HttpProviders, passage: Passage, parsed: ProxyRequest, query: string) {
    this.#registry = registry
    this.#passage = passage
    this.#parsed = parsed
    this.query = query
  }

  get isStreaming(): boolean {
    return this.#parsed.isStreaming
  }

  get keepsAnswer(): boolean {
    return this.#parsed.keepsAnswer
  }

  get client(): IncomingMessage {
    return this.#passage.request
  }

  get thread(): AnswerThread | undefined {
    return this.#passage.thread
  }

  get bindings(): readonly Binding[] {
    return this.#parsed.bindings
  }

  start(context: AttemptContext): Promise<UpstreamReply> {
    const { provider } = context.target
    const upstream = this.#registry.upstreamOf(provider)
    if (upstream !== undefined) return askUpstream(upstream, this, context)
    throw new FailoverError('NO_TARGET', `provider ${provider} is not one that is reached over HTTP`)
  }

  takesPrefill({ provider, model }: TargetRef, profile: Profile): boolean {
    const upstream = this.#registry.upstreamOf(provider)
    return upstream !== undefined && (this.thread?.takesPrefill(upstream, model, profile) ?? false)
  }

  unfit(provider: string): string | undefined {
    const { name } = this.#passage.dialect
    const spoken = this.#registry.upstreamOf(provider)?.dialect.name ?? name
    return spoken === name ? undefined : `speaks the dialect ${spoken}, and this request is in ${name}`
  }

  guessSession(): SessionGuess | undefined {
    return this.#parsed.guessSession()
  }

  estimateTokens(): number | undefined {
    return this.#parsed.estimateTokens()
  }

  bodyFor(upstream: Upstream, context: AttemptContext): Buffer {
    return this.thread?.bodyFor(upstream, context) ?? this.#parsed.bodyFor(context.target.model, context.dropped)
  }

  noteErrorBody(error: FailoverError, bytes: Buffer): void {
    this.#passage.errorBodies ??= new Map()
    this.#passage.errorBodies.set(error, bytes)
  }
}
