import type { RuleTable } from '../rule.ts'

const ERRORS = 'https://novita.ai/docs/guides/error'

/** Novita: `{"code","reason","message","metadata"}`. */
export const novitaTable: RuleTable = {
  exact: [
    {
      id: 'novita.balance',
      reason: 'billing',
      when: { codes: ['not_enough_balance'] },
      source: ERRORS,
    },
    {
      id: 'novita.model_access',
      reason: 'permission',
      scope: 'target',
      when: { codes: ['model_access_denied'] },
      source: ERRORS,
    },
  ],
  typed: [],
  broad: [],
}
