import type { RuleTable } from '../rule.ts'

/** Perplexity. */
export const perplexityTable: RuleTable = {
  exact: [
    {
      id: 'perplexity.invalid_model',
      reason: 'model_not_found',
      when: { codes: ['invalid_model'] },
      source: 'https://docs.perplexity.ai/guides/api-error-handling',
    },
    {
      id: 'perplexity.rate_limit',
      reason: 'rate_limit',
      when: { codes: ['request_rate_limit_exceeded', 'rate_limit_error'], anyOf: ['request rate limit exceeded'] },
      source: 'https://docs.perplexity.ai/guides/rate-limits',
    },
    {
      id: 'perplexity.invalid_message',
      reason: 'invalid_request',
      when: { codes: ['invalid_message'] },
      source: 'https://docs.perplexity.ai/guides/api-error-handling',
    },
  ],
  typed: [],
  broad: [],
}
