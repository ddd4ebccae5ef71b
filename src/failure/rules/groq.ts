import type { RuleTable } from '../rule.ts'

const ERRORS = 'https://console.groq.com/docs/errors'

/** Groq: OpenAI's shape with codes of its own. */
export const groqTable: RuleTable = {
  own: [
    {
      id: 'groq.flex_capacity',
      reason: 'overloaded',
      when: { status: [498] },
      source: 'https://console.groq.com/docs/flex-processing',
    },
  ],
  exact: [
    {
      id: 'groq.capacity_exceeded',
      reason: 'overloaded',
      when: { codes: ['capacity_exceeded'] },
      source: 'https://console.groq.com/docs/flex-processing',
    },
    {
      id: 'groq.organization_restricted',
      reason: 'permission',
      when: { codes: ['organization_restricted'] },
      source: 'https://github.com/crewAIInc/crewAI/issues/783',
    },
    { id: 'groq.blocked_api_access', reason: 'billing', when: { codes: ['blocked_api_access'] }, source: ERRORS },
    {
      // It refuses the network we call from.
      id: 'groq.network_settings',
      reason: 'permission',
      scope: 'provider',
      nextStep: 'next_provider',
      when: { anyOf: ['please check your network settings'] },
      source: 'https://community.groq.com',
    },
    {
      id: 'groq.terms_required',
      reason: 'permission',
      scope: 'target',
      when: { codes: ['model_terms_required', 'model_permission_blocked_org', 'model_permission_blocked_project'] },
      source: ERRORS,
    },
    {
      // The model wrote what the server could not read. Another try may do better.
      id: 'groq.generation_failed',
      reason: 'bad_response',
      when: { codes: ['tool_use_failed', 'json_validate_failed', 'output_parse_failed'] },
      source: ERRORS,
    },
  ],
  typed: [],
  broad: [],
}
