import type { RuleTable } from '../rule.ts'

const ERRORS = 'https://docs.together.ai/docs/error-codes'

/** Together: `credit_limit` is said of a rate limit and of an empty account. */
export const togetherTable: RuleTable = {
  own: [
    {
      id: 'together.context_length',
      reason: 'context_length',
      when: {
        status: [400, 403],
        anyOf: ['must be less than the context length', 'longer than the model', 'context length'],
      },
      source: ERRORS,
    },
  ],
  exact: [
    {
      id: 'together.rate_limited',
      reason: 'rate_limit',
      when: { anyOf: ['you have been rate limited', 'have reached the rate limit'] },
      source: 'https://github.com/togethercomputer/MoA/issues/27',
    },
    {
      id: 'together.model_not_available',
      reason: 'model_not_found',
      when: { codes: ['model_not_available', 'dedicated_endpoint_not_running'] },
      source: 'https://github.com/HeyPuter/puter/issues/3168',
    },
  ],
  typed: [],
  broad: [],
}
