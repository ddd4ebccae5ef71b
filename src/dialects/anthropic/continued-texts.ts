import type { TextSeam } from '../../recovery/index.ts'
import type { TextFit } from './repeated-texts.ts'

/** Another attempt that goes on from a prefill: its first text goes on in the last block, where that is open. */
export class ContinuedTexts implements TextFit {
  readonly #seam: TextSeam
  readonly #open: number | undefined
  /** Characters that the seam has judged before they come here, and how many of them are not to be told. */
  #judged: number
  #suppressed: number
  #isThrough = false

  /** @param open the index of the text block that is open */
  constructor(seam: TextSeam, open: number | undefined, judged: number, suppressed: number) {
    this.#seam = seam
    this.#open = open
    this.#judged = judged
    this.#suppressed = suppressed
  }

  get isThrough(): boolean {
    return this.#isThrough
  }

  get isPast(): boolean {
    return this.#seam.isThrough
  }

  begin(): number | undefined {
    return this.#open
  }

  take(text: string): string {
    const judged = Math.min(text.length, this.#judged)
    const suppressed = Math.min(judged, this.#suppressed)
    this.#judged -= judged
    this.#suppressed -= suppressed
    const known = text.slice(suppressed, judged)
    return judged === text.length ? known : known + this.#seam.take(text.slice(judged))
  }

  endBlock(): void {
    this.end()
  }

  end(): void {
    this.#isThrough = true
    this.#seam.end()
  }
}
