import type { DialectName } from '../dialects/index.ts'
import type { Clock } from '../engine/index.ts'
import { classifyFailure, FailoverError, type FailureReason, redactKnown } from '../failure/index.ts'
import type { ResponseHeaders } from '../transport/index.ts'

/** What an answer's failure is described with. */
interface FailureEvidence {
  readonly reason?: FailureReason | undefined
  /** Text, or parsed JSON. */
  readonly body?: unknown
  readonly cause?: unknown
}

interface AnswerErrorsOptions {
  readonly profileId: string
  readonly provider: string
  readonly dialect: DialectName
  readonly apiKey: string | undefined
  readonly clock: Clock
  readonly status: number
  readonly headers: ResponseHeaders
}

/** The most of a provider's words that a message repeats. */
const MAX_QUOTED_CHARACTERS = 300

/** Builds the errors of one answer. A relay may echo the key it was given: it is masked in everything they hold. */
export class AnswerErrors {
  readonly #options: AnswerErrorsOptions
  readonly #secrets: readonly string[]

  constructor(options: AnswerErrorsOptions) {
    this.#options = options
    const { apiKey } = options
    this.#secrets = apiKey === undefined ? [] : [apiKey, JSON.stringify(apiKey).slice(1, -1)]
  }

  /** An answer whose status is an error. `text` is its body. */
  ofStatus(text: string): FailoverError {
    const { status } = this.#options
    const body = parsedOr(this.#masked(text))
    const quoted = typeof body === 'string' && body.trimStart().startsWith('<') ? 'an HTML page' : messageIn(body)
    return this.#build('PROVIDER_ERROR', `answered ${status}${quoted === '' ? '' : `: ${quoted}`}`, { body }, false)
  }

  /** A 200 answer that reports a failure, or is none that the dialect knows. */
  inAnswer(message: string, evidence: FailureEvidence = {}): FailoverError {
    return this.#build('PROVIDER_ERROR', message, { ...evidence, body: this.#maskedBody(evidence.body) }, true)
  }

  /** A stream that ended, or broke off, before its answer was complete. */
  interrupted(message: string, cause?: unknown): FailoverError {
    return this.#build('STREAM_INTERRUPTED', message, { reason: 'stream_interrupted', cause }, true)
  }

  #build(
    code: 'PROVIDER_ERROR' | 'STREAM_INTERRUPTED',
    message: string,
    evidence: FailureEvidence,
    inStream: boolean,
  ): FailoverError {
    const { status, provider, dialect, profileId, clock } = this.#options
    const text = `${profileId} ${this.#masked(message)}`
    const details = { ...evidence, status, headers: this.#maskedHeaders(), inStream: inStream || undefined }
    const error = new FailoverError(code, text, details)
    const { isRetryable, retryAfterMs } = classifyFailure({ provider, dialect, error, nowMs: clock.now() })
    return new FailoverError(code, text, { ...details, isRetryable, retryAfterMs })
  }

  #masked(text: string): string {
    return redactKnown(text, this.#secrets)
  }

  #maskedBody(body: unknown): unknown {
    if (body === undefined) return undefined
    if (typeof body === 'string') return this.#masked(body)
    const text = JSON.stringify(body)
    const masked = this.#masked(text)
    return masked === text ? body : parsedOr(masked)
  }

  #maskedHeaders(): ResponseHeaders {
    const headers: Record<string, string | string[]> = {}
    for (const [name, value] of Object.entries(this.#options.headers)) {
      headers[name] = typeof value === 'string' ? this.#masked(value) : value.map((item) => this.#masked(item))
    }
    return headers
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

function messageIn(body: unknown): string {
  const text = typeof body === 'string' ? body : (findMessage(body) ?? JSON.stringify(body))
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > MAX_QUOTED_CHARACTERS ? `${line.slice(0, MAX_QUOTED_CHARACTERS)}…` : line
}

/** `error.message`, `error`, `message` or `detail`: where APIs put what they say. */
function findMessage(body: unknown): string | undefined {
  if (typeof body === 'string') return body
  if (typeof body !== 'object' || body === null) return undefined
  for (const key of ['error', 'message', 'detail'] as const) {
    const found = findMessage((body as Record<string, unknown>)[key])
    if (found !== undefined && found !== '') return found
  }
  return undefined
}
