import { Diverged, TextSeam } from '../../recovery/index.ts'
import { asObject, type JsonObject } from '../json.ts'
import { ContinuedTexts } from './continued-texts.ts'
import { type DeliveredBlock, type DeliveredMessage, isThought } from './delivered-message.ts'

/**
 * Some servers ignore a prefill and answer from the beginning. Withholds what an attempt says until it is clear that it
 * does not.
 */
export class PrefillGate {
  readonly #open: DeliveredBlock | undefined
  /** The first block of text that says anything. */
  readonly #first: string | undefined
  readonly #seam: TextSeam
  #text = ''
  /** What has come so far, but for thinking, which is wanted in neither case. */
  readonly withheld: object[] = []

  constructor(delivered: DeliveredMessage) {
    const { texts } = delivered
    this.#open = texts.find(({ isOpen }) => isOpen)
    this.#first = texts.find(({ text }) => !text.isEmpty)?.text.text
    this.#seam = new TextSeam('prefill', delivered.text)
  }

  /**
   * @returns how its texts, from the first one, go on with what was delivered; undefined where it is not clear yet that
   * they do
   * @throws Diverged where they may as well begin again
   */
  take(event: object): ContinuedTexts | undefined {
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

  /**
   * The text is at its end, or something else follows: what is so short is no repetition.
   *
   * @throws Diverged where it is a whole block that was delivered so
   */
  end(): ContinuedTexts {
    if (this.#text !== '' && this.#first?.trimStart() === this.#text.trimStart()) throw new Diverged(this.#text.length)
    return this.#continued(this.#seam.end())
  }

  #read(text: unknown): ContinuedTexts | undefined {
    if (typeof text !== 'string' || text === '') return undefined
    this.#text += text
    const fresh = this.#seam.take(text)
    return this.#seam.isWithholding ? undefined : this.#continued(fresh)
  }

  #continued(fresh: string): ContinuedTexts {
    return new ContinuedTexts(this.#seam, this.#open, this.#text.length, this.#text.length - fresh.length)
  }
}
