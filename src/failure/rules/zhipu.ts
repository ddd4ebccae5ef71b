import type { RuleTable } from '../rule.ts'

const CODES = 'https://docs.bigmodel.cn/cn/faq/api-code'

/** Zhipu (bigmodel.cn, z.ai): a code of four digits, as `code` or, in Anthropic's dialect, as `type`; 429 for nearly all. */
export const zhipuTable: RuleTable = {
  own: [
    {
      id: 'zhipu.key',
      reason: 'auth',
      when: { codes: ['1000', '1001', '1002', '1003', '1004', '1005'] },
      source: CODES,
    },
    {
      id: 'zhipu.account',
      reason: 'permission',
      when: { codes: ['1110', '1111', '1112', '1120', '1121', '1220', '1313', '1315'] },
      source: CODES,
    },
    {
      // Also a coding plan's key at the address where one pays as one goes.
      id: 'zhipu.balance',
      reason: 'billing',
      when: { codes: ['1113', '1309', '1314'] },
      source: CODES,
    },
    { id: 'zhipu.server', reason: 'server_error', when: { codes: ['1200', '1230', '1234', '500'] }, source: CODES },
    { id: 'zhipu.model', reason: 'model_not_found', when: { codes: ['1211', '1222'] }, source: CODES },
    {
      id: 'zhipu.parameters',
      reason: 'invalid_request',
      when: { codes: ['1210', '1212', '1213', '1214', '1215', '1221'] },
      source: CODES,
    },
    { id: 'zhipu.prompt_length', reason: 'context_length', when: { codes: ['1261'] }, source: CODES },
    { id: 'zhipu.content', reason: 'content_policy', when: { codes: ['1301'] }, source: CODES },
    { id: 'zhipu.overloaded', reason: 'overloaded', when: { codes: ['1305', '1312'] }, source: CODES },
    { id: 'zhipu.plan_model', reason: 'permission', scope: 'target', when: { codes: ['1311'] }, source: CODES },
    {
      id: 'zhipu.concurrency',
      reason: 'rate_limit',
      scope: 'profile',
      when: { codes: ['1302', '1303'] },
      source: CODES,
    },
    {
      // Windows of hours, weeks, months; some speak of an empty balance, but they refill.
      id: 'zhipu.window',
      reason: 'rate_limit',
      scope: 'profile',
      when: { codes: ['1304', '1308', '1310', '1316', '1317', '1318', '1319', '1320', '1321'] },
      source: CODES,
    },
  ],
  exact: [
    {
      id: 'zhipu.inner_balance',
      reason: 'billing',
      when: { anyOf: ['余额不足或无可用资源包', 'insufficient balance or no resource package'] },
      source: CODES,
    },
    { id: 'zhipu.busy_words', reason: 'overloaded', when: { anyOf: ['该模型当前访问量过大'] }, source: CODES },
    {
      id: 'zhipu.content_words',
      reason: 'content_policy',
      when: { anyOf: ['可能包含不安全或敏感内容'] },
      source: CODES,
    },
    {
      id: 'zhipu.window_words',
      reason: 'rate_limit',
      scope: 'profile',
      when: { anyOf: ['小时使用上限', '您的限额将在'] },
      source: CODES,
    },
  ],
  typed: [],
  broad: [],
}
