import { type AnswerFormat, type AnswerProgress, errorObjectOf, flawNamed, formatOf } from '../dialects/index.ts'
import { SseParser } from '../stream/index.ts'
import type { JudgedAnswer } from './body.ts'
import { Classifier } from './classify.ts'
import { invalidOption } from './failover-error.ts'
import type { ClassifyInput, Failure } from './failure.ts'
import type { FailureRule } from './own-rules.ts'
import { leftoverJson } from './stream-text.ts'

/** What is known of an answer before its body: the evidence of `classifyFailure` but for the body and what was thrown. */
export interface AnswerReaderOptions extends Omit<ClassifyInput, 'body' | 'error' | 'inStream' | 'timeoutPhase'> {
  /** Rules of your own, asked first. Default: none. */
  readonly rules?: readonly FailureRule[]
}

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
  readonly #evidence: ClassifyInput
  readonly #classifier: Classifier
  readonly #decoder = new TextDecoder()
  readonly #parser: SseParser
  /** The beginning of the body: where it is no stream, it is all that is looked at. */
  #kept = ''
  /** The pieces of the line that has begun, where the body is lines of JSON. */
  #line: string[] = []
  #lineLength = 0
  /** What came before it was known what the body is. */
  #early: Uint8Array[] = []
  #mode: 'unknown' | 'events' | 'lines' = 'unknown'
  #format: AnswerFormat | undefined
  #progress: AnswerProgress | undefined
  #failure: Failure | undefined
  #hasContent = false
  #isOver = false

  /** @throws FailoverError `INVALID_OPTION` where a rule is none */
  constructor({ rules, ...evidence }: AnswerReaderOptions = {}) {
    this.#evidence = { ...evidence, status: evidence.status ?? 200 }
    this.#classifier = new Classifier(rules)
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
   * @throws FailoverError `INVALID_OPTION` where the piece is neither bytes nor text
   */
  push(chunk: Uint8Array | string): Failure | undefined {
    if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array))
      throw invalidOption('chunk', chunk, 'it must be bytes (a Uint8Array) or a text')
    const bytes = typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk
    const text = this.#decoder.decode(bytes, { stream: true })
    if (this.#kept.length < MAX_KEPT) this.#kept += text.slice(0, MAX_KEPT - this.#kept.length)
    const wasUnknown = this.#mode === 'unknown'
    if (wasUnknown) this.#mode = modeOf(this.#kept)
    switch (this.#mode) {
      case 'unknown':
        this.#early.push(bytes.slice())
        break
      case 'lines':
        this.#pushLines(wasUnknown ? this.#kept : text)
        break
      case 'events':
        for (const early of this.#early.splice(0)) this.#parse(early)
        this.#parse(bytes)
        break
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
    if (this.#mode === 'lines') this.#takeLine()
    if (this.#failure !== undefined) return this.#failure
    const progress = this.#progress
    if (progress !== undefined && progress.state !== 'open') {
      const verdict = progress.verdict()
      return verdict && this.#judge(verdict)
    }
    if (this.#mode === 'events') this.#takeEvent(leftoverJson(leftovers))
    if (this.#failure !== undefined) return this.#failure
    if (error !== undefined) return this.#classifier.classify({ ...this.#evidence, error, inStream: true })
    if (progress === undefined) return this.#judgeWhole()
    return this.#judge(flawNamed('cut_short'))
  }

  #judge(answer: JudgedAnswer): Failure {
    return this.#classifier.classifyAnswer(this.#evidence, answer)
  }

  /** No event was of a known format: an error in place of a stream, a page, or nothing. */
  #judgeWhole(): Failure | undefined {
    const body = this.#kept
    if (body.trim() === '') return this.#judge(flawNamed('empty'))
    const failure = this.#classifier.classify({ ...this.#evidence, body })
    return failure.ruleId === 'answer.sound' ? undefined : failure
  }

  #parse(bytes: Uint8Array): void {
    try {
      this.#parser.push(bytes)
    } catch (error) {
      this.#failure ??= this.#judge({ flaw: 'no_answer', message: String(error) })
    }
  }

  #pushLines(text: string): void {
    let from = 0
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      this.#line.push(text.slice(from, end))
      this.#takeLine()
      from = end + 1
    }
    this.#lineLength += text.length - from
    if (this.#lineLength <= MAX_LINE) this.#line.push(text.slice(from))
    else this.#line = []
  }

  #takeLine(): void {
    const line = this.#line.join('')
    this.#line = []
    this.#lineLength = 0
    this.#takeData(line)
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

/** Lines of JSON begin with an object that ends on its line; a bare error in place of a stream may be printed prettily. */
function modeOf(beginning: string): 'unknown' | 'events' | 'lines' {
  const text = beginning.trimStart()
  if (text === '' || text === '\ufeff') return 'unknown'
  return text.startsWith('{') || text.startsWith('[') ? 'lines' : 'events'
}
