import type { Dialect } from '../dialect.ts'
import { chatContinuation } from './continuation.ts'
import { errorBody, errorEvent } from './errors.ts'
import { errorOf, isContent, isTerminal, isWholeAnswer, recognises, textOf, usageOf } from './events.ts'
import { ChatProgress } from './progress.ts'
import { authHeaders, endpointOf, isStreaming, PROBE } from './request.ts'
import { chatRequests } from './request-format.ts'

/** OpenAI chat completions, and everything that imitates them. */
export const openaiChat: Dialect = {
  name: 'openai',
  headers: {},
  endpointOf,
  authHeaders,
  isStreaming,
  requests: chatRequests,
  probe: PROBE,
  recognises,
  isContent,
  textOf,
  // https://platform.openai.com/docs/api-reference/chat-streaming: obfuscation is padding of random length.
  freeText: new Set(['content', 'reasoning_content', 'reasoning', 'arguments', 'refusal', 'obfuscation']),
  isTerminal,
  isWholeAnswer,
  errorOf,
  usageOf,
  startProgress: () => new ChatProgress(),
  errorBody,
  errorEvent,
  closingEvent: '',
  hasEndMark: true,
  continuation: chatContinuation,
}
