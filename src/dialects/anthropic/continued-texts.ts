import { Diverged, type TextSeam } from '../../recovery/index.ts'
import type { DeliveredBlock } from './delivered-message.ts'
import type { TextFit } from './repeated-texts.ts'

/** Another attempt that goes on from a prefill: its first text goes on in the last block, where that is open. */
export class ContinuedTexts implements TextFit {
  readonly #seam: TextSeam
  readonly #open: number | undefined
  /** Characters that the seam has judged before they come here, and how many of them are not to be told. */
  #judged: number
  #suppressed: number
  #isThrough = false
  readonly #isOpenEmpty: boolean
  /** Characters it has said so far, as long as the caller had got them all. */
  #repeated = 0
  #isAtSeam = true

  /** @param open the text block that is open */
  constructor(seam: TextSeam, open: DeliveredBlock | undefined, judged: number, suppressed: number) {
    this.#seam = seam
    this.#open = open?.index
    this.#isOpenEmpty = open?.text.isEmpty ?? false
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
    const fresh = judged === text.length ? known : known + this.#seam.take(text.slice(judged))
    this.#repeated += text.length
    if (fresh !== '') this.#isAtSeam = false
    return fresh
  }

  /** @throws Diverged where the caller has had all of it, while an empty block is open: nobody can tell which one ends */
  endBlock(): void {
    if (this.#isAtSeam && this.#repeated > 0 && this.#isOpenEmpty) throw new Diverged(this.#repeated)
    this.end()
  }

  end(): void {
    this.#isThrough = true
    this.#seam.end()
  }
}
