import {
  type AnswerFormat,
  type AnswerProgress,
  errorObjectOf,
  flawNamed,
  formatOf,
  isLackOfContent,
} from '../dialects/index.ts'
import { SseParser } from '../stream/index.ts'
import type { JudgedAnswer } from './body.ts'
import { bodyBeginning } from './body-beginning.ts'
import { ByteCollector } from './byte-collector.ts'
import { Classifier } from './classify.ts'
import { invalidOption } from './failover-error.ts'
import type { ClassifyInput, Failure } from './failure.ts'
import { JsonPieces } from './json-pieces.ts'
import { jsonObjectIn } from './literal.ts'
import type { FailureRule } from './own-rules.ts'
import { isEventText, leftoverJson } from './stream-text.ts'

/** What is known of an answer before its body: the evidence of `classifyFailure` but for the body and what was thrown. */
export interface AnswerReaderOptions extends Omit<ClassifyInput, 'body' | 'error' | 'inStream' | 'timeoutPhase'> {
  /** Rules of your own, asked first. Default: none. */
  readonly rules?: readonly FailureRule[]
}

/** A body that is no answer is kept up to this length; what comes later says no more. */
const MAX_KEPT_BYTES = 65_536
/** The largest event, line or document that is read. Whether an answer with a larger one is sound cannot be told. */
const MAX_EVENT_BYTES = 16 * 1024 * 1024

const DONE = '[DONE]'

/**
 * Judges a streamed answer while it comes, whatever wire format it is in: OpenAI chat completions and responses,
 * Anthropic messages, Gemini, Bedrock's frames as JSON, Ollama's lines. It tells an error inside HTTP 200 when its event
 * arrives, and at the end whether the answer was complete. An answer that is one JSON document, Gemini's lists too, is
 * judged at its end.
 *
 * Bytes may be cut anywhere, also inside a character. Pings, comments and role-only chunks are no content. Of an answer
 * with an event or document of more than 16 MiB it cannot be told whether it is complete: it is not called broken.
 *
 * @example
 * const reader = new AnswerReader({ provider: 'openai' })
 * for await (const chunk of body) failure ??= reader.push(chunk)
 * failure ??= reader.end() // undefined: a complete answer
 */
export class AnswerReader {
  readonly #evidence: ClassifyInput
  readonly #classifier: Classifier
  readonly #parser: SseParser
  readonly #json = new JsonPieces({ onLine: (line) => this.#takeData(line), maxBytes: MAX_EVENT_BYTES })
  /** The beginning of the body: where it is no answer, it is all that is looked at. */
  readonly #kept = new ByteCollector(MAX_KEPT_BYTES)
  /** The first bytes of a byte order mark, while no more than these have come. */
  #early: Uint8Array = new Uint8Array()
  #mode: 'unknown' | 'events' | 'json' = 'unknown'
  /** An event was larger than what is read; what follows it is not looked at. */
  #isGivenUp = false
  #format: AnswerFormat | undefined
  #progress: AnswerProgress | undefined
  #failure: Failure | undefined
  #hasContent = false
  #isOver = false

  /** @throws FailoverError `INVALID_OPTION` where a rule is none */
  constructor({ rules, ...evidence }: AnswerReaderOptions = {}) {
    this.#evidence = { ...evidence, status: evidence.status ?? 200 }
    this.#classifier = new Classifier(rules)
    this.#parser = new SseParser({
      onEvent: ({ data, name }) => this.#takeData(data, name),
      maxEventBytes: MAX_EVENT_BYTES,
    })
  }

  /** Something has come that a caller waits for: text, reasoning, a tool call, a refusal. */
  get hasContent(): boolean {
    // So much is content, whatever it says.
    return this.#hasContent || this.#isPartlyUnread
  }

  /**
   * Takes the next piece of the body.
   *
   * @returns the failure that an event reports, once one has
   * @throws FailoverError `INVALID_OPTION` where the piece is neither bytes nor text
   */
  push(chunk: Uint8Array | string): Failure | undefined {
    if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array))
      throw invalidOption('chunk', chunk, 'it must be bytes (a Uint8Array) or a text')
    const bytes = typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk
    this.#take(this.#mode === 'unknown' ? this.#begin(bytes) : bytes)
    return this.#failure
  }

  /**
   * The stream is at its end.
   *
   * @param error what broke it off, if anything did
   * @returns what is wrong with the answer; undefined where it is complete
   */
  end(error?: unknown): Failure | undefined {
    const leftovers = this.#isGivenUp ? '' : this.#parser.end()
    const document = this.#mode === 'json' ? this.#json.end() : undefined
    if (this.#failure !== undefined) return this.#failure
    const mayBeDocument = document !== undefined && this.#format?.streamsLines !== true
    const whole = mayBeDocument ? jsonObjectIn(document) : undefined
    if (whole !== undefined) return this.#judgeDocument(whole)
    const progress = this.#progress
    if (progress !== undefined && progress.state !== 'open') {
      const verdict = progress.verdict()
      return verdict && !(this.#isPartlyUnread && isLackOfContent(verdict.flaw)) ? this.#judge(verdict) : undefined
    }
    if (this.#mode === 'events') this.#takeEvent(leftoverJson(leftovers))
    if (this.#failure !== undefined) return this.#failure
    if (error !== undefined) return this.#classifier.classify({ ...this.#evidence, error, inStream: true })
    if (this.#isPartlyUnread && !this.#isRefusal) return undefined
    if (progress === undefined) return this.#judgeKept()
    return this.#judge(flawNamed('cut_short'))
  }

  /** Something of it was too large to be looked at: nothing can be said to be missing. */
  get #isPartlyUnread(): boolean {
    return this.#json.isTooLong || (this.#isGivenUp && isEventText(this.#kept.text()))
  }

  get #isRefusal(): boolean {
    return Number(this.#evidence.status) >= 400
  }

  #judge(answer: JudgedAnswer): Failure {
    return this.#classifier.classifyAnswer(this.#evidence, answer)
  }

  /** An answer of one document: what it is worth, whatever its end of the line. */
  #judgeDocument(document: object): Failure | undefined {
    const events: readonly unknown[] = Array.isArray(document) ? document : [document]
    this.#hasContent ||= events.some((event) => formatOf(event)?.isContent(event) === true)
    return this.#judgeBody(document)
  }

  /** No event was of a known format: an error in place of a stream, a page, or nothing. */
  #judgeKept(): Failure | undefined {
    const body = this.#kept.text()
    return body.trim() === '' ? this.#judge(flawNamed('empty')) : this.#judgeBody(body)
  }

  #judgeBody(body: unknown): Failure | undefined {
    const failure = this.#classifier.classify({ ...this.#evidence, body })
    return failure.ruleId === 'answer.sound' ? undefined : failure
  }

  /** @returns the bytes from where the body tells what it is; none where it has not come to that */
  #begin(bytes: Uint8Array): Uint8Array {
    const { start, form } = bodyBeginning(Buffer.concat([this.#early, bytes]))
    this.#mode = form
    this.#early = form === 'unknown' ? start : new Uint8Array()
    return form === 'unknown' ? new Uint8Array() : start
  }

  #take(bytes: Uint8Array): void {
    this.#kept.push(bytes)
    if (this.#mode === 'json') this.#json.push(bytes)
    if (this.#mode === 'events' && !this.#isGivenUp) this.#parse(bytes)
  }

  #parse(bytes: Uint8Array): void {
    try {
      this.#parser.push(bytes)
    } catch {
      this.#isGivenUp = true
    }
  }

  #takeData(data: string, name?: string): void {
    if (this.#isOver) return
    if (data === DONE) this.#isOver = true
    let event: unknown
    try {
      event = JSON.parse(data)
    } catch {
      if (name === 'error') this.#fail(data)
      return
    }
    if (name === 'error' && formatOf(event) === undefined) this.#fail(event)
    else this.#takeEvent(event)
  }

  #takeEvent(event: unknown): void {
    if (typeof event !== 'object' || event === null || this.#failure !== undefined) return
    this.#format ??= formatOf(event)
    const reported = this.#format?.errorOf(event) ?? errorObjectOf(Array.isArray(event) ? event[0] : event)
    if (reported !== undefined) {
      const { flaw, message } = reported
      if (flaw === undefined) this.#fail(event)
      else this.#failure = this.#judge({ flaw, message })
      return
    }
    if (this.#format === undefined) return
    this.#hasContent ||= this.#format.isContent(event)
    this.#progress ??= this.#format.startProgress()
    this.#progress.observe(event)
  }

  #fail(body: unknown): void {
    this.#failure ??= this.#classifier.classify({ ...this.#evidence, body, inStream: true })
  }
}
