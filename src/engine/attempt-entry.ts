import type { AttemptRecord, FailureReason, TargetRef } from '../failure/index.ts'
import type { ResumeMode } from '../recovery/index.ts'
import type { AttemptKind } from './events.ts'

/** An attempt as it is reported, kept up to date while it goes on; what else its story needs is not shown. */
export class AttemptEntry implements AttemptRecord {
  readonly target: TargetRef
  outcome: AttemptRecord['outcome'] = 'pending'
  readonly startedAt: number
  durationMs = 0
  // Absent, not undefined, where there is nothing to say.
  declare reason?: FailureReason
  declare ruleId?: string
  declare status?: number
  declare retryAfterMs?: number
  declare resume?: ResumeMode
  readonly #kind: AttemptKind
  #committedAfterMs: number | undefined

  constructor(target: TargetRef, startedAt: number, kind: AttemptKind) {
    this.target = target
    this.startedAt = startedAt
    this.#kind = kind
  }

  get kind(): AttemptKind {
    return this.#kind
  }

  /** From its start to its first content, milliseconds; undefined where none came. */
  get committedAfterMs(): number | undefined {
    return this.#committedAfterMs
  }

  noteCommit(afterMs: number): void {
    this.#committedAfterMs = afterMs
  }
}
