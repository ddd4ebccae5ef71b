import type { RuleTable } from '../rule.ts'

const ERRORS = 'https://docs.x.ai/docs/key-information/debugging'

/** xAI: `{"code":"<a sentence>","error":"<text>"}`; the sentence misleads, the text tells. */
export const xaiTable: RuleTable = {
  own: [
    {
      // A team whose limit is zero has no right to the model: waiting changes nothing.
      id: 'xai.zero_limit',
      reason: 'permission',
      scope: 'target',
      when: { status: [429], anyOf: ['0/0'] },
      source: ERRORS,
    },
    {
      id: 'xai.endpoint_denied',
      reason: 'permission',
      when: { anyOf: ['endpoint is denied'] },
      source: 'https://github.com/Wei-Shaw/sub2api/issues/4084',
    },
  ],
  exact: [
    {
      id: 'xai.capacity',
      reason: 'overloaded',
      when: { codes: ['resource-exhausted'], anyOf: ['at capacity', 'high demand', 'overloaded'] },
      source: 'https://docs.x.ai/docs/key-information/debugging',
    },
    {
      id: 'xai.usage_guidelines',
      reason: 'content_policy',
      when: { anyOf: ['content violates usage guidelines', 'failed check: safety_check'] },
      source: 'https://github.com/UKGovernmentBEIS/inspect_ai/issues/2267',
    },
    {
      id: 'xai.credits',
      reason: 'billing',
      when: { anyOf: ['used all available credits', 'reached its monthly spending limit', "doesn't have any credits"] },
      source: 'https://github.com/continuedev/continue/issues/10373',
    },
    {
      id: 'xai.prompt_length',
      reason: 'context_length',
      when: { anyOf: ['maximum prompt length is'] },
      source: 'https://github.com/cline/cline/issues/3120',
    },
  ],
  typed: [
    { id: 'xai.resource_exhausted', reason: 'rate_limit', when: { codes: ['resource-exhausted'] }, source: ERRORS },
  ],
  broad: [
    { id: 'xai.permission_denied', reason: 'permission', when: { codes: ['permission-denied'] }, source: ERRORS },
  ],
}
