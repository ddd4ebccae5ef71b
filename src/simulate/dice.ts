const FULL = 0x1_0000_0000
const GOLDEN = 0x9e37_79b9

/** Mixes whole numbers into one of 32 bits: equal ones give the same, and neighbours nothing alike. */
export function mix(...numbers: readonly number[]): number {
  let state = GOLDEN
  for (const number of numbers) state = scramble(state ^ scramble((number + GOLDEN) | 0))
  return state >>> 0
}

/** The same for a text. */
export function mixText(text: string): number {
  let state = text.length
  for (let index = 0; index < text.length; index += 1) state = scramble(state ^ text.charCodeAt(index))
  return state >>> 0
}

/** Chance from a seed: the same seed throws the same, on every machine. */
export class Dice {
  #state: number

  constructor(...seeds: readonly number[]) {
    this.#state = mix(...seeds)
  }

  /** Uniform in [0, 1), as `Math.random`. */
  next(): number {
    this.#state = (this.#state + GOLDEN) | 0
    return (scramble(this.#state) >>> 0) / FULL
  }

  chance(ratio: number): boolean {
    return this.next() < ratio
  }

  /** Around a median, never below 0, and now and then a good deal above it: as latencies are (log-normal). */
  around(median: number, spread: number): number {
    return median * Math.exp(spread * this.#normal())
  }

  /** How long until the next of events that come independently of each other, `mean` apart on average. */
  gap(mean: number): number {
    return -mean * Math.log(1 - this.next())
  }

  #normal(): number {
    // Box and Muller; 1 − x keeps the logarithm away from 0.
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next())
  }
}

/** The finalizer of MurmurHash3: every bit of the input touches every bit of the result. */
function scramble(bits: number): number {
  let state = bits
  state = Math.imul(state ^ (state >>> 16), 0x85eb_ca6b)
  state = Math.imul(state ^ (state >>> 13), 0xc2b2_ae35)
  return state ^ (state >>> 16)
}
