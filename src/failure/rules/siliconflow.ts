import type { RuleTable } from '../rule.ts'

const CODES = 'https://docs.siliconflow.cn/en/faqs/error-code'

/** SiliconFlow: `{"code":<number>,"message","data"}`. */
export const siliconflowTable: RuleTable = {
  own: [
    {
      id: 'siliconflow.overloaded',
      reason: 'overloaded',
      when: { codes: ['50505', '50501', '50603'] },
      source: CODES,
    },
    { id: 'siliconflow.model', reason: 'model_not_found', when: { codes: ['20012'] }, source: CODES },
    { id: 'siliconflow.balance', reason: 'billing', when: { codes: ['30001', '30011'] }, source: CODES },
    { id: 'siliconflow.real_name', reason: 'permission', when: { codes: ['30003'] }, source: CODES },
    {
      id: 'siliconflow.context',
      reason: 'context_length',
      when: { codes: ['20015'], anyOf: ['length', 'tokens'] },
      source: CODES,
    },
  ],
  exact: [],
  typed: [],
  broad: [],
}
