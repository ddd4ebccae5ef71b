import type { RuleTable } from '../rule.ts'

/** DeepInfra: its words tell, no code does. */
export const deepinfraTable: RuleTable = {
  exact: [
    {
      id: 'deepinfra.model_busy',
      reason: 'overloaded',
      when: { anyOf: ['model busy', 'model is busy'] },
      source: 'https://github.com/truefoundry/models/pull/862',
    },
    {
      id: 'deepinfra.payment',
      reason: 'billing',
      when: { anyOf: ['inference prohibited'] },
      source: 'https://deepinfra.com/docs',
    },
  ],
  typed: [],
  broad: [],
}
