import type { TargetRef } from '../failure/index.ts'
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
  readonly #attempt: Attempt

  constructor(attempt: Attempt, apiKey: string | undefined, connectMs: number) {
    this.target = attempt.record.target
    this.profile = attempt.target.credential
    this.apiKey = apiKey
    this.attempt = attempt.number
    this.timeouts = { connectMs }
    this.#attempt = attempt
  }

  get signal(): AbortSignal {
    return this.#attempt.signal
  }

  // Functions of their own: they may be taken out and called alone.
  readonly onAbort = (listener: (reason: unknown) => void): void => this.#attempt.onAbort(listener)
  readonly noteActivity = (): void => this.#attempt.noteActivity()
}

/** The same as plain fields, which foreign code may spread into an object of its own. */
export function asFields(context: AttemptContext): AttemptContext {
  const { signal } = context
  return { ...context, signal }
}
