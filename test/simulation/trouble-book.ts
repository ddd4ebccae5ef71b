import type { KnownProfile } from './mirror.ts'

/**
 * What stood in the way of something, and when last: in the order of everything that was heard. What has had no trouble
 * since a request began has been open to it all along.
 */
export class TroubleBook {
  readonly #latest = new Map<string, number>()

  /** Something stands, or has just stood, in its way. */
  note(what: string, order: number): void {
    this.#latest.set(what, order)
  }

  /** Has any of them been in trouble after that? */
  hasSince(what: Iterable<string>, order: number): boolean {
    for (const each of what) if ((this.#latest.get(each) ?? -1) > order) return true
    return false
  }
}

/** By what names the limits of a profile, its own and its group's, are in trouble. */
export function limitNames({ options: { id, quotaGroup } }: KnownProfile): string[] {
  return quotaGroup === undefined ? [`limits of ${id}`] : [`limits of ${id}`, `limits of group ${quotaGroup}`]
}

/** By what name a profile or a provider is in trouble that is switched off, changed or taken away. */
export function useName(profileOrProvider: string): string {
  return `use of ${profileOrProvider}`
}
