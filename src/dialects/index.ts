export { anthropicMessages } from './anthropic/index.ts'
export { parseBaseUrl } from './base-url.ts'
export type { AnswerProgress, Dialect, DialectName } from './dialect.ts'
export { openaiChat } from './openai-chat/index.ts'
