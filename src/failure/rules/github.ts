import type { RuleTable } from '../rule.ts'

const MODELS = 'https://docs.github.com/en/github-models/use-github-models/prototyping-with-ai-models#rate-limits'

/** GitHub Copilot and GitHub Models. */
export const githubTable: RuleTable = {
  own: [
    {
      // It comes back with the next month: until then somebody must pay.
      id: 'github.monthly_quota',
      reason: 'billing',
      when: { anyOf: ['monthly quota', 'monthly chat messages quota', 'monthly premium request'] },
      source: 'https://docs.github.com/en/copilot/concepts/billing/copilot-requests',
    },
    {
      id: 'github.quota_exceeded',
      reason: 'billing',
      when: { codes: ['quota_exceeded'] },
      source: 'https://github.com/earendil-works/pi/issues/3643',
    },
    {
      id: 'github.token_expired',
      reason: 'auth',
      when: {
        anyOf: [
          'token expired',
          'invalid auto-mode selector',
          'bad credentials',
          'resource not accessible by integration',
        ],
      },
      source: 'https://github.com/ericc-ch/copilot-api/issues/104',
    },
  ],
  exact: [
    {
      id: 'github.model_not_supported',
      reason: 'model_not_found',
      when: { codes: ['model_not_supported', 'unknown_model', 'unavailable_model'] },
      source: 'https://github.com/github/copilot-cli/issues/639',
    },
    {
      id: 'github.prompt_tokens_exceeded',
      reason: 'context_length',
      when: { codes: ['model_max_prompt_tokens_exceeded', 'tokens_limit_reached'] },
      source: 'https://github.com/eslint/tsc-meetings/pull/593',
    },
    {
      id: 'github.feature_not_allowed',
      reason: 'permission',
      when: {
        anyOf: [
          'not authorized to use this copilot feature',
          'not licensed to use copilot',
          'access to this endpoint is forbidden',
        ],
      },
      source: 'https://github.com/github/copilot-cli/issues/1897',
    },
    {
      // Days and weeks of a plan, told in words.
      id: 'github.plan_limit',
      reason: 'rate_limit',
      scope: 'profile',
      when: {
        anyOf: [
          'exceeded your weekly rate limit',
          'hit your global rate limit',
          'weekly rate limit',
          'session rate limit',
        ],
      },
      source: 'https://github.com/github/copilot-cli/issues/138',
    },
    {
      id: 'github.premium_requests',
      reason: 'billing',
      when: {
        anyOf: ['premium request allowance', 'premium request limit', 'exhausted your premium', 'premium model quota'],
      },
      source: 'https://docs.github.com/en/copilot/concepts/billing/copilot-requests',
    },
  ],
  typed: [
    {
      id: 'github.rate_limit_reached',
      reason: 'rate_limit',
      when: { codes: ['ratelimitreached', 'rate_limited'] },
      source: MODELS,
    },
  ],
  broad: [],
}
