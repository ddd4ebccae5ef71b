import type { RuleTable } from '../rule.ts'

/** StepFun: its content filter has a code of its own. */
export const stepfunTable: RuleTable = {
  exact: [
    {
      id: 'stepfun.censorship',
      reason: 'content_policy',
      when: { codes: ['censorship_blocked'] },
      source: 'https://platform.stepfun.com/docs/api-reference/error-code',
    },
  ],
  typed: [],
  broad: [],
}
