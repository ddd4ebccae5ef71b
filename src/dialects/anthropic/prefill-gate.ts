import { Diverged, ECHO_CHARACTERS, TextSeam } from '../../recovery/index.ts'
import { asObject, type JsonObject } from '../json.ts'
import { ContinuedTexts } from './continued-texts.ts'
import { type DeliveredBlock, type DeliveredMessage, isThought } from './delivered-message.ts'
import { RepeatedTexts, type TextFit } from './repeated-texts.ts'

/**
 * Some servers ignore a prefill and answer from the beginning. Withholds what an attempt says until it is clear which
 * of the two it does.
 */
export class PrefillGate {
  readonly #texts: readonly DeliveredBlock[]
  readonly #open: DeliveredBlock | undefined
  readonly #delivered: string
  readonly #seam: TextSeam
  #text = ''
  /** What has come so far, but for thinking, which is wanted in neither case. */
  readonly withheld: object[] = []

  constructor(delivered: DeliveredMessage) {
    this.#texts = delivered.texts
    this.#open = this.#texts.find(({ isOpen }) => isOpen)
    this.#delivered = delivered.text
    this.#seam = new TextSeam('prefill', this.#delivered)
  }

  /**
   * @returns how its texts, from the first one, are to be fitted; undefined where that is not clear yet
   * @throws Diverged where it will never be
   */
  take(event: object): TextFit | undefined {
    const { type, content_block, delta } = event as JsonObject
    const piece = asObject(content_block) ?? asObject(delta) ?? {}
    const isThinking = isThought(piece.type) || piece.type === 'thinking_delta' || piece.type === 'signature_delta'
    if (isThinking && this.#text === '') {
      if (type === 'content_block_start') this.withheld.push(event)
      return undefined
    }
    this.withheld.push(event)
    if (piece.type === 'text' || piece.type === 'text_delta') return this.#read(piece.text)
    return type === 'content_block_stop' && this.#text === '' ? undefined : this.end()
  }

  /** The text is at its end, or something else follows: what is so short is no repetition. */
  end(): TextFit {
    const [first] = this.#texts
    // Unless it is a whole block that was delivered so.
    if (this.#text !== '' && first?.text.text === this.#text) {
      throw new Diverged(this.#text.length)
    }
    return this.#continued(this.#seam.end())
  }

  #read(text: unknown): TextFit | undefined {
    if (typeof text !== 'string' || text === '') return undefined
    this.#text += text
    const fresh = this.#seam.take(text)
    if (this.#seam.isWithholding) return undefined
    // Where it agreed with less, or with what is not the only one of its kind, the seam has given up.
    const isRepetition = this.#text.startsWith(this.#delivered.slice(0, ECHO_CHARACTERS))
    return isRepetition ? new RepeatedTexts(this.#texts) : this.#continued(fresh)
  }

  #continued(fresh: string): TextFit {
    return new ContinuedTexts(this.#seam, this.#open, this.#text.length, this.#text.length - fresh.length)
  }
}
