import type { RuleTable } from '../rule.ts'

const LITELLM = 'https://docs.litellm.ai/docs/exception_mapping'
const NEW_API = 'https://github.com/QuantumNous/new-api/pull/6310'

/**
 * Relays that sell or share others' keys: one-api, new-api, sub2api, LiteLLM, OpenCode Zen, Portkey, Poe and their kin.
 * Their `type` is the operator's brand; their words, and what they hand on, tell.
 */
export const relayTable: RuleTable = {
  exact: [
    {
      // A ban with whatever code the relay found fit.
      id: 'relay.account_suspended',
      reason: 'permission',
      when: { anyOf: ['temporarily is suspended', 'temporarily suspended', 'locked your account'] },
      source: 'https://github.com/hank9999/kiro.rs/issues/67',
    },
    {
      id: 'relay.insufficient_quota',
      reason: 'billing',
      when: {
        codes: [
          'insufficient_user_quota',
          'pre_consume_token_quota_failed',
          'creditserror',
          'insufficient_credits',
          'budget_exceeded',
        ],
      },
      source: 'https://github.com/songquanpeng/one-api/issues/1692',
    },
    {
      id: 'relay.budget',
      reason: 'billing',
      when: {
        anyOf: [
          'budget has been exceeded',
          '预扣费额度失败',
          'exceeded budget',
          'budget exhausted',
          'budget exceeded',
          'over budget',
          'max budget',
        ],
        noneOf: ['thinking budget', 'token budget', 'context budget', 'resets'],
      },
      source: 'https://docs.litellm.ai/docs/proxy/users',
    },
    {
      // What its upstream sent was no JSON.
      id: 'relay.bad_response_body',
      reason: 'bad_response',
      when: { codes: ['bad_response_body'] },
      source: NEW_API,
    },
    {
      // HTTP 503, but it is the relay's configuration, not its load.
      id: 'relay.no_channel',
      reason: 'model_not_found',
      when: { anyOf: ['无可用渠道', 'no available channels for model', 'no available channel for model'] },
      source: NEW_API,
    },
    {
      id: 'relay.unknown_model',
      reason: 'model_not_found',
      when: { anyOf: ['unknown provider for model', 'support the requested model', 'invalid model name passed'] },
      source: 'https://github.com/router-for-me/CLIProxyAPI',
    },
    {
      id: 'relay.model_cooldown',
      reason: 'rate_limit',
      when: { codes: ['model_cooldown'] },
      source: 'https://github.com/router-for-me/CLIProxyAPI',
    },
    {
      // LobeChat's own codes.
      id: 'relay.lobechat_key',
      reason: 'auth',
      when: { codes: ['invalidproviderapikey', 'invalidaccesscode', 'noopenaiapikey'] },
      source: 'https://github.com/lobehub/lobe-chat',
    },
    {
      id: 'relay.lobechat_quota',
      reason: 'billing',
      when: { codes: ['insufficientquota'] },
      source: 'https://github.com/lobehub/lobe-chat',
    },
    {
      id: 'relay.lobechat_window',
      reason: 'context_length',
      when: { codes: ['exceededcontextwindow'] },
      source: 'https://github.com/lobehub/lobe-chat',
    },
    {
      id: 'relay.group_restricted',
      reason: 'permission',
      when: { anyOf: ['this group only allows', 'group is not allowed'] },
      source: 'https://github.com/Wei-Shaw/sub2api/issues/3742',
    },
    {
      // Its own pool of accounts is out; our key is sound.
      id: 'relay.no_account',
      reason: 'overloaded',
      when: {
        anyOf: ['no auth available', 'no available accounts', 'no available account', 'no deployments available'],
      },
      source: 'https://github.com/Wei-Shaw/sub2api/issues/4779',
    },
    {
      // Its words for whatever its upstream refused with 429.
      id: 'relay.saturated',
      reason: 'overloaded',
      when: { anyOf: ['上游负载已饱和', 'upstream load is saturated', 'upstream load saturated'] },
      source: 'https://github.com/songquanpeng/one-api/issues/1061',
    },
    {
      id: 'relay.token_status',
      reason: 'auth',
      when: { anyOf: ['该令牌状态不可用', '无效的令牌', '令牌已过期', '令牌已禁用', 'token_not_found_in_db'] },
      source: NEW_API,
    },
    {
      id: 'relay.token_unknown',
      reason: 'auth',
      when: { codes: ['token_not_found_in_db', 'expired_key', 'invalid_token'] },
      source: 'https://docs.litellm.ai/docs/proxy/virtual_keys',
    },
    {
      id: 'relay.model_access',
      reason: 'permission',
      scope: 'target',
      when: {
        codes: [
          'key_model_access_denied',
          'team_model_access_denied',
          'user_model_access_denied',
          'org_model_access_denied',
        ],
      },
      source: 'https://docs.litellm.ai/docs/proxy/virtual_keys',
    },
    {
      id: 'relay.token_limit_model',
      reason: 'permission',
      scope: 'target',
      when: { anyOf: ['该令牌无权访问模型', '该令牌无权使用模型', 'token not allowed to access model'] },
      source: NEW_API,
    },
    {
      id: 'relay.free_usage',
      reason: 'rate_limit',
      scope: 'profile',
      when: { codes: ['freeusagelimiterror', 'gousagelimiterror'] },
      source: 'https://opencode.ai/docs/zen',
    },
    {
      id: 'relay.free_usage_words',
      reason: 'rate_limit',
      scope: 'profile',
      when: { begins: ['free usage exceeded'] },
      source: 'https://opencode.ai/docs/zen',
    },
    { id: 'relay.do_request_failed', reason: 'server_error', when: { codes: ['do_request_failed'] }, source: NEW_API },
  ],
  typed: [],
  broad: [
    {
      id: 'relay.channel_error',
      reason: 'server_error',
      when: {
        status: { min: 500, max: 599 },
        codes: ['bad_response_status_code', 'upstream_error', 'provider_response_error'],
      },
      source: NEW_API,
    },
  ],
}

/** Classes of errors that client libraries and LiteLLM name in their texts: weak evidence, since one class covers much. */
export const clientLibraryTable: RuleTable = {
  exact: [
    {
      id: 'library.context_window',
      reason: 'context_length',
      when: { codes: ['contextwindowexceedederror'] },
      source: LITELLM,
    },
    {
      id: 'library.content_policy',
      reason: 'content_policy',
      when: { codes: ['contentpolicyviolationerror'] },
      source: LITELLM,
    },
    { id: 'library.budget', reason: 'billing', when: { codes: ['budgetexceedederror'] }, source: LITELLM },
    {
      id: 'library.timeout',
      reason: 'timeout',
      when: {
        codes: [
          'apitimeouterror',
          'apiconnectiontimeouterror',
          'connecttimeouterror',
          'headerstimeouterror',
          'readtimeouterror',
          'asynciotimeouterror',
        ],
      },
      source: 'https://github.com/openai/openai-python',
    },
  ],
  typed: [],
  broad: [
    {
      id: 'library.rate_limit',
      reason: 'rate_limit',
      when: { codes: ['ratelimiterror', 'quotaexceedederror'] },
      source: LITELLM,
    },
    {
      id: 'library.authentication',
      reason: 'auth',
      when: { codes: ['authenticationerror', 'unauthorizederror'] },
      source: LITELLM,
    },
    {
      id: 'library.permission',
      reason: 'permission',
      when: { codes: ['permissiondeniederror', 'forbiddenerror'] },
      source: LITELLM,
    },
    { id: 'library.not_found', reason: 'model_not_found', when: { codes: ['notfounderror'] }, source: LITELLM },
    {
      id: 'library.unavailable',
      reason: 'server_error',
      when: { codes: ['internalservererror', 'serviceunavailableerror', 'badgatewayerror'] },
      source: LITELLM,
    },
    {
      id: 'library.bad_request',
      reason: 'invalid_request',
      when: { codes: ['badrequesterror', 'unprocessableentityerror', 'invalidrequesterror', 'unsupportedparamserror'] },
      source: LITELLM,
    },
  ],
}
