import { type Dialect, type DialectName, parseBaseUrl } from '../dialects/index.ts'
import type { AnyRequest, AttemptContext, Clock, ModelRequest, Profile, Provider, Usage } from '../engine/index.ts'
import { FailoverError } from '../failure/index.ts'
import { type Answer, decodedBody, exchange, type Pools, readWhole } from '../transport/index.ts'
import { AnswerErrors } from './answer-errors.ts'
import { connectionFreed } from './cancelable.ts'
import { requestBody, requestHeaders } from './outgoing.ts'
import { readStreamedAnswer } from './streamed-answer.ts'
import { readWholeAnswer } from './whole-answer.ts'

export interface HttpProviderOptions {
  readonly name: string
  readonly dialect: Dialect
  /** Where it is, for profiles of this provider that name no `baseUrl` of their own. */
  readonly baseUrl: URL | undefined
  /** Further request headers, lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly pools: Pools
  readonly clock: Clock
  /** Default 8 MiB. */
  readonly maxEventBytes: number | undefined
  readonly maxResponseBytes: number
}

/** What is read of an error's body; what is longer is a page that says no more. */
const MAX_ERROR_BYTES = 256 * 1024
/** How long an error's body may take, milliseconds. Its status has said most already. */
const ERROR_BODY_MS = 5_000

/**
 * A dialect over HTTP. The request is the dialect's JSON body, of which only `model` is replaced; events are its
 * parsed stream events; a request that does not stream yields one event, the whole parsed answer. Events must be
 * iterated, or the signal aborted, or the connection is never free again.
 *
 * `stream` rejects, or its events throw, with the signal's reason where it aborted, else with a FailoverError:
 * `PROVIDER_ERROR` (with status, headers, body; `inStream` where the status was 200), `STREAM_INTERRUPTED`,
 * `NETWORK_ERROR`, `TIMEOUT`.
 */
export class HttpProvider<Request extends ModelRequest = AnyRequest, Event = unknown>
  implements Provider<Request, Event>
{
  readonly name: string
  readonly dialect: DialectName
  readonly #options: HttpProviderOptions

  constructor(options: HttpProviderOptions) {
    this.name = options.name
    this.dialect = options.dialect.name
    this.#options = options
  }

  async stream(request: Request, context: AttemptContext): Promise<AsyncIterable<Event>> {
    context.signal.throwIfAborted()
    const { dialect, pools, clock, maxEventBytes, maxResponseBytes } = this.#options
    const { profile, apiKey, signal, timeouts } = context
    const url = this.#endpointOf(profile)
    const isStreaming = dialect.isStreaming(request)
    const headers = requestHeaders({
      dialect,
      origin: url.origin,
      headers: this.#options.headers,
      profile,
      apiKey,
      isStreaming,
    })
    const body = requestBody(request, context.target.model)
    const answer = await exchange(pools, {
      url,
      method: 'POST',
      headers,
      body,
      signal,
      clock,
      connectMs: timeouts.connectMs,
    })
    const { status } = answer
    const provider = profile.provider
    const errors = new AnswerErrors({
      profileId: profile.id,
      provider,
      dialect: dialect.name,
      sent: { url, headers },
      clock,
      status,
      headers: answer.headers,
    })
    if (status >= 300) throw errors.ofStatus(await this.#errorText(answer, signal))
    const coding = answer.headers['content-encoding']
    const bytes = decodedBody(answer.body, coding)
    if (bytes === undefined) {
      throw errors.inAnswer(`answered in the unknown content-encoding ${coding}`, { reason: 'bad_response' })
    }
    const events = isStreaming
      ? readStreamedAnswer({
          bytes,
          dialect,
          errors,
          signal,
          clock,
          maxEventBytes,
          onActivity: () => context.noteActivity?.(),
        })
      : readWholeAnswer({ bytes, dialect, errors, maxResponseBytes })
    // The provider's JSON is passed on as it came; `Event` is what the caller declares it to be.
    return events as AsyncIterable<Event>
  }

  /** A whole answer was found good before it was handed out: even one without text is what was waited for. */
  isContent(event: Event): boolean {
    const { dialect } = this.#options
    return dialect.isContent(event) || dialect.isWholeAnswer(event)
  }

  isStreaming(request: Request): boolean {
    return this.#options.dialect.isStreaming(request)
  }

  usageOf(event: Event): Usage | undefined {
    return this.#options.dialect.usageOf(event)
  }

  /**
   * Scheme, host and port; the profile's provider where it has no address at all, which `stream` will complain
   * about.
   *
   * @throws FailoverError `INVALID_OPTION` where the profile's address is none
   */
  originOf(profile: Profile): string {
    return this.#baseUrlOf(profile)?.origin ?? profile.provider
  }

  #endpointOf(profile: Profile): URL {
    const baseUrl = this.#baseUrlOf(profile)
    if (baseUrl !== undefined) return this.#options.dialect.endpointOf(baseUrl)
    const message = `profile ${profile.id}: nothing says where provider ${profile.provider} is; give the profile a baseUrl`
    throw new FailoverError('INVALID_OPTION', message)
  }

  /** A profile of another provider gets no address from this one: its key would go to a stranger. */
  #baseUrlOf(profile: Profile): URL | undefined {
    if (profile.baseUrl !== undefined) return parseBaseUrl(`profile ${profile.id}: baseUrl`, profile.baseUrl)
    const { name, baseUrl } = this.#options
    return profile.provider === name ? baseUrl : undefined
  }

  /** What could be read of an error's body; an error that breaks off or dawdles is an error all the same. */
  async #errorText(answer: Answer, signal: AbortSignal): Promise<string> {
    const cancelTimer = this.#options.clock.setTimer(() => answer.body.stop(), ERROR_BODY_MS)
    try {
      const bytes = decodedBody(answer.body, answer.headers['content-encoding'])
      if (bytes === undefined) return ''
      const { text } = await readWhole(bytes, MAX_ERROR_BYTES)
      await connectionFreed()
      return text
    } catch {
      signal.throwIfAborted()
      return ''
    } finally {
      cancelTimer()
    }
  }
}
