import type { World } from './plan.ts'
import type { Rule } from './records.ts'
import { PARTS, type Part, simpler } from './simpler-worlds.ts'
import type { Run } from './simulation.ts'

/** A small world in which the same goes wrong. */
export interface Shrunk {
  readonly world: World
  readonly run: Run
  /** How many worlds were run to find it. */
  readonly runs: number
}

export interface ShrinkOptions {
  readonly play: (world: World) => Promise<Run>
  /** When to be content with what has been found. Default 2000. */
  readonly maxRuns?: number
}

/**
 * Makes a world that breaks a rule as small as it can while the same rule is broken first: whole lists by halves and then
 * singly (delta debugging, Zeller 1999), then everything that can be left out or shortened, until nothing helps any more.
 * Always gives the same for the same world.
 */
export function shrink(world: World, failed: Run, { play, maxRuns = 2_000 }: ShrinkOptions): Promise<Shrunk> {
  return new Shrinking(world, failed, play, maxRuns).toTheEnd()
}

class Shrinking {
  readonly #play: (world: World) => Promise<Run>
  readonly #maxRuns: number
  readonly #rule: Rule | undefined
  #world: World
  #run: Run
  #runs = 0

  constructor(world: World, failed: Run, play: (world: World) => Promise<Run>, maxRuns: number) {
    this.#world = world
    this.#run = failed
    this.#play = play
    this.#maxRuns = maxRuns
    this.#rule = failed.violations[0]?.rule
  }

  async toTheEnd(): Promise<Shrunk> {
    for (let before: World | undefined; before !== this.#world && !this.#isTired; ) {
      before = this.#world
      for (const part of PARTS) await this.#thin(part)
      await this.#simplify()
    }
    return { world: this.#world, run: this.#run, runs: this.#runs }
  }

  get #isTired(): boolean {
    return this.#runs >= this.#maxRuns
  }

  /** Takes the candidate if the same rule is still broken in it. */
  async #take(candidate: World): Promise<boolean> {
    if (this.#isTired) return false
    this.#runs += 1
    // With less in it, it may be no world at all: options that need each other, for one.
    const run = await this.#play(candidate).catch(() => undefined)
    if (run === undefined || run.violations[0]?.rule !== this.#rule) return false
    this.#world = candidate
    this.#run = run
    return true
  }

  /** Leaves out pieces of a list, half of it first, then ever smaller ones. */
  async #thin<Item>({ of, withOnly }: Part<Item>): Promise<void> {
    for (let size = Math.ceil(of(this.#world).length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let from = 0; from < of(this.#world).length; ) {
        const items = of(this.#world)
        const rest = [...items.slice(0, from), ...items.slice(from + size)]
        if (!(await this.#take(withOnly(this.#world, rest)))) from += size
      }
    }
  }

  /** Tries everything that would make it simpler; after each success it looks again what there is. */
  async #simplify(): Promise<void> {
    for (let index = 0; !this.#isTired; ) {
      const candidate = simpler(this.#world)[index]
      if (candidate === undefined) return
      if (!(await this.#take(candidate))) index += 1
    }
  }
}
