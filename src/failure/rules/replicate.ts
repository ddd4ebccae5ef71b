import type { RuleTable } from '../rule.ts'

/** Replicate: `{"title","detail","status"}`. */
export const replicateTable: RuleTable = {
  exact: [
    {
      // It mentions credit, but it refills.
      id: 'replicate.throttled',
      reason: 'rate_limit',
      scope: 'profile',
      when: { begins: ['request was throttled'] },
      source: 'https://github.com/nodetool-ai/nodetool/issues/5196',
    },
    {
      id: 'replicate.version',
      reason: 'model_not_found',
      when: { anyOf: ['invalid version or not permitted', 'specified version does not exist'] },
      source: 'https://replicate.com/docs/reference/http',
    },
    {
      id: 'replicate.interrupted',
      reason: 'server_error',
      when: { anyOf: ['prediction interrupted'] },
      source: 'https://replicate.com/docs/reference/error-codes',
    },
  ],
  typed: [],
  broad: [],
}
