/** Random numbers that a seed decides, so that whatever they led to can be led to again (mulberry32, Tommy Ettinger). */
export class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** Uniform in [0, 1), as `Math.random`; bound, so that it can be handed on. */
  readonly next = (): number => {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }

  /** A whole number from `min` to `max`, both included. */
  int(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1))
  }

  /** A whole number from `min` to `max` whose magnitude is uniform: as many from 1 to 10 as from 100 to 1000. */
  magnitude(min: number, max: number): number {
    return Math.round(min * (max / min) ** this.next())
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.int(0, items.length - 1)] ?? items[0]
  }

  /** One of a list that may be empty. */
  maybe<T>(items: readonly T[]): T | undefined {
    return items[this.int(0, items.length - 1)]
  }

  shuffle<T>(items: readonly T[]): T[] {
    return items
      .map((item) => ({ item, place: this.next() }))
      .sort((a, b) => a.place - b.place)
      .map(({ item }) => item)
  }

  /** Other dice that roll independently of how often these are rolled from now on. */
  fork(): Dice {
    return new Dice(this.int(0, 0xffff_ffff))
  }
}

/** The seed of the n-th world of a run; neighbours have nothing in common. */
export function deriveSeed(base: number, index: number): number {
  let mixed = Math.imul((base ^ Math.imul(index + 1, 0x9e3779b1)) >>> 0, 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
