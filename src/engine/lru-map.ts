interface Entry<Key, Value> {
  readonly key: Key
  value: Value
  older: Entry<Key, Value> | undefined
  newer: Entry<Key, Value> | undefined
}

/**
 * A map that holds no more than so many entries: the one that was not used for longest makes room. The order is a list
 * of its own, since finding the oldest key of a plain `Map` takes the longer the more have been deleted before it.
 */
export class LruMap<Key, Value> {
  readonly #maxEntries: number
  readonly #entries = new Map<Key, Entry<Key, Value>>()
  #oldest: Entry<Key, Value> | undefined
  #newest: Entry<Key, Value> | undefined

  /** @param maxEntries at least 1 */
  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries
  }

  get size(): number {
    return this.#entries.size
  }

  /** A look counts as use. */
  get(key: Key): Value | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#unlink(entry)
    this.#append(entry)
    return entry.value
  }

  set(key: Key, value: Value): void {
    const known = this.#entries.get(key)
    if (known !== undefined) {
      known.value = value
      this.#unlink(known)
      this.#append(known)
      return
    }
    if (this.#entries.size >= this.#maxEntries && this.#oldest !== undefined) this.delete(this.#oldest.key)
    const entry = { key, value, older: undefined, newer: undefined }
    this.#entries.set(key, entry)
    this.#append(entry)
  }

  delete(key: Key): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#entries.delete(key)
    this.#unlink(entry)
  }

  /** Drops every entry that is not wanted any more. */
  deleteWhere(isUnwanted: (value: Value) => boolean): void {
    for (const { key, value } of this.#entries.values()) if (isUnwanted(value)) this.delete(key)
  }

  #append(entry: Entry<Key, Value>): void {
    entry.older = this.#newest
    entry.newer = undefined
    if (this.#newest === undefined) this.#oldest = entry
    else this.#newest.newer = entry
    this.#newest = entry
  }

  #unlink(entry: Entry<Key, Value>): void {
    if (entry.older === undefined) this.#oldest = entry.newer
    else entry.older.newer = entry.newer
    if (entry.newer === undefined) this.#newest = entry.older
    else entry.newer.older = entry.older
  }
}
