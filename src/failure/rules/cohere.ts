import type { RuleTable } from '../rule.ts'

const ERRORS = 'https://docs.cohere.com/reference/errors'

/** Cohere: a flat `{"message"}`. */
export const cohereTable: RuleTable = {
  own: [
    { id: 'cohere.blocked', reason: 'content_policy', when: { status: [498] }, source: ERRORS },
    { id: 'cohere.stream_toxic', reason: 'content_policy', when: { codes: ['error_toxic'] }, source: ERRORS },
    { id: 'cohere.stream_error', reason: 'server_error', when: { codes: ['error'] }, source: ERRORS },
  ],
  exact: [
    {
      // A trial key's month is used up: only another key helps.
      id: 'cohere.trial_month',
      reason: 'billing',
      when: { allOf: ['trial key', '/ month'] },
      source: 'https://docs.cohere.com/docs/rate-limits',
    },
    {
      id: 'cohere.trial_limit',
      reason: 'rate_limit',
      scope: 'profile',
      when: { anyOf: ['using a trial key, which is limited to'] },
      source: 'https://docs.cohere.com/docs/rate-limits',
    },
    {
      id: 'cohere.too_many_tokens',
      reason: 'context_length',
      when: { anyOf: ['too many tokens: total number of tokens', 'too many tokens: the total number of tokens'] },
      source: ERRORS,
    },
    {
      id: 'cohere.message_empty',
      reason: 'invalid_request',
      when: { anyOf: ['must be at least 1 token long'] },
      source: ERRORS,
    },
    {
      id: 'cohere.model_not_found',
      reason: 'model_not_found',
      when: { anyOf: ['make sure the correct model id was used'] },
      source: ERRORS,
    },
    {
      id: 'cohere.invalid_token',
      reason: 'auth',
      when: { anyOf: ['invalid api token', 'no api key supplied'] },
      source: ERRORS,
    },
    {
      id: 'cohere.payment_method',
      reason: 'billing',
      when: { anyOf: ['please add or update your payment method'] },
      source: ERRORS,
    },
  ],
  typed: [],
  broad: [],
}
