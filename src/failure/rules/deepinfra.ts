import type { RuleTable } from '../rule.ts'

/** DeepInfra: its words tell, no code does. */
export const deepinfraTable: RuleTable = {
  exact: [
    {
      // With OpenAI's type for a refused request.
      id: 'deepinfra.not_authenticated',
      reason: 'auth',
      when: { begins: ['not authenticated'] },
      source: 'https://deepinfra.com/docs',
    },
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
