import type { RuleTable } from '../rule.ts'

const ERRORS = 'https://api-docs.deepseek.com/quick_start/error_codes'

/** DeepSeek: `code` is `invalid_request_error` for nearly everything; the words decide. */
export const deepseekTable: RuleTable = {
  exact: [
    {
      id: 'deepseek.content_risk',
      reason: 'content_policy',
      when: { begins: ['content exists risk'] },
      source: 'https://github.com/666ghj/BettaFish/issues/543',
    },
    {
      // Every key of theirs knows the same two models.
      id: 'deepseek.model_not_exist',
      reason: 'model_not_found',
      nextStep: 'next_model',
      when: { begins: ['model not exist'] },
      source: ERRORS,
    },
    { id: 'deepseek.authentication', reason: 'auth', when: { begins: ['authentication fails'] }, source: ERRORS },
    { id: 'deepseek.busy', reason: 'overloaded', when: { anyOf: ['service is too busy'] }, source: ERRORS },
  ],
  typed: [],
  broad: [],
}
