import type { DialectName } from '../dialects/index.ts'
import type { AnyRequest, AttemptContext, ModelRequest, Profile, Provider, Usage } from '../engine/index.ts'
import { type Answer, decodedBody, exchange, readWhole } from '../transport/index.ts'
import { AnswerErrors, ERROR_BODY_MS, MAX_ERROR_BYTES, type Upstream } from '../upstream/index.ts'
import { connectionFreed } from './cancelable.ts'
import { requestBody, requestHeaders } from './outgoing.ts'
import { readStreamedAnswer } from './streamed-answer.ts'
import { readWholeAnswer } from './whole-answer.ts'

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
  /** Where and how its requests go. */
  readonly upstream: Upstream

  constructor(upstream: Upstream) {
    this.name = upstream.name
    this.dialect = upstream.dialect.name
    this.upstream = upstream
  }

  async stream(request: Request, context: AttemptContext): Promise<AsyncIterable<Event>> {
    context.signal.throwIfAborted()
    const { dialect, pools, clock, maxEventBytes, maxResponseBytes } = this.upstream
    const { profile, apiKey, signal, timeouts } = context
    const url = this.upstream.endpointOf(profile)
    const isStreaming = dialect.isStreaming(request)
    const credentials = this.upstream.credentialsOf(profile, apiKey)
    const headers = requestHeaders(dialect, isStreaming, credentials.headers)
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
      credentials,
      clock,
      status,
      headers: answer.headers,
    })
    if (status >= 300) throw errors.ofStatus(await this.#errorText(answer, signal))
    const coding = answer.headers['content-encoding']
    const bytes = decodedBody(answer.body, coding)
    if (bytes === undefined) {
      throw errors.inAnswer(`answered in the unknown content-encoding ${coding}`, { flaw: 'no_answer' })
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
      : readWholeAnswer({ bytes, dialect, errors, signal, maxResponseBytes })
    // The provider's JSON is passed on as it came; `Event` is what the caller declares it to be.
    return events as AsyncIterable<Event>
  }

  /** A whole answer was found good before it was handed out: even one without text is what was waited for. */
  isContent(event: Event): boolean {
    const { dialect } = this.upstream
    return dialect.isContent(event) || dialect.isWholeAnswer(event)
  }

  isStreaming(request: Request): boolean {
    return this.upstream.dialect.isStreaming(request)
  }

  usageOf(event: Event): Usage | undefined {
    return this.upstream.dialect.usageOf(event)
  }

  /**
   * Scheme, host and port; the profile's provider where it has no address at all, which `stream` will complain
   * about.
   *
   * @throws FailoverError `INVALID_OPTION` where the profile's address is none
   */
  originOf(profile: Profile): string {
    return this.upstream.originOf(profile)
  }

  /** What could be read of an error's body; an error that breaks off or dawdles is an error all the same. */
  async #errorText(answer: Answer, signal: AbortSignal): Promise<string> {
    const cancelTimer = this.upstream.clock.setTimer(() => answer.body.stop(), ERROR_BODY_MS)
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
