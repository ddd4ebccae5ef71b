import type { ProfileLimits } from '../../src/index.ts'

const MINUTE = 60_000

/** What one attempt counts for. */
interface Entry {
  /** When it began, epoch milliseconds. */
  readonly at: number
  tokens: number
  /** It began when tokens were limited already, or never were. */
  countsTokens: boolean
  isUnderWay: boolean
  /** It has reached somebody for certain. */
  counts: boolean
}

/** One attempt in every meter that counts it. */
export type Entries = readonly Entry[]

/** What is under way and what was used of something that may have limits: a profile, or a quota group. */
export class Meter {
  #entries: Entry[] = []

  get inFlight(): number {
    return this.#entries.reduce((count, { isUnderWay }) => (isUnderWay ? count + 1 : count), 0)
  }

  /** @param reservedTokens what it is expected to use at least */
  begin(now: number, reservedTokens: number): Entry {
    const entry = { at: now, tokens: reservedTokens, countsTokens: true, isUnderWay: true, counts: true }
    this.#entries = this.#entries.filter(({ at, isUnderWay }) => isUnderWay || at > now - 2 * MINUTE)
    this.#entries.push(entry)
    return entry
  }

  /** Limits have changed; one that is new counts from now. */
  changed(before: ProfileLimits, after: ProfileLimits): void {
    const isNew = (name: 'requestsPerMinute' | 'tokensPerMinute'): boolean =>
      before[name] === undefined && after[name] !== undefined
    for (const entry of this.#entries) {
      if (isNew('requestsPerMinute')) entry.counts = false
      if (isNew('tokensPerMinute')) entry.countsTokens = false
    }
  }

  /** Which limit one more attempt would break. */
  brokenLimit(limits: ProfileLimits, now: number): keyof ProfileLimits | undefined {
    const { maxConcurrent = Infinity, requestsPerMinute = Infinity, tokensPerMinute = Infinity } = limits
    if (this.inFlight + 1 > maxConcurrent) return 'maxConcurrent'
    if (this.#startsSince(now - MINUTE) + 1 > requestsPerMinute) return 'requestsPerMinute'
    return this.#tokensSince(now - MINUTE) >= tokensPerMinute ? 'tokensPerMinute' : undefined
  }

  /** Surely no limit stands against one more attempt; the client may be a little stricter than it must. */
  hasRoom(limits: ProfileLimits, now: number): boolean {
    const { maxConcurrent = Infinity, requestsPerMinute = Infinity, tokensPerMinute } = limits
    return (
      this.inFlight < maxConcurrent &&
      this.#entries.filter(({ at }) => at > now - 62_000).length < requestsPerMinute &&
      tokensPerMinute === undefined
    )
  }

  #startsSince(since: number): number {
    return this.#entries.reduce((count, { at, counts }) => (at > since && counts ? count + 1 : count), 0)
  }

  #tokensSince(since: number): number {
    return this.#entries.reduce(
      (sum, { at, tokens, countsTokens }) => (at > since && countsTokens ? sum + tokens : sum),
      0,
    )
  }
}

/** It is over. @param usedTokens what it has used for certain */
export function settle(entries: Entries, usedTokens: number, hasReached: boolean): void {
  for (const entry of entries) {
    entry.isUnderWay = false
    entry.tokens = usedTokens
    if (!hasReached) entry.counts = false
  }
}
