import type { RuleTable } from '../rule.ts'

const ERRORS = 'https://openrouter.ai/docs/api-reference/errors'
const LIMITS = 'https://openrouter.ai/docs/api-reference/limits'

/** OpenRouter: `{"error":{"code":<status>,"message","metadata"}}`; the metadata tell whose failure it is. */
export const openrouterTable: RuleTable = {
  own: [
    {
      // Behind the skin of OpenAI's responses a bad key comes as a server_error.
      id: 'openrouter.authentication',
      reason: 'auth',
      when: { codes: ['authentication', 'no_auth'] },
      source: ERRORS,
    },
    {
      id: 'openrouter.payment',
      reason: 'billing',
      when: { codes: ['payment_required'] },
      source: ERRORS,
    },
    { id: 'openrouter.timeout', reason: 'timeout', when: { codes: ['timeout'] }, source: ERRORS },
    {
      id: 'openrouter.refusal',
      reason: 'content_policy',
      when: { status: [400, 403], codes: ['refusal', 'content_policy'] },
      source: ERRORS,
    },
    {
      // The upstream's limit on OpenRouter's own account: no key of ours is at fault, and none helps.
      id: 'openrouter.upstream_limit',
      reason: 'rate_limit',
      scope: 'model',
      nextStep: 'next_model',
      when: { status: [429], anyOf: ['rate-limited upstream', 'rate limited upstream'] },
      source: LIMITS,
    },
    {
      id: 'openrouter.upstream_error',
      reason: 'server_error',
      when: { status: { min: 500, max: 599 }, begins: ['upstream error from'] },
      source: 'https://github.com/cline/cline/issues/5449',
    },
  ],
  exact: [
    {
      // Money that running requests have reserved: it comes back when they end.
      id: 'openrouter.in_flight_budget',
      reason: 'rate_limit',
      scope: 'profile',
      when: { codes: ['openrouter_in_flight_budget'] },
      source: ERRORS,
    },
    {
      id: 'openrouter.upstream_pool',
      reason: 'rate_limit',
      scope: 'model',
      nextStep: 'next_model',
      when: { codes: ['upstream_provider_shared_pool'] },
      source: LIMITS,
    },
    {
      id: 'openrouter.budget',
      reason: 'billing',
      when: {
        codes: [
          'openrouter_credits',
          'openrouter_key_limit',
          'openrouter_guardrail_budget',
          'openrouter_workspace_budget',
          'key_limit',
          'workspace_budget',
        ],
      },
      source: ERRORS,
    },
    {
      id: 'openrouter.provider_overloaded',
      reason: 'overloaded',
      when: { codes: ['provider_overloaded', 'no_available_workers'] },
      source: ERRORS,
    },
    {
      id: 'openrouter.provider_unavailable',
      reason: 'server_error',
      when: { codes: ['provider_unavailable'] },
      source: ERRORS,
    },
    {
      // With fewer output tokens the same key still answers.
      id: 'openrouter.credits_needed',
      reason: 'billing',
      when: { anyOf: ['requires more credits', 'can only afford', 'key limit exceeded'] },
      source: 'https://github.com/RooCodeInc/Roo-Code/issues/515',
    },
    {
      // Counted over the account, for all free models together.
      id: 'openrouter.free_models',
      reason: 'rate_limit',
      scope: 'profile',
      when: { anyOf: ['free-models-per-'] },
      source: LIMITS,
    },
    {
      id: 'openrouter.no_endpoints',
      reason: 'model_not_found',
      when: { anyOf: ['no endpoints found', 'no allowed providers are available', 'is not a valid model id'] },
      source: ERRORS,
    },
    {
      id: 'openrouter.moderation',
      reason: 'content_policy',
      when: { anyOf: ['requires moderation on', 'was flagged for'], noneOf: ['account was flagged'] },
      source: ERRORS,
    },
  ],
  typed: [],
  broad: [],
}
