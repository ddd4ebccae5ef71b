import type { RuleTable } from '../rule.ts'

/** Vercel's AI Gateway, Voyage, fal and others with little of their own. */
export const otherHostsTable: RuleTable = {
  exact: [
    {
      id: 'vercel.credit_card',
      reason: 'billing',
      when: { anyOf: ['requires a valid credit card on file', 'requires a valid credit card'] },
      source: 'https://vercel.com/docs/ai-gateway/pricing',
    },
    {
      // A lower limit until a card is there; it refills by the minute all the same.
      id: 'voyage.reduced_limits',
      reason: 'rate_limit',
      scope: 'profile',
      when: { anyOf: ['reduced rate limits'] },
      source: 'https://docs.voyageai.com/docs/rate-limits',
    },
    {
      id: 'voyage.batch_tokens',
      reason: 'context_length',
      when: { anyOf: ['max allowed tokens per submitted batch'] },
      source: 'https://docs.voyageai.com/docs/embeddings',
    },
    {
      id: 'baseten.building',
      reason: 'overloaded',
      when: { anyOf: ['still building or deploying'] },
      source: 'https://docs.baseten.co',
    },
    {
      id: 'fal.user_locked',
      reason: 'billing',
      when: { anyOf: ['user is locked', 'exhausted balance'] },
      source: 'https://docs.fal.ai/errors/',
    },
    {
      id: 'fal.downstream',
      reason: 'server_error',
      when: { codes: ['downstream_service_unavailable', 'downstream_service_error'] },
      source: 'https://docs.fal.ai/errors/',
    },
  ],
  typed: [],
  broad: [],
}
