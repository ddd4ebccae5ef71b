export { formatOf, isOtherAnswer } from './answer-formats.ts'
export { anthropicMessages } from './anthropic/index.ts'
export type { ContinuationFormat, DialectTrail, TrailOptions } from './continuation-format.ts'
export type {
  AnswerFlaw,
  AnswerFormat,
  AnswerProgress,
  Dialect,
  DialectName,
  ToldError,
} from './dialect.ts'
export { DIALECT_NAMES } from './dialect.ts'
export { errorObjectOf, statementIn } from './error-object.ts'
export { flawNamed, isLackOfContent } from './flaws.ts'
export { openaiChat } from './openai-chat/index.ts'
export { ParsedBody, type RequestBody } from './request-body.ts'
export type { Binding, JsonPath, RequestFormat, SessionGuess } from './request-format.ts'
export { namedSession } from './session.ts'
export {
  estimateTokens,
  INLINE_DATA_BYTES,
  INLINE_DATA_CHARACTERS,
  INLINE_DATA_SAMPLE,
  isInlineData,
} from './token-estimate.ts'
export { type Cut, cutOf, withoutPaths } from './without-paths.ts'
