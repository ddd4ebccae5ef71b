import type { RuleTable } from '../rule.ts'

const ERRORS = 'https://platform.kimi.ai/docs/api/errors'

/** Moonshot (Kimi): a type and a message, no code. */
export const moonshotTable: RuleTable = {
  exact: [
    { id: 'moonshot.quota', reason: 'billing', when: { codes: ['exceeded_current_quota_error'] }, source: ERRORS },
    {
      // Counted over the whole organisation.
      id: 'moonshot.rate_limit',
      reason: 'rate_limit',
      scope: 'profile',
      when: { codes: ['rate_limit_reached_error'] },
      source: ERRORS,
    },
    { id: 'moonshot.overloaded', reason: 'overloaded', when: { codes: ['engine_overloaded_error'] }, source: ERRORS },
    {
      id: 'moonshot.billing_cycle',
      reason: 'billing',
      when: { codes: ['access_terminated_error'], anyOf: ['billing cycle'] },
      source: 'https://www.kimi.com/help',
    },
    {
      // The coding plan's window of five hours.
      id: 'moonshot.plan_window',
      reason: 'rate_limit',
      scope: 'profile',
      when: { codes: ['access_terminated_error'], anyOf: ['usage limit', '5-hour', 'quota will be', 'refresh'] },
      source: 'https://www.kimi.com/help',
    },
    {
      // The plan wants other clients than this one; the key is sound.
      id: 'moonshot.client_refused',
      reason: 'permission',
      nextStep: 'next_provider',
      when: { anyOf: ['currently only available for coding agents'] },
      source: 'https://github.com/openclaw/openclaw/pull/142656',
    },
    {
      id: 'moonshot.terminated',
      reason: 'permission',
      when: { codes: ['access_terminated_error', 'permission_denied_error'] },
      source: ERRORS,
    },
    {
      id: 'moonshot.authentication',
      reason: 'auth',
      when: { codes: ['invalid_authentication_error', 'incorrect_api_key_error'] },
      source: ERRORS,
    },
    {
      id: 'moonshot.not_found',
      reason: 'model_not_found',
      when: { codes: ['resource_not_found_error'] },
      source: ERRORS,
    },
    {
      id: 'moonshot.unexpected_output',
      reason: 'server_error',
      when: { codes: ['unexpected_output'] },
      source: ERRORS,
    },
    {
      id: 'moonshot.token_limit',
      reason: 'context_length',
      when: { anyOf: ['exceeded model token limit', 'input token length too long'] },
      source: ERRORS,
    },
  ],
  typed: [],
  broad: [],
}
