import { type Binding, type DialectName, estimateTokens, ParsedBody, type SessionGuess } from '../dialects/index.ts'
import type { AnyRequest, AttemptContext, ModelRequest, Profile, Provider, Recovery, Usage } from '../engine/index.ts'
import { answerRules, classifyFailure, FailoverError } from '../failure/index.ts'
import { type Answer, decodedBody, exchange, readWhole } from '../transport/index.ts'
import { AnswerErrors, ERROR_BODY_MS, inPrefillForm, MAX_ERROR_BYTES, type Upstream } from '../upstream/index.ts'
import { connectionFreed } from './cancelable.ts'
import { answerIdNote, requestBody, requestHeaders, withoutBindings } from './outgoing.ts'
import { HttpRecovery } from './recovery.ts'
import { readStreamedAnswer } from './streamed-answer.ts'
import { readWholeAnswer } from './whole-answer.ts'

/**
 * A dialect over HTTP. The request is the dialect's JSON body, of which only `model` is replaced, and a prefill of ours
 * written as the target wants it; events are its parsed stream events; a request that does not stream yields one event,
 * the whole parsed answer. Events must be iterated, or the signal aborted, or the connection is never free again.
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
  /** How an answer that broke off is continued. */
  readonly recovery: Recovery<Request, Event>

  constructor(upstream: Upstream) {
    this.name = upstream.name
    this.dialect = upstream.dialect.name
    this.upstream = upstream
    this.recovery = new HttpRecovery(upstream)
  }

  async stream(request: Request, context: AttemptContext): Promise<AsyncIterable<Event>> {
    context.signal.throwIfAborted()
    const { dialect, pools, clock, maxEventBytes, maxResponseBytes } = this.upstream
    const { profile, apiKey, signal, timeouts } = context
    const url = this.upstream.endpointOf(profile)
    const isStreaming = dialect.isStreaming(request)
    const credentials = this.upstream.credentialsOf(profile, apiKey)
    const headers = requestHeaders(dialect, isStreaming, credentials.headers)
    const unbound = withoutBindings(dialect, request, context.dropped)
    const body = requestBody(this.#asResumed(unbound, context), context.target.model)
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
    this.upstream.quotaNotes.take(answer.headers, context)
    const coding = answer.headers['content-encoding']
    const bytes = decodedBody(answer.body, coding)
    if (bytes === undefined) {
      throw errors.inAnswer(`answered in the unknown content-encoding ${coding}`, { flaw: 'no_answer' })
    }
    const onEvent = answerIdNote(dialect, request, context)
    const events = isStreaming
      ? readStreamedAnswer({
          bytes,
          isContinuation: context.resume === 'prefill',
          dialect,
          errors,
          signal,
          clock,
          maxEventBytes,
          onEvent,
          onActivity: () => context.noteActivity?.(),
        })
      : readWholeAnswer({ bytes, dialect, errors, signal, maxResponseBytes, onEvent })
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

  /** Ids of responses and files, signed thinking, containers: what only their maker can serve. */
  bindingsOf(request: Request): readonly Binding[] {
    return this.upstream.dialect.requests.bindingsOf(new ParsedBody(request))
  }

  /** The id of an answer that is kept as a whole is not among them: whether it is, its request says (`noteBinding`). */
  bindingIdsOf(event: Event): readonly string[] {
    return this.upstream.dialect.requests.bindingIdsOf(event)
  }

  /** The name a client gives to its session, else the system prompt and the first user message. */
  guessSession(request: Request): SessionGuess | undefined {
    return this.upstream.dialect.requests.sessionOf(new ParsedBody(request))
  }

  /** Bytes of the prompt ÷ 4, and the most the answer may have (1,024 where the request sets no limit). */
  estimateTokens(request: Request): number {
    return estimateTokens(this.upstream.dialect.requests, new ParsedBody(request))
  }

  /**
   * Asks for one token. A refusal that is the request's own fault shows as well as an answer that the model is back, and
   * so does an answer whose one token is hidden.
   */
  async probe(context: AttemptContext): Promise<void> {
    const { dialect, clock } = this.upstream
    const { model } = context.target
    try {
      // `Request` is what callers declare the dialect's JSON to be.
      const events = await this.stream({ ...dialect.probe, model } as unknown as Request, context)
      for await (const _ of events);
    } catch (error) {
      const { scope } = classifyFailure({
        provider: this.name,
        dialect: dialect.name,
        model,
        error,
        nowMs: clock.now(),
      })
      const isEmpty = error instanceof FailoverError && error.ruleId === answerRules.empty.id
      if (scope !== 'request' && !isEmpty) throw error
    }
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

  /** A prefill stands in the request as a plain message; a target may want more. */
  #asResumed(request: Request, { resume, profile, target }: AttemptContext): Request {
    const form = resume === 'prefill' ? this.upstream.prefillFor(profile, target.model) : undefined
    return form === undefined ? request : inPrefillForm(request, form)
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
