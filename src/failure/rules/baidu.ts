import type { RuleTable } from '../rule.ts'

const CODES = 'https://cloud.baidu.com/doc/WENXINWORKSHOP/s/error-codes'

/** Baidu's Qianfan: words as codes in its second version, numbers under HTTP 200 in its first. */
export const baiduTable: RuleTable = {
  own: [
    {
      id: 'baidu.daily_limit',
      reason: 'rate_limit',
      when: { codes: ['4', '17', '18', '19', '336501', '336502', '336503', '336504', '336505', '336507'] },
      source: CODES,
    },
    { id: 'baidu.token', reason: 'auth', when: { codes: ['13', '14', '100', '110', '111'] }, source: CODES },
    { id: 'baidu.permission', reason: 'permission', when: { codes: ['6'] }, source: CODES },
    { id: 'baidu.busy', reason: 'overloaded', when: { codes: ['2', '336100', '18001'] }, source: CODES },
    { id: 'baidu.content', reason: 'content_policy', when: { codes: ['336104', '17004'] }, source: CODES },
    { id: 'baidu.length', reason: 'context_length', when: { codes: ['336007', '336103'] }, source: CODES },
    { id: 'baidu.server', reason: 'server_error', when: { codes: ['1', '336000'] }, source: CODES },
    { id: 'baidu.model', reason: 'model_not_found', when: { codes: ['3'] }, source: CODES },
    {
      id: 'baidu.invalid',
      reason: 'invalid_request',
      when: { codes: ['336001', '336002', '336003', '336006'] },
      source: CODES,
    },
    { id: 'baidu.invalid_model', reason: 'model_not_found', when: { codes: ['invalid_model'] }, source: CODES },
  ],
  exact: [
    {
      id: 'baidu.too_long',
      reason: 'context_length',
      when: { codes: ['tokens_too_long', 'characters_too_long'] },
      source: CODES,
    },
    {
      id: 'baidu.unsafe',
      reason: 'content_policy',
      when: { codes: ['system_unsafe', 'user_setting_unsafe', 'functions_unsafe'] },
      source: CODES,
    },
    {
      id: 'baidu.rate_limit',
      reason: 'rate_limit',
      when: {
        codes: [
          'rpm_rate_limit_exceeded',
          'tpm_rate_limit_exceeded',
          'input_tpm_rate_limit_exceeded',
          'output_tpm_rate_limit_exceeded',
          'user_rate_limit_exceeded',
        ],
      },
      source: CODES,
    },
    {
      id: 'baidu.cluster',
      reason: 'overloaded',
      when: {
        codes: [
          'cluster_rpm_rate_limit_exceeded',
          'cluster_tpm_rate_limit_exceeded',
          'cluster_rate_limit_exceeded',
          'preemptible_rate_limit_exceeded',
        ],
      },
      source: CODES,
    },
    {
      id: 'baidu.iam_token',
      reason: 'auth',
      when: { codes: ['invalid_iam_token', 'invalid_appid', 'invalid_api_key_id'] },
      source: CODES,
    },
    { id: 'baidu.no_permission', reason: 'permission', when: { codes: ['no_parameter_permission'] }, source: CODES },
    {
      id: 'baidu.request_limit_words',
      reason: 'rate_limit',
      when: {
        anyOf: [
          'open api daily request limit reached',
          'open api qps request limit reached',
          'open api total request limit reached',
        ],
      },
      source: 'https://github.com/binary-husky/gpt_academic/issues/1824',
    },
  ],
  typed: [],
  broad: [],
}
