export { formatOf, isOtherAnswer } from './answer-formats.ts'
export { anthropicMessages } from './anthropic/index.ts'
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
