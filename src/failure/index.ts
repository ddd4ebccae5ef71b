export { AnswerReader, type AnswerReaderOptions } from './answer-reader.ts'
export {
  checkBoolean,
  checkFunction,
  checkName,
  checkNumber,
  checkOneOf,
  checkRecord,
  checkText,
  checkTexts,
  isRecord,
  misplaced,
} from './checks.ts'
export { type ClassifierOptions, classifyFailure, createClassifier } from './classify.ts'
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
export { parseDate } from './moment.ts'
export {
  type FailureRule,
  type FailureRuleCondition,
  NEXT_STEPS,
  OWN_SOURCE,
  parseRules,
  REASONS,
  SCOPES,
} from './own-rules.ts'
export { readQuota } from './quota.ts'
export { maskSecrets, redactKnown, SHORTEST_SECRET_IN_ANSWERS } from './redact.ts'

export { answerRules, findRule } from './rules/index.ts'
export { leftoverJson } from './stream-text.ts'
export { readThrown } from './thrown.ts'
