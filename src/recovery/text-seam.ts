import { Diverged, type ResumeMode } from './answer-trail.ts'

/**
 * An attempt that was given a prefill, and agrees with the beginning of the answer for so long, may have begun from
 * there; UTF-16 code units.
 */
export const ECHO_CHARACTERS = 24
const HIGH_SURROGATE = /[\ud800-\udbff]$/

/**
 * What is left of a delivered text that another target is to go on from: no white space at its end, which some servers
 * refuse and all take as a token of its own, and no half of a character.
 */
export function prefillOf(delivered: string): string {
  let text = delivered.trimEnd()
  while (HIGH_SURROGATE.test(text)) text = text.slice(0, -1).trimEnd()
  return text
}

/**
 * How far a new attempt has come with what was delivered:
 *
 * - `undecided`: it was given a prefill, and what it says so far might also be the beginning of the whole answer
 * - `tail`: it goes on behind the prefill, but what was delivered behind that is not all repeated
 * - `repeating`: it was given no prefill, and says from the beginning what was delivered
 * - `through`: there is nothing left that it would have to repeat
 */
type Phase = 'undecided' | 'tail' | 'repeating' | 'through'

/** Fits the text of a new attempt to the text that was delivered, character by character, wherever its pieces are cut. */
export class TextSeam {
  readonly #delivered: string
  #phase: Phase
  /** What was delivered behind the prefill. */
  readonly #tail: string
  /** Characters of what is to be repeated that have been. */
  #matched = 0
  #withheld = ''
  #isPast = false
  /** How an answer that begins again begins, white space in front of it aside. */
  readonly #head: string

  constructor(mode: ResumeMode, delivered: string) {
    this.#delivered = delivered
    const prefill = mode === 'prefill' ? prefillOf(delivered) : ''
    this.#tail = prefill === '' ? '' : delivered.slice(prefill.length)
    this.#head = delivered.trimStart().slice(0, ECHO_CHARACTERS)
    if (delivered === '') this.#phase = 'through'
    else this.#phase = prefill === '' ? 'repeating' : 'undecided'
  }

  /** Text has come that the caller had not got. */
  get isPast(): boolean {
    return this.#isPast
  }

  /** Nothing is left to be repeated: all further text is new. */
  get isThrough(): boolean {
    return this.#phase === 'through'
  }

  /** Text was taken that may yet turn out to be new. */
  get isWithholding(): boolean {
    return this.#withheld !== ''
  }

  /**
   * Takes the next piece of the attempt's text.
   *
   * @returns what the caller has not got of all that was taken, always the end of it: mostly the end of this piece or
   * all of it, and more where something was withheld; empty where there is nothing new, or it cannot be told yet
   * @throws Diverged
   */
  take(text: string): string {
    const fresh = this.#freshOf(text)
    if (fresh !== '') this.#isPast = true
    return fresh
  }

  /**
   * The attempt says no more text, or something else follows its text.
   *
   * @returns what was withheld of it
   * @throws Diverged where something is missing, white space aside
   */
  end(): string {
    if (this.#phase === 'through') return ''
    const fresh = this.#phase === 'undecided' ? this.#goOn() : ''
    const missing = (this.#phase === 'repeating' ? this.#delivered : this.#tail).slice(this.#matched)
    if (!this.isThrough && missing.trim() !== '') throw this.#diverged()
    this.#phase = 'through'
    if (fresh !== '') this.#isPast = true
    return fresh
  }

  #freshOf(text: string): string {
    switch (this.#phase) {
      case 'undecided':
        return this.#decide(text)
      case 'tail':
        return this.#crossTail(text)
      case 'repeating':
        return this.#repeat(text)
      case 'through':
        return text
    }
  }

  /**
   * Some servers ignore a prefill and answer from the beginning. A true continuation may begin so as well, where the
   * answer repeats itself, and nothing in it tells which of the two it is.
   */
  #decide(text: string): string {
    this.#withheld += text
    const said = this.#withheld.trimStart()
    const agreed = agreedLength(said, this.#head, this.#head.length)
    if (agreed === this.#head.length) throw new Diverged(agreed)
    return agreed < said.length ? this.#goOn() : ''
  }

  #goOn(): string {
    const text = this.#withheld
    this.#withheld = ''
    this.#phase = 'tail'
    return this.#crossTail(text)
  }

  #crossTail(text: string): string {
    const tail = this.#tail.slice(this.#matched)
    const agreed = agreedLength(text, tail, tail.length)
    if (agreed < tail.length && agreed < text.length) {
      // The white space that was delivered stands between what was said before and what is said now.
      const isBorder = this.#matched + agreed === 0 && !/^\s/.test(text) && this.#tail.trim() === ''
      if (!isBorder) {
        this.#matched += agreed
        throw this.#diverged()
      }
      this.#phase = 'through'
      return text
    }
    this.#matched += agreed
    if (this.#matched === this.#tail.length) this.#phase = 'through'
    return text.slice(agreed)
  }

  #repeat(text: string): string {
    const left = this.#delivered.length - this.#matched
    const compared = Math.min(left, text.length)
    if (!this.#delivered.startsWith(text.length > left ? text.slice(0, left) : text, this.#matched)) {
      this.#matched += agreedLength(text, this.#delivered.slice(this.#matched), compared)
      throw this.#diverged()
    }
    this.#matched += compared
    if (compared === left) this.#phase = 'through'
    return text.slice(compared)
  }

  #diverged(): Diverged {
    const given = this.#phase === 'tail' ? this.#delivered.length - this.#tail.length : 0
    return new Diverged(given + this.#matched)
  }
}

/** How many characters two texts agree from their beginnings, at most so many. */
function agreedLength(text: string, other: string, atMost: number): number {
  const end = Math.min(text.length, other.length, atMost)
  let at = 0
  while (at < end && text.charCodeAt(at) === other.charCodeAt(at)) at += 1
  return at
}
