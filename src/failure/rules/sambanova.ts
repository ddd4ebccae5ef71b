import type { RuleTable } from '../rule.ts'

/** SambaNova: OpenAI's shape with a `request_id`. */
export const sambanovaTable: RuleTable = {
  own: [
    {
      // Its 504 is a queue that is full.
      id: 'sambanova.queue_full',
      reason: 'overloaded',
      when: { status: [504] },
      source: 'https://docs.sambanova.ai/docs/en/api-reference/api-errors/api-errors',
    },
  ],
  exact: [
    {
      id: 'sambanova.sequence_length',
      reason: 'context_length',
      when: { anyOf: ['requires a sequence length of', 'maximum supported sequence length'] },
      source: 'https://github.com/cline/cline/issues/294',
    },
  ],
  typed: [],
  broad: [],
}
