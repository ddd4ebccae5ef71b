import type { QuotaBucket, TargetRef } from '../failure/index.ts'
import type { Attempt } from './attempt.ts'
import type { Profile } from './profile.ts'
import type { AttemptContext } from './provider.ts'

/** What an attempt is told, with a signal that comes about when somebody asks for it. */
export class OpenAttempt implements AttemptContext {
  readonly target: TargetRef
  readonly profile: Profile
  readonly apiKey: string | undefined
  readonly attempt: number
  readonly timeouts: { readonly connectMs: number }
  declare readonly dropped?: readonly string[]
  readonly #attempt: Attempt

  constructor(attempt: Attempt) {
    this.target = attempt.record.target
    this.profile = attempt.target.credential
    this.apiKey = attempt.apiKey
    this.attempt = attempt.number
    this.timeouts = { connectMs: attempt.connectMs }
    if (attempt.dropped !== undefined) this.dropped = attempt.dropped
    this.#attempt = attempt
  }

  get signal(): AbortSignal {
    return this.#attempt.signal
  }

  // Functions of their own: they may be taken out and called alone.
  readonly onAbort = (listener: (reason: unknown) => void): void => this.#attempt.onAbort(listener)
  readonly noteActivity = (): void => this.#attempt.noteActivity()
  readonly noteQuota = (buckets: readonly QuotaBucket[]): void => this.#attempt.noteQuota(buckets)
  readonly noteBinding = (id: string): void => this.#attempt.noteBinding(id)
}

/** The same as plain fields, which foreign code may spread into an object of its own. */
export function asFields(attempt: Attempt): AttemptContext {
  const fields: AttemptContext = {
    target: attempt.record.target,
    profile: attempt.target.credential,
    apiKey: attempt.apiKey,
    signal: attempt.signal,
    attempt: attempt.number,
    timeouts: { connectMs: attempt.connectMs },
    onAbort: (listener) => attempt.onAbort(listener),
    noteActivity: () => attempt.noteActivity(),
    noteQuota: (buckets) => attempt.noteQuota(buckets),
    noteBinding: (id) => attempt.noteBinding(id),
  }
  return attempt.dropped === undefined ? fields : { ...fields, dropped: attempt.dropped }
}
