import type { RuleTable } from '../rule.ts'

const API = 'https://docs.mistral.ai/api'

/** Mistral: a flat `{"object":"error","message","type","param","code"}`, and Kong in front of it. */
export const mistralTable: RuleTable = {
  own: [
    { id: 'mistral.rate_limited', reason: 'rate_limit', when: { codes: ['1300', 'rate_limited'] }, source: API },
    { id: 'mistral.invalid_model', reason: 'model_not_found', when: { codes: ['1500'] }, source: API },
  ],
  exact: [
    { id: 'mistral.tier', reason: 'permission', scope: 'target', when: { codes: ['tier_not_allowed'] }, source: API },
    {
      // An engineer of theirs calls it a lack of capacity; its type is invalid_request_error.
      id: 'mistral.tier_capacity',
      reason: 'overloaded',
      when: { anyOf: ['service tier capacity exceeded'] },
      source: 'https://github.com/mistralai/mistral-vibe/issues/180',
    },
    {
      id: 'mistral.tier_capacity_code',
      reason: 'overloaded',
      when: { codes: ['service_tier_capacity_exceeded', '3505'] },
      source: 'https://github.com/mistralai/mistral-vibe/issues/180',
    },
    { id: 'mistral.subscription', reason: 'billing', when: { begins: ['inactive subscription'] }, source: API },
    {
      // Other vendors take the same order of messages.
      id: 'mistral.message_order',
      reason: 'invalid_request',
      when: { codes: ['invalid_request_message_order', '3230'] },
      source: 'https://github.com/BerriAI/litellm/issues/17761',
    },
    {
      // A gateway that knows no such path: the base URL is wrong, not the model.
      id: 'mistral.no_route',
      reason: 'invalid_request',
      nextStep: 'next_provider',
      when: { begins: ['no route matched with those values'] },
      source: 'https://docs.konghq.com/gateway/latest/reference/http-errors/',
    },
  ],
  typed: [],
  broad: [],
}
