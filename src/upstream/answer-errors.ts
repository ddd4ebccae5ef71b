import { type AnswerFlaw, type DialectName, statementIn } from '../dialects/index.ts'
import type { Clock } from '../engine/index.ts'
import { answerRules, classifyFailure, FailoverError } from '../failure/index.ts'
import type { ResponseHeaders } from '../transport/index.ts'
import type { SecretMask } from './secret-mask.ts'

/** What an answer's failure is described with. */
interface FailureEvidence {
  /** What is wrong with it, where no error of the provider's says it. */
  readonly flaw?: AnswerFlaw | undefined
  /** Text, or parsed JSON. */
  readonly body?: unknown
  readonly cause?: unknown
}

interface AnswerErrorsOptions {
  readonly profileId: string
  readonly provider: string
  readonly dialect: DialectName
  /** Hides what the request was sent with: an answer may repeat it. */
  readonly credentials: { readonly mask: SecretMask }
  readonly clock: Clock
  readonly status: number
  readonly headers: ResponseHeaders
}

/** What is read of an error's body; what is longer is a page that says no more. */
export const MAX_ERROR_BYTES = 256 * 1024
/** How long an error's body may take, milliseconds. Its status has said most already. */
export const ERROR_BODY_MS = 5_000
/** The most of a provider's words that a message repeats. */
const MAX_QUOTED_CHARACTERS = 300

/**
 * Builds the errors of one answer. A relay may echo the credentials it was given, the key, the operator's headers or the
 * query: they are masked in everything the errors hold.
 */
export class AnswerErrors {
  readonly #options: AnswerErrorsOptions

  constructor(options: AnswerErrorsOptions) {
    this.#options = options
  }

  /** An answer whose status is an error. `text` is its body. */
  ofStatus(text: string): FailoverError {
    const { status } = this.#options
    const body = this.#maskedBody(text)
    const quoted = typeof body === 'string' && body.trimStart().startsWith('<') ? 'an HTML page' : quote(body)
    return this.#build('PROVIDER_ERROR', `answered ${status}${quoted === '' ? '' : `: ${quoted}`}`, { body }, false)
  }

  /** Can this text be repeated word for word? */
  isClean(text: string): boolean {
    return this.#mask.cutText(text) === text
  }

  /** A 200 answer that reports a failure, or is none that the dialect knows. */
  inAnswer(message: string, evidence: FailureEvidence = {}): FailoverError {
    const { flaw, body, cause } = evidence
    return this.#build('PROVIDER_ERROR', message, { flaw, body: this.#maskedBody(body), cause }, true)
  }

  /** A 200 answer of which no more than this was taken in. */
  tooLarge(maxBytes: number): FailoverError {
    return this.inAnswer(`answered with more than ${maxBytes} bytes`, { flaw: 'no_answer' })
  }

  /** A 200 answer that is not what its content-encoding says. */
  undecodable(cause: unknown): FailoverError {
    const message = 'answered with a body that does not decode as its content-encoding says'
    return this.inAnswer(message, { flaw: 'no_answer', cause })
  }

  /** A stream that ended, or broke off, before its answer was complete. */
  interrupted(message: string, cause?: unknown): FailoverError {
    return this.#build('STREAM_INTERRUPTED', message, { flaw: 'cut_short', cause }, true)
  }

  #build(
    code: 'PROVIDER_ERROR' | 'STREAM_INTERRUPTED',
    message: string,
    { flaw, body, cause: thrown }: FailureEvidence,
    inStream: boolean,
  ): FailoverError {
    const { status, provider, dialect, profileId, clock } = this.#options
    const text = `${profileId} ${this.#mask.text(message)}`
    const rule = flaw === undefined ? undefined : answerRules[flaw]
    const details = {
      reason: rule?.reason,
      ruleId: rule?.id,
      body,
      cause: this.#mask.cause(thrown),
      status,
      headers: this.#maskedHeaders(),
      inStream: inStream || undefined,
    }
    const error = new FailoverError(code, text, details)
    const { isRetryable, retryAfterMs } = classifyFailure({ provider, dialect, error, nowMs: clock.now() })
    return new FailoverError(code, text, { ...details, isRetryable, retryAfterMs })
  }

  get #mask(): SecretMask {
    return this.#options.credentials.mask
  }

  /** JSON is masked after it was parsed: only then are its escapes undone, and no number or key torn up. */
  #maskedBody(body: unknown): unknown {
    const value = typeof body === 'string' ? parsedOr(body) : body
    return typeof value === 'string' ? this.#mask.cutText(value) : this.#mask.json(value)
  }

  #maskedHeaders(): ResponseHeaders {
    const mask = this.#mask
    return Object.fromEntries(
      Object.entries(this.#options.headers).map(([name, value]) => [
        mask.text(name),
        typeof value === 'string' ? mask.text(value) : value.map((item) => mask.text(item)),
      ]),
    )
  }
}

/** The JSON value a text holds, or the text. */
function parsedOr(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** What a body says, on one line. */
function quote(body: unknown): string {
  const line = (statementIn(body) ?? JSON.stringify(body)).replace(/\s+/g, ' ').trim()
  return line.length > MAX_QUOTED_CHARACTERS ? `${line.slice(0, MAX_QUOTED_CHARACTERS)}…` : line
}
