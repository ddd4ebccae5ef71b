export { classifyFailure } from './classify.ts'
export type { AttemptRecord, FailoverErrorCode, FailoverErrorDetails, TargetRef } from './failover-error.ts'
export { FailoverError, invalidOption } from './failover-error.ts'
export type {
  ClassifyInput,
  Confidence,
  Failure,
  FailureReason,
  FailureScope,
  NextStep,
  QuotaBucket,
  TimeoutPhase,
} from './failure.ts'
export { readHeaders } from './headers.ts'
export { readQuota } from './quota.ts'
export { maskSecrets, redactKnown } from './redact.ts'
export { readThrown } from './thrown.ts'
