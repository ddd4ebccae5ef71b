export {
  type Answer,
  type AnswerSource,
  DEFAULT_ANSWER,
  type FinishReason,
  splitTokens,
  type ToolCall,
} from './fault-provider/answer.ts'
export type { Attempt, AttemptOutcome } from './fault-provider/attempt-log.ts'
export type { ErrorKind, Fault, FaultRule } from './fault-provider/fault.ts'
export { faults } from './fault-provider/named-faults.ts'
export type { DownTime, FaultProviderOptions } from './fault-provider/options.ts'
export type { PrefillMode } from './fault-provider/prefill.ts'
export type { RateLimitOptions } from './fault-provider/rate-limit.ts'
export type { DialectName, FaultRequest } from './fault-provider/request.ts'
export { type FaultProvider, startFaultProvider } from './fault-provider/server.ts'
export { VirtualClock, type VirtualClockOptions } from './virtual-clock.ts'
