import { Diverged, type ResumeMode, TextSeam } from '../../recovery/index.ts'
import type { JsonObject } from '../json.ts'
import { withWholeUsage } from './chat-usage.ts'
import type { Chunk } from './chunk.ts'
import { withParts } from './chunk-parts.ts'
import type { DeliveredChat } from './delivered-chat.ts'

/**
 * What becomes of an attempt's reasoning:
 *
 * - `new`: the caller gets it
 * - `repeated`: the caller has the beginning of it, or of another one
 * - `unwanted`: it comes before what the caller has
 */
type ReasoningFate = 'new' | 'repeated' | 'unwanted'

/** Fits the chunks of a further attempt to the answer that the caller has the beginning of. */
export class ChatSeam {
  readonly #delivered: DeliveredChat
  readonly #text: TextSeam
  readonly #reasoning: TextSeam
  /** Characters of reasoning that the attempt has repeated. */
  #repeatedReasoning = 0
  #isReasoningOver: boolean
  /** The caller has reasoning that nobody signed: no signature is that of the whole. */
  readonly #isUnsigned: boolean
  /** About as many as the prefill has that the attempt was given; 0 where it was given none. */
  readonly #prefillTokens: number
  #isPast = false
  /** The latest chunk, as a form for one of our own. */
  #latest: object = {}

  constructor(mode: ResumeMode, delivered: DeliveredChat) {
    this.#delivered = delivered
    const { text, reasoning } = delivered
    this.#text = new TextSeam(mode, text)
    this.#reasoning = new TextSeam('restart', reasoning)
    this.#isReasoningOver = reasoning === ''
    this.#isUnsigned = delivered.reasoningKey !== undefined
    this.#prefillTokens = mode === 'prefill' ? delivered.textTokens : 0
  }

  /** The attempt has brought something that the caller had not got. */
  get isPast(): boolean {
    return this.#isPast
  }

  /**
   * @returns what the caller gets for this chunk, if anything
   * @throws Diverged
   */
  fit(event: object, chunk: Chunk): object | undefined {
    this.#latest = event
    const reasoning = this.#freshReasoning(chunk)
    const isSigned = chunk.isSigned && !this.#isUnsigned && this.#reasoningFate === 'new'
    let text = chunk.text === '' ? '' : this.#text.take(chunk.text)
    const isOther = chunk.calls.length > 0 || chunk.isFinish || chunk.foreign !== undefined
    // Whatever it is, it stands behind the text that was delivered.
    if (isOther) text += this.#text.end()
    if (isOther || text !== '') this.#isReasoningOver = true
    const isNew = text !== '' || reasoning !== '' || isSigned || isOther
    this.#isPast ||= isNew
    const hasRole = chunk.hasRole && !this.#delivered.hasRole
    if (!this.#isPast && !hasRole) return undefined
    const { reasoningKey } = this.#delivered
    return this.#identified(withParts(event, chunk, { text, reasoning, reasoningKey, isSigned, hasRole }))
  }

  /**
   * The attempt's answer is complete.
   *
   * @returns what was withheld of it, if anything
   * @throws Diverged
   */
  finish(): object | undefined {
    const text = this.#text.end()
    if (text === '') return undefined
    this.#isPast = true
    const { usage: _, ...chunk } = this.#latest as JsonObject
    return this.#identified({ ...chunk, choices: [{ index: 0, delta: { content: text }, finish_reason: null }] })
  }

  #identified(event: object): object {
    const whole = this.#prefillTokens > 0 ? withWholeUsage(event, this.#prefillTokens) : event
    return { ...whole, ...this.#delivered.identity }
  }

  get #reasoningFate(): ReasoningFate {
    if (!this.#isReasoningOver) return 'repeated'
    const isBehindText = this.#delivered.endsInReasoning ? this.#text.isPast : this.#text.isThrough
    return isBehindText ? 'new' : 'unwanted'
  }

  #freshReasoning({ reasoning }: Chunk): string {
    const fate = this.#reasoningFate
    if (reasoning === '' || fate === 'unwanted') return ''
    return fate === 'new' ? reasoning : this.#behindRepeated(reasoning)
  }

  #behindRepeated(reasoning: string): string {
    const known = this.#repeatedReasoning
    this.#repeatedReasoning += reasoning.length
    try {
      const fresh = this.#reasoning.take(reasoning)
      this.#isReasoningOver = this.#reasoning.isThrough
      return fresh
    } catch (error) {
      if (!(error instanceof Diverged)) throw error
      // Nothing binds it to the one before: it is told from its own beginning.
      this.#isReasoningOver = true
      const { reasoning: told } = this.#delivered
      this.#delivered.beginReasoningAgain()
      return told.slice(0, known) + reasoning
    }
  }
}
