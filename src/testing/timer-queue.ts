/** A timer of a virtual clock. */
export interface Timer {
  /** Epoch milliseconds. */
  readonly dueAt: number
  /** Of its creation, which decides between timers that are due at the same time. */
  readonly order: number
  readonly callback: () => void
}

interface Entry extends Timer {
  /** Its place in the heap; -1 once it is out of it. */
  place: number
}

/**
 * Timers in the order in which they fall due: a binary heap in which each timer knows its place, so that most of them,
 * which are called off before they fire, leave it as cheaply as they came.
 */
export class TimerQueue {
  readonly #heap: Entry[] = []
  #created = 0

  get size(): number {
    return this.#heap.length
  }

  /** @returns what calls it off; that may be called at any time */
  add(dueAt: number, callback: () => void): () => void {
    const entry: Entry = { dueAt, order: this.#created, callback, place: this.#heap.length }
    this.#created += 1
    this.#heap.push(entry)
    this.#rise(entry)
    return () => this.#remove(entry)
  }

  /** Takes out the timer that falls due first, if that is by this time. */
  takeDue(by: number): Timer | undefined {
    const first = this.#heap[0]
    if (first === undefined || first.dueAt > by) return undefined
    this.#remove(first)
    return first
  }

  #remove(entry: Entry): void {
    const { place } = entry
    if (place < 0) return
    entry.place = -1
    const last = this.#heap.pop()
    if (last === undefined || last === entry) return
    this.#put(last, place)
    this.#rise(last)
    this.#sink(last)
  }

  #rise(entry: Entry): void {
    while (entry.place > 0) {
      const at = entry.place
      const above = this.#heap[(at - 1) >> 1]
      if (above === undefined || isBefore(above, entry)) return
      this.#put(entry, above.place)
      this.#put(above, at)
    }
  }

  #sink(entry: Entry): void {
    for (;;) {
      const at = entry.place
      const left = this.#heap[2 * at + 1]
      const right = this.#heap[2 * at + 2]
      const below = left !== undefined && right !== undefined && isBefore(right, left) ? right : left
      if (below === undefined || isBefore(entry, below)) return
      this.#put(entry, below.place)
      this.#put(below, at)
    }
  }

  #put(entry: Entry, place: number): void {
    this.#heap[place] = entry
    entry.place = place
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.order < b.order)
}
