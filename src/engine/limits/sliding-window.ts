const SLOT_MS = 1_000
const SLOTS = 61
/** More than any key uses in a second. */
const MOST_IN_A_SLOT = 0xffff_ffff

/**
 * How much was used in the last 60 seconds, in slots of one second: what is used counts for 60 to 61 seconds, so the
 * limit holds for every window of a minute wherever the provider lets its minute begin. In whole units.
 */
export class SlidingWindow {
  /** What may be used in 60 seconds, in the caller's unit. */
  limit: number
  /** Made with the first use: many keys that have a limit are never used. */
  #slots: Uint32Array | undefined
  #newest = Number.NEGATIVE_INFINITY
  #total = 0

  constructor(limit: number) {
    this.limit = limit
  }

  add(amount: number, now: number): void {
    this.#roll(now)
    this.#change(this.#newest, amount)
  }

  /** It has turned out to be more or less (negative) than what was added at `addedAt`. */
  correct(amount: number, addedAt: number, now: number): void {
    this.#roll(now)
    const slot = Math.floor(addedAt / SLOT_MS)
    if (slot > this.#newest - SLOTS && slot <= this.#newest) this.#change(slot, amount)
  }

  /**
   * When so much may be used, epoch milliseconds: `now` if it may at once. What is more than the limit alone would never
   * fit: it may be used once nothing else counts.
   */
  availableAt(now: number, amount = 1): number {
    this.#roll(now)
    let left = this.#total
    let slot = this.#newest - SLOTS
    while (left > 0 && left + amount > this.limit && slot < this.#newest) {
      slot += 1
      left -= this.#slots?.[slotIndex(slot)] ?? 0
    }
    return Math.max(now, (slot + SLOTS) * SLOT_MS)
  }

  #change(slot: number, amount: number): void {
    this.#slots ??= new Uint32Array(SLOTS)
    const index = slotIndex(slot)
    const before = this.#slots[index] ?? 0
    const after = Math.min(MOST_IN_A_SLOT, Math.max(0, before + Math.round(amount)))
    this.#slots[index] = after
    this.#total += after - before
  }

  #roll(now: number): void {
    const slot = Math.floor(now / SLOT_MS)
    if (slot <= this.#newest) return
    const expired = Math.min(slot - this.#newest, SLOTS)
    if (this.#slots !== undefined) {
      for (let step = 0; step < expired; step += 1) {
        const index = slotIndex(slot - step)
        this.#total -= this.#slots[index] ?? 0
        this.#slots[index] = 0
      }
    }
    this.#newest = slot
  }
}

function slotIndex(slot: number): number {
  return ((slot % SLOTS) + SLOTS) % SLOTS
}
