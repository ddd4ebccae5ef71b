const SLOT_MS = 10_000
const SLOTS = 7

/**
 * How many requests began in the last minute, near enough: counts of ten seconds each in place of a log, the oldest
 * weighed by how much of it still lies in the minute. Small and of fixed size, since every target has one.
 */
export class RecentStarts {
  readonly #slots = [0, 0, 0, 0, 0, 0, 0]
  #newest = 0

  add(now: number): void {
    const index = this.#roll(now) % SLOTS
    this.#slots[index] = (this.#slots[index] ?? 0) + 1
  }

  /** One that began at `startedAt` is not to be counted after all. */
  remove(startedAt: number, now: number): void {
    this.#roll(now)
    const slot = Math.floor(startedAt / SLOT_MS)
    if (slot <= this.#newest - SLOTS || slot > this.#newest) return
    const index = slot % SLOTS
    this.#slots[index] = Math.max(0, (this.#slots[index] ?? 0) - 1)
  }

  /** Those that began since `from`, which is a minute ago at most. */
  since(from: number, now: number): number {
    const newest = this.#roll(now)
    const oldest = Math.floor(from / SLOT_MS)
    let count = 0
    for (let slot = oldest + 1; slot <= newest; slot += 1) count += this.#slots[slot % SLOTS] ?? 0
    const end = Math.min(now, (oldest + 1) * SLOT_MS)
    const begin = oldest * SLOT_MS
    const part = end > begin ? (end - from) / (end - begin) : 1
    return count + part * (this.#slots[oldest % SLOTS] ?? 0)
  }

  /** Some began at its beginning: the count is what a whole minute brought, not the first seconds of a rush. */
  spanAMinute(now: number): boolean {
    const newest = this.#roll(now)
    return (this.#slots[(newest + 1) % SLOTS] ?? 0) + (this.#slots[(newest + 2) % SLOTS] ?? 0) > 0
  }

  /** @returns the newest slot */
  #roll(now: number): number {
    const slot = Math.floor(now / SLOT_MS)
    if (slot > this.#newest) {
      const expired = Math.min(slot - this.#newest, SLOTS)
      for (let step = 0; step < expired; step += 1) this.#slots[(slot - step) % SLOTS] = 0
      this.#newest = slot
    }
    return this.#newest
  }
}
