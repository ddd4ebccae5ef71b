import type { RuleTable } from '../rule.ts'

const ERRORS = 'https://docs.fireworks.ai/guides/inference-error-codes'

/** Fireworks: 412 is an account that does not pay. */
export const fireworksTable: RuleTable = {
  own: [
    {
      id: 'fireworks.suspended',
      reason: 'billing',
      when: { status: [412], anyOf: ['suspended', 'spending limit', 'billing'] },
      source: ERRORS,
    },
    {
      id: 'fireworks.usage_limits',
      reason: 'rate_limit',
      when: { status: [429], anyOf: ['exceeded your usage limits'] },
      source: ERRORS,
    },
  ],
  exact: [
    {
      id: 'fireworks.not_deployed',
      reason: 'model_not_found',
      when: { anyOf: ['inaccessible, and/or not deployed'] },
      source: 'https://github.com/warpdotdev/warp/issues/15107',
    },
  ],
  typed: [],
  broad: [],
}
