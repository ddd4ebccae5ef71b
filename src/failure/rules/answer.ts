import type { AnswerFlaw } from '../../dialects/index.ts'
import type { Rule } from '../rule.ts'

/** What is wrong with an answer that came under HTTP 200, where nothing in it says so as an error. */
export const answerRules: Readonly<Record<AnswerFlaw, Rule>> = {
  empty: {
    id: 'answer.empty',
    reason: 'bad_response',
    when: {},
    source: 'https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons',
  },
  no_room: {
    id: 'answer.no_room',
    reason: 'context_length',
    when: {},
    source: 'https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons',
  },
  withheld: {
    id: 'answer.withheld',
    reason: 'content_policy',
    when: {},
    source: 'https://ai.google.dev/api/generate-content#FinishReason',
  },
  refused: {
    id: 'answer.refused',
    reason: 'content_policy',
    when: {},
    source: 'https://platform.claude.com/docs/en/test-and-evaluate/strengthen-guardrails/handle-streaming-refusals',
  },
  malformed_call: {
    id: 'answer.malformed_call',
    reason: 'bad_response',
    when: {},
    source: 'https://ai.google.dev/api/generate-content#FinishReason',
  },
  failed: {
    id: 'answer.failed',
    reason: 'server_error',
    when: {},
    source: 'https://openrouter.ai/docs/api-reference/errors',
  },
  no_capacity: {
    id: 'answer.no_capacity',
    reason: 'overloaded',
    when: {},
    source: 'https://api-docs.deepseek.com/api/create-chat-completion',
  },
  cut_short: {
    id: 'answer.cut_short',
    reason: 'stream_interrupted',
    when: {},
    source: 'https://html.spec.whatwg.org/multipage/server-sent-events.html',
  },
  no_answer: {
    id: 'answer.no_answer',
    reason: 'bad_response',
    when: {},
    source: 'https://www.rfc-editor.org/rfc/rfc9110#section-8.3',
  },
}

/** An answer that had begun well says that it failed, in words nobody knows. */
export const reportedError: Rule = {
  id: 'answer.reported_error',
  reason: 'server_error',
  when: {},
  source: 'https://openrouter.ai/docs/api-reference/errors',
}

/** It was handed in as a failure, but it is a complete answer. */
export const soundAnswer: Rule = {
  id: 'answer.sound',
  reason: 'unknown',
  scope: 'none',
  nextStep: 'return',
  isRetryable: false,
  when: {},
  source: 'docs/failures.md',
}
