import type { Dialect } from '../dialect.ts'
import { messageContinuation } from './continuation.ts'
import { errorBody, errorEvent } from './errors.ts'
import { errorOf, isContent, isTerminal, isWholeAnswer, recognises, textOf, usageOf } from './events.ts'
import { MessageProgress } from './progress.ts'
import { ANTHROPIC_VERSION, authHeaders, endpointOf, isStreaming, PROBE } from './request.ts'
import { messageRequests } from './request-format.ts'

/** Anthropic messages, and what imitates them. */
export const anthropicMessages: Dialect = {
  name: 'anthropic',
  headers: { 'anthropic-version': ANTHROPIC_VERSION },
  endpointOf,
  authHeaders,
  isStreaming,
  requests: messageRequests,
  probe: PROBE,
  recognises,
  isContent,
  textOf,
  freeText: new Set(['text', 'thinking', 'partial_json']),
  isTerminal,
  isWholeAnswer,
  errorOf,
  usageOf,
  startProgress: () => new MessageProgress(),
  errorBody,
  errorEvent,
  // Without it the official SDK never makes a message of what it has read.
  closingEvent: 'event: message_stop\ndata: {"type":"message_stop"}\n\n',
  hasEndMark: false,
  continuation: messageContinuation,
}
