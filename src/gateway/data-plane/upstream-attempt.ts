import { isAscii } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { type AttemptContext, settle, type Usage } from '../../engine/index.ts'
import type { FailoverError } from '../../failure/index.ts'
import { decoderOf, type ExchangeSink, HttpExchange, type ResponseHeaders } from '../../transport/index.ts'
import {
  AnswerErrors,
  type Credentials,
  ERROR_BODY_MS,
  judgeWholeAnswer,
  MAX_ERROR_BYTES,
  type SecretMask,
  type Upstream,
} from '../../upstream/index.ts'
import type { AnswerThread } from './answer-thread.ts'
import type { BodyReader } from './body-reader.ts'
import { CollectedBody } from './collected-body.ts'
import { DecodedBody } from './decoded-body.ts'
import { headersToProvider } from './forwarded-headers.ts'
import { StreamedAnswer } from './streamed-answer.ts'
import type { Wire } from './wire-end.ts'

/** A request as every attempt of it needs it. */
export interface AttemptRequest {
  /** What its attempts have in common where it asks for a stream; undefined where it does not. */
  readonly thread: Pick<AnswerThread, 'holdMaxMs' | 'recovers' | 'trailFor'> | undefined
  /** Can later requests refer to its answer? */
  readonly keepsAnswer: boolean
  /** With the headers as the client sent them. */
  readonly client: Pick<IncomingMessage, 'headers' | 'rawHeaders'>
  /** The client's query without its key, with the question mark; or empty. */
  readonly query: string
  bodyFor(upstream: Upstream, context: AttemptContext): Buffer
  /** A provider refused with this body; what it said can be told word for word. */
  noteErrorBody(error: FailoverError, bytes: Buffer): void
}

const MAX_PLAIN_BYTES = 16 * 1024

/** A whole answer that was found good. */
interface WholeReply {
  readonly status: number
  readonly headers: ResponseHeaders
  /** A text where it is short and ASCII: decoded once, and written in one piece with the head. */
  readonly body: string | Buffer
  readonly usage: Usage | undefined
  /** Hides what must not go on to a client. */
  readonly mask: SecretMask
}

export type UpstreamReply = WholeReply | StreamedAnswer

/** Asks one target. Resolves at the first content of a stream or with the whole answer. */
export function askUpstream(
  upstream: Upstream,
  request: AttemptRequest,
  context: AttemptContext,
): Promise<UpstreamReply> {
  return new Promise((resolve, reject) => {
    new UpstreamAttempt(upstream, request, context, resolve, reject).send()
  })
}

/** One attempt on the wire: reads the head, and gives the body to whoever can judge it. */
class UpstreamAttempt implements ExchangeSink, Wire {
  readonly #upstream: Upstream
  readonly #request: AttemptRequest
  readonly #context: AttemptContext
  readonly #resolve: (reply: UpstreamReply) => void
  readonly #reject: (error: unknown) => void
  readonly #credentials: Credentials
  readonly #wire: HttpExchange
  #body: BodyReader | undefined
  #decoded: DecodedBody | undefined
  #cancelTimer: (() => void) | undefined
  #isOver = false

  /** @throws FailoverError where the target has no address, or no key that can be sent */
  constructor(
    upstream: Upstream,
    request: AttemptRequest,
    context: AttemptContext,
    resolve: (reply: UpstreamReply) => void,
    reject: (error: unknown) => void,
  ) {
    this.#upstream = upstream
    this.#request = request
    this.#context = context
    this.#resolve = resolve
    this.#reject = reject
    const { profile, apiKey, timeouts } = context
    const { clock, pools } = upstream
    this.#credentials = upstream.credentialsOf(profile, apiKey)
    this.#wire = new HttpExchange(
      pools,
      { origin: this.#credentials.origin, clock, connectMs: timeouts.connectMs },
      this,
    )
  }

  send(): void {
    this.#context.onAbort((reason) => this.#onAbort(reason))
    const { dialect } = this.#upstream
    this.#wire.send({
      path: pathOf(this.#credentials, this.#request.query),
      method: 'POST',
      headers: headersToProvider(this.#request.client, dialect.headers, this.#credentials.headers),
      body: this.#request.bodyFor(this.#upstream, this.#context),
    })
  }

  pause(): void {
    const wire = this.#decoded ?? this.#wire
    wire.pause()
  }

  resume(): void {
    const wire = this.#decoded ?? this.#wire
    wire.resume()
  }

  abort(): void {
    this.#wire.abort()
  }

  leave(): void {
    this.#wire.leave()
  }

  onHead(status: number, headers: ResponseHeaders): void {
    const errors = this.#errorsOf(status, headers)
    const isRefusal = status >= 300
    const coding = headers['content-encoding']
    const decoder = decoderOf(coding)
    if (decoder === 'unknown') {
      this.#wire.abort()
      const message = `answered in the unknown content-encoding ${coding}`
      this.#fail(isRefusal ? errors.ofStatus('') : errors.inAnswer(message, { flaw: 'no_answer' }))
      return
    }
    if (!isRefusal) this.#upstream.quotaNotes.take(headers, this.#context)
    const reader = isRefusal ? this.#refusal(errors) : this.#answer(status, headers, errors)
    if (decoder !== 'none') this.#decoded = new DecodedBody(decoder, reader, this.#wire, errors)
    this.#body = this.#decoded ?? reader
  }

  onData(chunk: Buffer): void {
    this.#body?.take(chunk)
  }

  onEnd(): void {
    this.#body?.end()
  }

  onError(error: FailoverError): void {
    if (this.#body === undefined) this.#fail(error)
    else this.#body.fail(error)
  }

  #onAbort(reason: unknown): void {
    if (this.#isOver) return
    this.#wire.abort()
    this.#body?.drop()
    this.#leave()
    this.#reject(reason)
  }

  #answer(status: number, headers: ResponseHeaders, errors: AnswerErrors): BodyReader {
    const { clock, dialect, maxEventBytes, maxResponseBytes } = this.#upstream
    const { thread } = this.#request
    if (thread === undefined) {
      return new CollectedBody({
        maxBytes: maxResponseBytes,
        onDone: (bytes, how, error) => {
          if (how === 'whole') this.#judge(status, headers, bytes, errors)
          else {
            this.#wire.abort()
            this.#fail(error ?? errors.tooLarge(maxResponseBytes))
          }
        },
      })
    }
    return new StreamedAnswer({
      status,
      headers,
      dialect,
      errors,
      clock,
      maxEventBytes,
      mask: this.#credentials.mask,
      context: this.#context,
      trail: thread.trailFor(this.#context),
      recovers: thread.recovers,
      holdMaxMs: thread.holdMaxMs,
      onEvent: this.#noteBindings,
      wire: this,
      onCommit: (answer) => this.#resolve(answer),
      onFailure: (error) => this.#fail(error),
    })
  }

  #judge(status: number, headers: ResponseHeaders, body: Buffer, errors: AnswerErrors): void {
    try {
      const { mask } = this.#credentials
      const { dialect } = this.#upstream
      const isPlain = body.length <= MAX_PLAIN_BYTES && isAscii(body)
      const text = body.toString(isPlain ? 'latin1' : 'utf8')
      const { body: answer, usage } = judgeWholeAnswer(text, dialect, errors)
      this.#noteBindings(answer)
      this.#leave()
      this.#resolve({ status, headers, body: isPlain && !mask.hides(text) ? text : mask.bytes(body), usage, mask })
    } catch (error) {
      this.#fail(error)
    }
  }

  /** What an event, or a whole answer, brings that later requests may refer to. */
  readonly #noteBindings = (event: unknown): void => {
    const { requests } = this.#upstream.dialect
    const answerId = this.#request.keepsAnswer ? requests.answerIdOf(event) : undefined
    if (answerId !== undefined) this.#context.noteBinding?.(answerId)
    for (const id of requests.bindingIdsOf(event)) this.#context.noteBinding?.(id)
  }

  /** An error that breaks off or dawdles is an error all the same. */
  #refusal(errors: AnswerErrors): BodyReader {
    const reader = new CollectedBody({
      maxBytes: MAX_ERROR_BYTES,
      onDone: (bytes, how) => {
        if (how === 'cut') this.#wire.abort()
        const text = how === 'broken' ? '' : bytes.toString('utf8', 0, MAX_ERROR_BYTES)
        const error = errors.ofStatus(text)
        if (how === 'whole' && errors.isClean(text)) this.#request.noteErrorBody(error, bytes)
        this.#fail(error)
      },
    })
    this.#cancelTimer = this.#upstream.clock.setTimer(() => {
      this.#wire.abort()
      reader.cut()
    }, ERROR_BODY_MS)
    return reader
  }

  /** undici gives a connection free one turn after its answer ended; the next attempt is to find it. */
  #fail(error: unknown): void {
    this.#leave()
    void settle().then(() => this.#reject(error))
  }

  #leave(): void {
    this.#cancelTimer?.()
    this.#isOver = true
  }

  #errorsOf(status: number, headers: ResponseHeaders): AnswerErrors {
    const { profile } = this.#context
    const { clock, dialect } = this.#upstream
    return new AnswerErrors({
      profileId: profile.id,
      provider: profile.provider,
      dialect: dialect.name,
      credentials: this.#credentials,
      clock,
      status,
      headers,
    })
  }
}

/** The endpoint's path with both queries: the operator's, which may hold an API version, and the client's. */
function pathOf({ pathname, search }: Credentials, query: string): string {
  if (query === '') return pathname + search
  return pathname + (search === '' ? query : `${search}&${query.slice(1)}`)
}
