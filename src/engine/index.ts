export {
  checkBoolean,
  checkFunction,
  checkNumber,
  checkOneOf,
  checkRecord,
  checkText,
  isRecord,
} from '../failure/index.ts'
export type { Binding } from './binding.ts'
export { type Clock, type Random, settle, systemClock } from './clock.ts'
export { CommitGate } from './commit-gate.ts'
export type {
  AttemptKind,
  FailoverEvent,
  FailoverEventOf,
  FailoverEventType,
  RecoveryFailureCause,
  SkipCause,
} from './events.ts'
export { FailoverManager } from './failover-manager.ts'
export type { FailoverStream, StreamSummary } from './failover-stream.ts'
export { type LadderOptions, rungsMs, type WindowKind } from './health/ladder.ts'
export type { HealthScope } from './health/scope-health.ts'
export type { WindowEnd } from './health/window.ts'
export type { RequestStory } from './history.ts'
export type { Lease, LeaseResult } from './lease.ts'
export type { LimitName } from './limits/hold.ts'
export { formatTarget, type ModelRef } from './model-ref.ts'
export type { OpenAnswer, OpenAnswerReader } from './open-answer.ts'
export { MAX_HELD_EVENTS } from './open-stream.ts'
export type {
  BudgetOptions,
  CooldownOptions,
  FailoverOptions,
  PolicyName,
  RecoveryOptions,
  RetryOptions,
  Settings,
  StreamOptions,
  TimeoutOptions,
  WaitOptions,
} from './options.ts'
export { DEFAULTS } from './options.ts'
export { policyOf } from './policy/index.ts'
export type { FailurePolicy } from './policy/policy.ts'
export { presets } from './presets.ts'
export {
  type ApiKeyGrant,
  type ApiKeySource,
  Profile,
  type ProfileLimits,
  type ProfileOptions,
  type ProfileView,
} from './profile.ts'
export type {
  AnswerWork,
  AnyRequest,
  AttemptContext,
  CommitRule,
  ModelRequest,
  Provider,
  Recovery,
  SessionGuess,
  Usage,
} from './provider.ts'
export { type ProviderEntry, ProviderRegistry } from './provider-registry.ts'
export type { CallOptions, FailureMark, ProfileQuery, SuccessMark } from './request-options.ts'
export { detourOf, type RouteOptions } from './routes.ts'
export type { Strategy, StrategyCandidate, StrategyName, StrategyRequest } from './select/strategy.ts'
export type { ClearedBy, FailoverStatus, HealthView, ModelStatus, OutageView, ProfileStatus } from './status.ts'
