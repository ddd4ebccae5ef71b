import type { Binding } from './request-format.ts'

/** Ids are shorter. */
const MAX_ID_LENGTH = 256
/** A signature or an encrypted text is known by its beginning: the random part of it starts within. */
const SIGNATURE_LENGTH = 64
/** More than a conversation has; beyond it the latest count. */
const MAX_BINDINGS = 1_000

/** What an id goes by; undefined where it is none. */
export function idOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, MAX_ID_LENGTH) : undefined
}

/** What a signature, or an encrypted text, goes by; undefined where it is none. */
export function signatureOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, SIGNATURE_LENGTH) : undefined
}

/** Gathers what a request refers to, each thing once. */
export class BindingList {
  readonly #bindings = new Map<string, Binding>()

  /** Does nothing where there is no id. */
  add(kind: string, id: string | undefined, scope: Binding['scope'], isDroppable = false): void {
    if (id === undefined) return
    const key = `${kind} ${id}`
    if (this.#bindings.has(key)) return
    this.#bindings.set(key, { kind, id, scope, isDroppable })
    if (this.#bindings.size > MAX_BINDINGS) this.#forgetFirst()
  }

  get all(): readonly Binding[] {
    return [...this.#bindings.values()]
  }

  #forgetFirst(): void {
    for (const key of this.#bindings.keys()) {
      this.#bindings.delete(key)
      return
    }
  }
}

/** The ids that are there. */
export function present(...ids: readonly (string | undefined)[]): readonly string[] {
  return ids.filter((id) => id !== undefined)
}
