import type { QuotaBucket, TargetRef } from '../failure/index.ts'
import type { ResumeMode } from '../recovery/index.ts'
import type { Attempt } from './attempt.ts'
import type { Profile } from './profile.ts'
import type { AttemptContext, CommitRule } from './provider.ts'

/** What an attempt is told, with a signal that comes about when somebody asks for it. */
export class OpenAttempt implements AttemptContext {
  readonly target: TargetRef
  readonly profile: Profile
  readonly apiKey: string | undefined
  readonly attempt: number
  readonly timeouts: { readonly connectMs: number }
  declare readonly dropped?: readonly string[]
  declare readonly commitRule?: CommitRule
  declare readonly resume?: ResumeMode
  readonly #attempt: Attempt

  constructor(attempt: Attempt) {
    this.target = attempt.record.target
    this.profile = attempt.target.credential
    this.apiKey = attempt.apiKey
    this.attempt = attempt.number
    this.timeouts = { connectMs: attempt.connectMs }
    const { commitRule, dropped, resume } = attempt
    if (dropped !== undefined) this.dropped = dropped
    if (commitRule !== undefined) this.commitRule = commitRule
    if (resume !== undefined) this.resume = resume
    this.#attempt = attempt
  }

  get signal(): AbortSignal {
    return this.#attempt.signal
  }

  // Functions of their own: they may be taken out and called alone.
  readonly onAbort = (listener: (reason: unknown) => void): void => this.#attempt.onAbort(listener)
  readonly noteActivity = (): void => this.#attempt.noteActivity()
  readonly noteContent = (): void => this.#attempt.noteContent()
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
    noteContent: () => attempt.noteContent(),
    noteQuota: (buckets) => attempt.noteQuota(buckets),
    noteBinding: (id) => attempt.noteBinding(id),
  }
  const { commitRule, dropped, resume } = attempt
  if (dropped === undefined && commitRule === undefined && resume === undefined) return fields
  return {
    ...fields,
    ...(dropped !== undefined && { dropped }),
    ...(commitRule !== undefined && { commitRule }),
    ...(resume !== undefined && { resume }),
  }
}
