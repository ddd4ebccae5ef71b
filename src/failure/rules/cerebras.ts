import type { RuleTable } from '../rule.ts'

const ERRORS = 'https://inference-docs.cerebras.ai/support/error'

/** Cerebras: a flat `{"message","type","param","code"}`. */
export const cerebrasTable: RuleTable = {
  own: [
    {
      id: 'cerebras.no_body',
      reason: 'context_length',
      when: { status: [400, 413], anyOf: ['status code (no body)'] },
      source: 'https://github.com/anomalyco/opencode/issues/2588',
    },
    {
      // An overlong prompt is refused without a word.
      id: 'cerebras.silent_overflow',
      reason: 'context_length',
      when: { status: [400, 413], isSilent: true },
      source: 'https://github.com/anomalyco/opencode/issues/2588',
    },
  ],
  exact: [
    {
      // `x-should-retry: false` stands beside it, which forbids the same target and nothing else.
      id: 'cerebras.queue_exceeded',
      reason: 'overloaded',
      when: { codes: ['queue_exceeded'] },
      source: ERRORS,
    },
    {
      id: 'cerebras.quota_exceeded',
      reason: 'rate_limit',
      when: { codes: ['token_quota_exceeded', 'request_quota_exceeded', 'too_many_tokens_error'] },
      source: ERRORS,
    },
    { id: 'cerebras.wrong_format', reason: 'invalid_request', when: { codes: ['wrong_api_format'] }, source: ERRORS },
  ],
  typed: [
    {
      id: 'cerebras.too_many_requests',
      reason: 'rate_limit',
      when: { codes: ['too_many_requests_error'] },
      source: ERRORS,
    },
  ],
  broad: [],
}
