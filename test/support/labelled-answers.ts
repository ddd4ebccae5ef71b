import { readFileSync } from 'node:fs'
import { classifyFailure, type Failure, type FailureReason, type NextStep } from '../../src/index.ts'

/** A labelled answer of a provider, most of them from public threads. */
export interface LabelledAnswer {
  readonly id: string
  readonly provider: string
  readonly status: number | null
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
  /** What of the answer the body is, where it is not the body as it came over the wire. */
  readonly body_form?: string
  readonly in_stream: boolean
  readonly expected: {
    readonly reason: FailureReason
    readonly retry_after_ms: number | null
    readonly failover: Move
    readonly failover_also_ok?: readonly Move[]
  }
  /** Experts could differ on the label. */
  readonly uncertain?: boolean
}

type Move = 'same_profile_retry' | 'next_profile' | 'next_provider' | 'fail_fast'

/** Next steps by the labels' names; to them another model of the same provider is as good as another provider. */
const STEPS: Readonly<Record<Move, readonly NextStep[]>> = {
  same_profile_retry: ['retry_target'],
  next_profile: ['next_profile'],
  next_provider: ['next_model', 'next_provider'],
  fail_fast: ['return'],
}

export const labelledAnswers = JSON.parse(
  readFileSync(new URL('../../src/failure/fixtures/provider-errors.json', import.meta.url), 'utf8'),
) as readonly LabelledAnswer[]

export function classifyAnswer({ provider, status, headers, body, in_stream: inStream }: LabelledAnswer): Failure {
  return classifyFailure({ provider, status: status ?? undefined, headers, body, inStream })
}

export function isReasonRight({ expected }: LabelledAnswer, reason: FailureReason | undefined): boolean {
  return reason === expected.reason
}

export function isStepAllowed({ expected }: LabelledAnswer, step: NextStep): boolean {
  return [expected.failover, ...(expected.failover_also_ok ?? [])].some((move) => STEPS[move].includes(step))
}

/** Within 1 % or 1 s. */
export function isHintRight({ expected }: LabelledAnswer, actual: number | undefined): boolean {
  const label = expected.retry_after_ms
  if (actual === undefined || label === null) return (actual ?? null) === label
  return Math.abs(actual - label) <= Math.max(1_000, label / 100)
}
