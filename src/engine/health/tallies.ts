/** Marks a profile that has no place any more. */
export const NO_SLOT = -1

/**
 * Numbers in which all profiles are compared with each other, side by side in arrays, so that a choice among thousands
 * takes microseconds. Each profile has a slot.
 */
export class Tallies {
  #inFlight = new Int32Array(16)
  #latestUse = new Float64Array(16)
  readonly #free: number[] = []
  #slots = 0
  #uses = 0

  /** Attempts that are under way, by slot. */
  get inFlight(): Int32Array {
    return this.#inFlight
  }

  /** When each was used last, counted in uses of all; 0 for never. By slot. */
  get latestUse(): Float64Array {
    return this.#latestUse
  }

  open(): number {
    const slot = this.#free.pop() ?? this.#slots++
    if (slot >= this.#inFlight.length) this.#grow()
    return slot
  }

  close(slot: number): void {
    this.#inFlight[slot] = 0
    this.#latestUse[slot] = 0
    this.#free.push(slot)
  }

  begin(slot: number): void {
    this.#uses += 1
    this.#inFlight[slot] = (this.#inFlight[slot] ?? 0) + 1
    this.#latestUse[slot] = this.#uses
  }

  end(slot: number): void {
    this.#inFlight[slot] = (this.#inFlight[slot] ?? 0) - 1
  }

  #grow(): void {
    const inFlight = new Int32Array(2 * this.#inFlight.length)
    const latestUse = new Float64Array(2 * this.#latestUse.length)
    inFlight.set(this.#inFlight)
    latestUse.set(this.#latestUse)
    this.#inFlight = inFlight
    this.#latestUse = latestUse
  }
}
