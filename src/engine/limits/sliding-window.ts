const SLOT_MS = 1_000
const SLOTS = 61

/**
 * How much was used in the last 60 seconds, in slots of one second: what is used counts for 60 to 61 seconds, so the
 * limit holds for every window of a minute wherever the provider lets its minute begin.
 */
export class SlidingWindow {
  /** What may be used in 60 seconds, in the caller's unit. */
  limit: number
  readonly #slots = new Float64Array(SLOTS)
  #newest = Number.NEGATIVE_INFINITY
  #total = 0

  constructor(limit: number) {
    this.limit = limit
  }

  add(amount: number, now: number): void {
    this.#roll(now)
    const index = slotIndex(this.#newest)
    this.#slots[index] = (this.#slots[index] ?? 0) + amount
    this.#total += amount
  }

  /** When something may be used again, epoch milliseconds: `now` if it may at once. */
  availableAt(now: number): number {
    this.#roll(now)
    let left = this.#total
    let slot = this.#newest - SLOTS
    while (left >= this.limit && slot < this.#newest) {
      slot += 1
      left -= this.#slots[slotIndex(slot)] ?? 0
    }
    return Math.max(now, (slot + SLOTS) * SLOT_MS)
  }

  #roll(now: number): void {
    const slot = Math.floor(now / SLOT_MS)
    if (slot <= this.#newest) return
    const expired = Math.min(slot - this.#newest, SLOTS)
    for (let step = 0; step < expired; step += 1) {
      const index = slotIndex(slot - step)
      this.#total -= this.#slots[index] ?? 0
      this.#slots[index] = 0
    }
    this.#newest = slot
  }
}

function slotIndex(slot: number): number {
  return ((slot % SLOTS) + SLOTS) % SLOTS
}
