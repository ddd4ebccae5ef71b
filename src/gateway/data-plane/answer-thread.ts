import type { IncomingMessage } from 'node:http'
import type { Dialect, DialectTrail } from '../../dialects/index.ts'
import type { AttemptContext, Profile, RecoveryOptions, StreamOptions } from '../../engine/index.ts'
import type { DisarmedBy } from '../../recovery/index.ts'
import { fitsForm, prefillParts, type SecretMask, type Upstream } from '../../upstream/index.ts'
import type { PrefillEdit, ProxyRequest } from './proxy-request.ts'

interface AnswerThreadOptions {
  readonly dialect: Pick<Dialect, 'continuation'>
  readonly request: Pick<ProxyRequest, 'body' | 'bodyFor' | 'rest' | 'release'>
  readonly headers: IncomingMessage['headers']
  readonly stream: Pick<StreamOptions, 'toolCalls' | 'holdMaxMs'>
  readonly recovery: Pick<RecoveryOptions, 'midStream'>
}

/** https://platform.claude.com/docs/en/agents-and-tools/tool-use/fine-grained-tool-streaming, with a date behind it. */
const EAGER_CALLS_BETA = 'fine-grained-tool-streaming'

/**
 * What all attempts at one streamed answer have in common: the trail of what was delivered, and the request, whose bytes
 * are kept as long as another attempt may need them.
 */
export class AnswerThread {
  /** May another attempt go on with the answer where it breaks off? */
  readonly recovers: boolean
  /** How long a tool call is held, milliseconds. */
  readonly holdMaxMs: number
  readonly #options: AnswerThreadOptions
  /** Of the answer that the client gets. */
  #trail: DialectTrail | undefined
  #knownHolding: boolean | undefined
  /** Of whoever has written a part of the answer. */
  readonly #masks = new Set<Pick<SecretMask, 'hides'>>()

  constructor(options: AnswerThreadOptions) {
    this.#options = options
    this.recovers = options.recovery.midStream !== 'off'
    this.holdMaxMs = options.stream.holdMaxMs
  }

  /** What follows the answer of this attempt: the client's answer where it goes on with that. */
  trailFor({ resume }: Pick<AttemptContext, 'resume'>): DialectTrail {
    if (resume !== undefined && this.#trail !== undefined) return this.#trail
    return this.#options.dialect.continuation.startTrail({
      recovers: this.recovers,
      holdsToolCalls: () => this.#holdsToolCalls,
      disarmedBy: () => this.#disarmedByRequest,
    })
  }

  /** Is this target known to go on from a prefill, for this request and what the client has of its answer? */
  takesPrefill(upstream: Upstream, model: string, profile: Profile): boolean {
    return this.#prefillFor(upstream, model, profile) !== undefined
  }

  /** The request's body as this attempt sends it. */
  bodyFor(upstream: Upstream, { dropped, profile, resume, target }: AttemptContext): Buffer {
    const { request } = this.#options
    const prefill = resume === 'prefill' ? this.#prefillFor(upstream, target.model, profile) : undefined
    return request.bodyFor(target.model, dropped, prefill)
  }

  /** The client gets the answer that this trail follows. */
  commit(trail: DialectTrail): void {
    const { request } = this.#options
    this.#trail = trail
    request.rest()
    if (this.recovers) return
    // That is asked when the first tool call comes.
    this.#knownHolding = this.#holdsToolCalls
    request.release()
  }

  /** This one writes a part of the answer. @param mask hides what it must not show of its own */
  writes(mask: Pick<SecretMask, 'hides'>): void {
    this.#masks.add(mask)
  }

  /** Why nobody could go on with the client's answer if it broke off now. */
  get disarmedBy(): DisarmedBy | undefined {
    return this.#trail?.disarmedBy
  }

  /** No other attempt will be made: lets go of the request's bytes. */
  release(): void {
    this.#options.request.release()
  }

  get #holdsToolCalls(): boolean {
    if (this.#knownHolding !== undefined) return this.#knownHolding
    const { dialect, headers, request, stream } = this.#options
    if (stream.toolCalls !== 'hold' || `${headers['anthropic-beta'] ?? ''}`.includes(EAGER_CALLS_BETA)) return false
    return request.body === undefined || !dialect.continuation.wantsEagerCalls(request.body)
  }

  get #disarmedByRequest(): DisarmedBy | undefined {
    const { dialect, request } = this.#options
    return request.body && dialect.continuation.disarmedBy(request.body)
  }

  #prefillFor(upstream: Upstream, model: string, profile: Profile): PrefillEdit | undefined {
    const text = this.#trail?.prefill
    const { body } = this.#options.request
    if (text === undefined || body === undefined) return undefined
    // A relay may have echoed its key: what the client does not get is not for another provider, either.
    for (const mask of this.#masks) if (mask.hides(text)) return undefined
    const form = upstream.prefillFor(profile, model)
    const fits = form !== undefined && fitsForm(form, body) && this.#options.dialect.continuation.fitsPrefill(body)
    return fits ? prefillParts(text, form, body) : undefined
  }
}
