interface Entry {
  readonly at: number
  readonly run: (now: number) => void
}

/** What is going to happen, the soonest first (a binary heap). */
export class EventQueue {
  readonly #entries: Entry[] = []

  get nextAt(): number {
    return this.#entries[0]?.at ?? Number.POSITIVE_INFINITY
  }

  add(at: number, run: (now: number) => void): void {
    const entries = this.#entries
    const entry = { at, run }
    let index = entries.length
    entries.push(entry)
    while (index > 0) {
      const above = (index - 1) >> 1
      const parent = entries[above] ?? entry
      if (parent.at <= at) break
      entries[index] = parent
      index = above
    }
    entries[index] = entry
  }

  runNext(): void {
    const entries = this.#entries
    const first = entries[0]
    const last = entries.pop()
    if (first === undefined || last === undefined) return
    if (entries.length > 0) this.#sink(last)
    first.run(first.at)
  }

  #sink(entry: Entry): void {
    const entries = this.#entries
    let index = 0
    for (;;) {
      const left = entries[2 * index + 1]
      if (left === undefined) break
      const right = entries[2 * index + 2]
      const isRight = right !== undefined && right.at < left.at
      const child = isRight ? right : left
      if (child.at >= entry.at) break
      entries[index] = child
      index = 2 * index + (isRight ? 2 : 1)
    }
    entries[index] = entry
  }
}
