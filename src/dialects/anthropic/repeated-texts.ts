import { Diverged, TextSeam } from '../../recovery/index.ts'
import type { DeliveredBlock } from './delivered-message.ts'

/** Fits the text blocks of a further attempt to those that were delivered. */
export interface TextFit {
  /** All that was delivered is there, blocks and all: whatever comes now is new. */
  readonly isThrough: boolean
  /** No more text has to be fitted in the present block. */
  readonly isPast: boolean
  /**
   * A text block begins that has to be fitted.
   *
   * @returns the index of the delivered block that it goes on with; undefined where it is a block of its own
   * @throws Diverged where no text can follow
   */
  begin(): number | undefined
  /** @returns what the caller has not got of it */
  take(text: string): string
  /** The block has ended. */
  endBlock(): void
  /** Something else than text follows, or nothing at all. */
  end(): void
}

/** Another attempt that answers from the beginning: each block, in its borders, must be one that was delivered. */
export class RepeatedTexts implements TextFit {
  /** Only the last one may be open. */
  readonly #blocks: readonly { readonly index: number; readonly isOpen: boolean; readonly end: number }[]
  readonly #seam: TextSeam
  /** Blocks that have been repeated. */
  #repeated = 0
  #characters = 0

  /** @param blocks what was delivered, thinking aside */
  constructor(blocks: readonly DeliveredBlock[]) {
    let end = 0
    this.#blocks = blocks.map(({ index, isOpen, text }) => {
      end += text.length
      return { index, isOpen, end }
    })
    this.#seam = new TextSeam('restart', blocks.map(({ text }) => text.text).join(''))
  }

  get isThrough(): boolean {
    return this.#repeated === this.#blocks.length
  }

  get isPast(): boolean {
    return this.#seam.isThrough
  }

  begin(): number | undefined {
    return this.#blocks[this.#repeated]?.index
  }

  take(text: string): string {
    this.#characters += text.length
    const fresh = this.#seam.take(text)
    const block = this.#blocks[this.#repeated]
    if (block !== undefined && !block.isOpen && this.#characters > block.end) throw new Diverged(block.end)
    return fresh
  }

  endBlock(): void {
    const block = this.#blocks[this.#repeated]
    this.#repeated += 1
    if (this.isThrough) this.#seam.end()
    else if (this.#characters !== block?.end) throw new Diverged(this.#characters)
  }

  end(): void {
    if (!this.isThrough) throw new Diverged(this.#characters)
  }
}
