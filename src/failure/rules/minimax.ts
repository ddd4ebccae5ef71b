import type { RuleTable } from '../rule.ts'

const CODES = 'https://platform.minimax.io/docs/api-reference/errorcode'

/** MiniMax: `base_resp.status_code` under HTTP 200, or the same number in parentheses at the end of a message. */
export const minimaxTable: RuleTable = {
  own: [
    {
      id: 'minimax.context_window',
      reason: 'context_length',
      when: { codes: ['2013'], anyOf: ['context window', 'exceeds limit', 'too long'] },
      source: 'https://github.com/MiniMax-AI/MiniMax-M2/issues/119',
    },
    { id: 'minimax.timeout', reason: 'timeout', when: { codes: ['1001'] }, source: CODES },
    { id: 'minimax.rate_limit', reason: 'rate_limit', when: { codes: ['1002', '1039', '1041'] }, source: CODES },
    {
      id: 'minimax.plan_window',
      reason: 'rate_limit',
      scope: 'profile',
      when: { codes: ['2056', '2045'] },
      source: CODES,
    },
    { id: 'minimax.key', reason: 'auth', when: { codes: ['1004', '2049'] }, source: CODES },
    { id: 'minimax.balance', reason: 'billing', when: { codes: ['1008', '1028', '1030'] }, source: CODES },
    { id: 'minimax.server', reason: 'server_error', when: { codes: ['1000', '1013', '1024', '1033'] }, source: CODES },
    { id: 'minimax.sensitive', reason: 'content_policy', when: { codes: ['1026', '1027', '1042'] }, source: CODES },
    {
      id: 'minimax.plan_model',
      reason: 'permission',
      scope: 'target',
      when: { codes: ['2061'] },
      source: 'https://github.com/MiniMax-AI/cli',
    },
    {
      id: 'minimax.parameters',
      reason: 'invalid_request',
      when: { codes: ['2013', '1043', '1044'], noneOf: ['unknown model'] },
      source: CODES,
    },
  ],
  exact: [
    {
      id: 'minimax.plan_model_words',
      reason: 'permission',
      scope: 'target',
      when: { anyOf: ['token plan not support model'] },
      source: 'https://github.com/MiniMax-AI/cli',
    },
    { id: 'minimax.login_words', reason: 'auth', when: { begins: ['login fail'] }, source: CODES },
  ],
  typed: [],
  broad: [],
}
