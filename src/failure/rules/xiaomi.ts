import type { RuleTable } from '../rule.ts'

/** Xiaomi's MiMo: 421 is its content filter. */
export const xiaomiTable: RuleTable = {
  own: [
    {
      id: 'xiaomi.content',
      reason: 'content_policy',
      when: { status: [421] },
      source: 'https://platform.xiaomimimo.com/docs/error-codes',
    },
  ],
  exact: [],
  typed: [],
  broad: [],
}
