import { type AnswerFormat, type AnswerProgress, errorObjectOf, formatOf } from '../dialects/index.ts'
import { SseParser } from '../stream/index.ts'
import { classifyAnswer, classifyFailure } from './classify.ts'
import type { ClassifyInput, Failure } from './failure.ts'
import { leftoverJson } from './stream-text.ts'

/** What is known of an answer before its body: the evidence of `classifyFailure` but for the body and what was thrown. */
export type AnswerReaderOptions = Omit<ClassifyInput, 'body' | 'error' | 'inStream' | 'timeoutPhase'>

/** An answer that is no stream is kept up to this length, characters; what comes later says no more. */
const MAX_KEPT = 65_536
/** The longest line of a stream of JSON lines; a longer one is no event. */
const MAX_LINE = 8 * 1024 * 1024

const DONE = '[DONE]'

/**
 * Judges a streamed answer while it comes, whatever wire format it is in: OpenAI chat completions and responses,
 * Anthropic messages, Gemini, Bedrock's frames as JSON, Ollama's lines. It tells an error inside HTTP 200 when its event
 * arrives, and at the end whether the answer was complete.
 *
 * Bytes may be cut anywhere, also inside a character. Pings, comments and role-only chunks are no content.
 *
 * @example
 * const reader = new AnswerReader({ provider: 'openai' })
 * for await (const chunk of body) failure ??= reader.push(chunk)
 * failure ??= reader.end() // undefined: a complete answer
 */
export class AnswerReader {
  readonly #options: AnswerReaderOptions
  readonly #decoder = new TextDecoder()
  readonly #parser: SseParser
  /** The beginning of the body, until it is known whether it is lines of JSON. */
  #kept = ''
  #line = ''
  #mode: 'unknown' | 'events' | 'lines' = 'unknown'
  #format: AnswerFormat | undefined
  #progress: AnswerProgress | undefined
  #failure: Failure | undefined
  #hasContent = false
  #isOver = false

  constructor(options: AnswerReaderOptions = {}) {
    this.#options = options
    this.#parser = new SseParser({ onEvent: ({ data, name }) => this.#takeData(data, name) })
  }

  /** Something has come that a caller waits for: text, reasoning, a tool call, a refusal. */
  get hasContent(): boolean {
    return this.#hasContent
  }

  /**
   * Takes the next piece of the body.
   *
   * @returns the failure that an event reports, once one has
   */
  push(chunk: Uint8Array | string): Failure | undefined {
    const bytes = typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk
    const text = this.#decoder.decode(bytes, { stream: true })
    if (this.#kept.length < MAX_KEPT) this.#kept += text.slice(0, MAX_KEPT - this.#kept.length)
    if (this.#mode === 'unknown') this.#mode = modeOf(this.#kept)
    if (this.#mode === 'lines') this.#pushLines(text)
    try {
      this.#parser.push(bytes)
    } catch (error) {
      this.#failure ??= classifyAnswer(this.#options, { flaw: 'no_answer', message: String(error) })
    }
    return this.#failure
  }

  /**
   * The stream is at its end.
   *
   * @param error what broke it off, if anything did
   * @returns what is wrong with the answer; undefined where it is complete
   */
  end(error?: unknown): Failure | undefined {
    const leftovers = this.#parser.end()
    if (this.#mode === 'lines') this.#takeData(this.#line)
    if (this.#failure !== undefined) return this.#failure
    const progress = this.#progress
    if (progress !== undefined && progress.state !== 'open') {
      const verdict = progress.verdict()
      return verdict && classifyAnswer(this.#options, verdict)
    }
    if (this.#mode === 'events') this.#takeEvent(leftoverJson(leftovers))
    if (this.#failure !== undefined) return this.#failure
    if (error !== undefined) return classifyFailure({ ...this.#options, status: this.#status, error, inStream: true })
    if (progress === undefined) return this.#judgeWhole()
    return classifyAnswer(this.#options, {
      flaw: 'cut_short',
      message: 'the stream ended before the answer was complete',
    })
  }

  get #status(): number {
    return this.#options.status ?? 200
  }

  /** No event was of a known format: an error in place of a stream, a page, or nothing. */
  #judgeWhole(): Failure | undefined {
    const body = this.#kept
    if (body.trim() === '') return classifyAnswer(this.#options, { flaw: 'empty', message: 'the answer is empty' })
    const failure = classifyFailure({ ...this.#options, status: this.#status, body })
    return failure.ruleId === 'answer.sound' ? undefined : failure
  }

  #pushLines(text: string): void {
    this.#line += text
    for (let end = this.#line.indexOf('\n'); end >= 0; end = this.#line.indexOf('\n')) {
      this.#takeData(this.#line.slice(0, end))
      this.#line = this.#line.slice(end + 1)
    }
    if (this.#line.length > MAX_LINE) this.#line = ''
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
      else this.#failure = classifyAnswer(this.#options, { flaw, message })
      return
    }
    if (this.#format === undefined) return
    this.#hasContent ||= this.#format.isContent(event)
    this.#progress ??= this.#format.startProgress()
    this.#progress.observe(event)
  }

  #fail(body: unknown): void {
    this.#failure ??= classifyFailure({ ...this.#options, status: this.#status, body, inStream: true })
  }
}

/** Lines of JSON begin with an object that ends on its line; a bare error in place of a stream may be printed prettily. */
function modeOf(beginning: string): 'unknown' | 'events' | 'lines' {
  const text = beginning.trimStart()
  if (text === '' || text === '\ufeff') return 'unknown'
  return text.startsWith('{') || text.startsWith('[') ? 'lines' : 'events'
}
