import type { RuleTable } from '../rule.ts'

const ERRORS = 'https://www.alibabacloud.com/help/en/model-studio/error-code'

/** Alibaba's Model Studio (Qwen): `{"code","message","request_id"}`, and OpenAI's shape with the same codes in snake case. */
export const dashscopeTable: RuleTable = {
  own: [
    {
      id: 'dashscope.access_denied',
      reason: 'permission',
      when: { codes: ['accessdenied', 'access_denied'] },
      source: ERRORS,
    },
    {
      id: 'dashscope.serving_error',
      reason: 'overloaded',
      when: { codes: ['serviceunavailable', 'modelservingerror', 'modelunavailable', 'model_unavailable'] },
      source: ERRORS,
    },
    {
      id: 'dashscope.throttled',
      reason: 'rate_limit',
      when: { codes: ['limitrequests', 'limit_requests', 'limit_burst_rate'] },
      source: ERRORS,
    },
  ],
  exact: [
    {
      // Relays hand it on with a 500.
      id: 'dashscope.inappropriate_content',
      reason: 'content_policy',
      when: { anyOf: ['data may contain inappropriate content'] },
      source: ERRORS,
    },
    {
      id: 'dashscope.free_tier',
      reason: 'billing',
      when: {
        codes: [
          'allocationquota.freetieronly',
          'prepaidbilloverdue',
          'postpaidbilloverdue',
          'commoditynotpurchased',
          'arrearage',
        ],
      },
      source: ERRORS,
    },
    {
      id: 'dashscope.good_standing',
      reason: 'billing',
      when: { anyOf: ['make sure your account is in good standing'] },
      source: ERRORS,
    },
    {
      // OpenAI's sentence for an empty account, but the page it points to is about tokens per minute.
      id: 'dashscope.token_limit',
      reason: 'rate_limit',
      when: { anyOf: ['error-code#token-limit', 'allocated quota exceeded'] },
      source: 'https://github.com/anomalyco/opencode/issues/23722',
    },
    {
      id: 'dashscope.capacity',
      reason: 'overloaded',
      when: { anyOf: ['throttled due to system capacity limits'] },
      source: ERRORS,
    },
    {
      id: 'dashscope.throttling',
      reason: 'rate_limit',
      when: {
        codes: ['throttling.ratequota', 'throttling.burstrate', 'throttling.allocationquota', 'throttling.user'],
      },
      source: ERRORS,
    },
    {
      id: 'dashscope.inspection',
      reason: 'content_policy',
      when: { codes: ['datainspectionfailed', 'data_inspection_failed'] },
      source: ERRORS,
    },
    {
      id: 'dashscope.inspection_words',
      reason: 'content_policy',
      when: { anyOf: ['datainspectionfailed', 'data_inspection_failed'] },
      source: ERRORS,
    },
    { id: 'dashscope.key', reason: 'auth', when: { codes: ['invalidapikey', 'invalidapi-key'] }, source: ERRORS },
    {
      id: 'dashscope.model',
      reason: 'model_not_found',
      when: { codes: ['modelnotfound', 'model_not_exist'] },
      source: ERRORS,
    },
    {
      id: 'dashscope.unpurchased',
      reason: 'permission',
      scope: 'target',
      when: { codes: ['accessdenied.unpurchased', 'model.accessdenied'] },
      source: ERRORS,
    },
    {
      id: 'dashscope.timeout',
      reason: 'timeout',
      when: { codes: ['requesttimeout', 'internalerror.timeout', 'responsetimeout'] },
      source: ERRORS,
    },
    {
      id: 'dashscope.input_length',
      reason: 'context_length',
      when: { anyOf: ['range of input length should be'] },
      source: ERRORS,
    },
    {
      // A limit of the answer, not of the prompt.
      id: 'dashscope.output_cap',
      reason: 'invalid_request',
      when: { anyOf: ['range of max_tokens should be'] },
      source: 'https://github.com/QwenLM/qwen-code/issues/98',
    },
  ],
  typed: [],
  broad: [
    {
      id: 'dashscope.invalid_parameter',
      reason: 'invalid_request',
      when: { status: [400], codes: ['invalidparameter', 'invalid_parameter_error'] },
      source: ERRORS,
    },
  ],
}
