import type { RuleTable } from '../rule.ts'

const SILICONFLOW = 'https://docs.siliconflow.cn/en/faqs/error-code'
const ARK = 'https://www.volcengine.com/docs/82379/1299023'
const QIANFAN = 'https://cloud.baidu.com/doc/WENXINWORKSHOP/s/error-codes'
const HUNYUAN = 'https://cloud.tencent.com/document/product/1729/101848'

/** SiliconFlow: `{"code":<number>,"message","data"}`. */
export const siliconflowTable: RuleTable = {
  own: [
    {
      id: 'siliconflow.overloaded',
      reason: 'overloaded',
      when: { codes: ['50505', '50501', '50603'] },
      source: SILICONFLOW,
    },
    { id: 'siliconflow.model', reason: 'model_not_found', when: { codes: ['20012'] }, source: SILICONFLOW },
    { id: 'siliconflow.balance', reason: 'billing', when: { codes: ['30001', '30011'] }, source: SILICONFLOW },
    { id: 'siliconflow.real_name', reason: 'permission', when: { codes: ['30003'] }, source: SILICONFLOW },
    {
      id: 'siliconflow.context',
      reason: 'context_length',
      when: { codes: ['20015'], anyOf: ['length', 'tokens'] },
      source: SILICONFLOW,
    },
  ],
  exact: [],
  typed: [],
  broad: [],
}

/** Volcengine's Ark (Doubao): `error.code` tells; `type` is the status phrase. */
export const volcengineTable: RuleTable = {
  own: [
    { id: 'volcengine.rate_limit_plain', reason: 'rate_limit', when: { codes: ['ratelimitexceeded'] }, source: ARK },
  ],
  exact: [
    {
      id: 'volcengine.key',
      reason: 'auth',
      when: { codes: ['authenticationerror'], noneOf: ['deactivated'] },
      source: ARK,
    },
    {
      id: 'volcengine.overdue',
      reason: 'billing',
      when: { codes: ['accountoverdueerror', 'serviceoverdue', 'accountoverdue'] },
      source: ARK,
    },
    {
      // The owner's own stop: it lasts until somebody takes it away, for this model.
      id: 'volcengine.set_limit',
      reason: 'billing',
      scope: 'target',
      when: { codes: ['setlimitexceeded', 'quotaexceeded'] },
      source: 'https://github.com/volcengine/MineContext/issues/328',
    },
    {
      id: 'volcengine.set_limit_words',
      reason: 'billing',
      scope: 'target',
      when: { anyOf: ['has reached the set inference limit'] },
      source: 'https://github.com/volcengine/MineContext/issues/328',
    },
    {
      id: 'volcengine.not_open',
      reason: 'permission',
      scope: 'target',
      when: { codes: ['servicenotopen', 'operationdenied.servicenotopen'] },
      source: ARK,
    },
    {
      id: 'volcengine.endpoint',
      reason: 'model_not_found',
      when: {
        codes: [
          'invalidendpoint.notfound',
          'invalidendpointormodel.notfound',
          'modelnotopen',
          'invalidendpointormodel.modelidaccessdisabled',
        ],
      },
      source: ARK,
    },
    {
      id: 'volcengine.rate_limit',
      reason: 'rate_limit',
      when: {
        codes: [
          'ratelimitexceeded.endpointrpmexceeded',
          'ratelimitexceeded.endpointtpmexceeded',
          'modelaccountrpmratelimitexceeded',
          'modelaccounttpmratelimitexceeded',
          'modelaccountipmratelimitexceeded',
        ],
      },
      source: ARK,
    },
    {
      id: 'volcengine.account_rate_limit',
      reason: 'rate_limit',
      scope: 'profile',
      when: { codes: ['apiaccountrpmratelimitexceeded', 'accountratelimitexceeded'] },
      source: ARK,
    },
    {
      id: 'volcengine.overloaded',
      reason: 'overloaded',
      when: { codes: ['serveroverloaded', 'requestbursttoofast', 'modelloadingerror'] },
      source: ARK,
    },
    {
      id: 'volcengine.sensitive',
      reason: 'content_policy',
      when: {
        codes: [
          'sensitivecontentdetected',
          'sensitivecontentdetected.severeviolation',
          'sensitivecontentdetected.violence',
          'inputtextsensitivecontentdetected',
          'inputimagesensitivecontentdetected',
          'inputvideosensitivecontentdetected',
          'outputtextsensitivecontentdetected',
          'outputimagesensitivecontentdetected',
          'outputvideosensitivecontentdetected',
          'contentsecuritydetectionerror',
        ],
      },
      source: ARK,
    },
  ],
  typed: [],
  broad: [
    { id: 'volcengine.internal', reason: 'server_error', when: { codes: ['internalserviceerror'] }, source: ARK },
    {
      id: 'volcengine.parameter',
      reason: 'invalid_request',
      when: { codes: ['missingparameter', 'invalidparameter'] },
      source: ARK,
    },
  ],
}

/** Baidu's Qianfan: words as codes in its second version, numbers under HTTP 200 in its first. */
export const baiduTable: RuleTable = {
  own: [
    {
      id: 'baidu.daily_limit',
      reason: 'rate_limit',
      when: { codes: ['4', '17', '18', '19', '336501', '336502', '336503', '336504', '336505', '336507'] },
      source: QIANFAN,
    },
    { id: 'baidu.token', reason: 'auth', when: { codes: ['13', '14', '100', '110', '111'] }, source: QIANFAN },
    { id: 'baidu.permission', reason: 'permission', when: { codes: ['6'] }, source: QIANFAN },
    { id: 'baidu.busy', reason: 'overloaded', when: { codes: ['2', '336100', '18001'] }, source: QIANFAN },
    { id: 'baidu.content', reason: 'content_policy', when: { codes: ['336104', '17004'] }, source: QIANFAN },
    { id: 'baidu.length', reason: 'context_length', when: { codes: ['336007', '336103'] }, source: QIANFAN },
    { id: 'baidu.server', reason: 'server_error', when: { codes: ['1', '336000'] }, source: QIANFAN },
    { id: 'baidu.model', reason: 'model_not_found', when: { codes: ['3'] }, source: QIANFAN },
    {
      id: 'baidu.invalid',
      reason: 'invalid_request',
      when: { codes: ['336001', '336002', '336003', '336006'] },
      source: QIANFAN,
    },
    { id: 'baidu.invalid_model', reason: 'model_not_found', when: { codes: ['invalid_model'] }, source: QIANFAN },
  ],
  exact: [
    {
      id: 'baidu.too_long',
      reason: 'context_length',
      when: { codes: ['tokens_too_long', 'characters_too_long'] },
      source: QIANFAN,
    },
    {
      id: 'baidu.unsafe',
      reason: 'content_policy',
      when: { codes: ['system_unsafe', 'user_setting_unsafe', 'functions_unsafe'] },
      source: QIANFAN,
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
      source: QIANFAN,
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
      source: QIANFAN,
    },
    {
      id: 'baidu.iam_token',
      reason: 'auth',
      when: { codes: ['invalid_iam_token', 'invalid_appid', 'invalid_api_key_id'] },
      source: QIANFAN,
    },
    { id: 'baidu.no_permission', reason: 'permission', when: { codes: ['no_parameter_permission'] }, source: QIANFAN },
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

/** Tencent's Hunyuan: `{"Response":{"Error":{"Code","Message"}}}` under HTTP 200. */
export const tencentTable: RuleTable = {
  exact: [
    {
      id: 'tencent.arrears',
      reason: 'billing',
      when: {
        codes: [
          'failedoperation.servicestoparrears',
          'failedoperation.resourcepackexhausted',
          'failedoperation.freeresourcepackexhausted',
          'resourceinsufficient.chargeresourceexhaust',
        ],
      },
      source: HUNYUAN,
    },
    {
      id: 'tencent.not_activated',
      reason: 'permission',
      when: { codes: ['failedoperation.servicenotactivated', 'failedoperation.servicestop', 'unauthorizedoperation'] },
      source: HUNYUAN,
    },
    {
      id: 'tencent.engine_timeout',
      reason: 'timeout',
      when: { codes: ['failedoperation.enginerequesttimeout'] },
      source: HUNYUAN,
    },
    {
      id: 'tencent.limit',
      reason: 'rate_limit',
      when: {
        codes: [
          'limitexceeded',
          'failedoperation.engineserverlimitexceeded',
          'requestlimitexceeded.uinlimitexceeded',
          'requestlimitexceeded.globalregionuinlimitexceeded',
        ],
      },
      source: HUNYUAN,
    },
    {
      id: 'tencent.key',
      reason: 'auth',
      when: {
        codes: [
          'authfailure',
          'authfailure.secretidnotfound',
          'authfailure.signaturefailure',
          'authfailure.signatureexpire',
          'authfailure.tokenfailure',
          'authfailure.invalidsecretid',
          'authfailure.unauthorizedoperation',
        ],
      },
      source: HUNYUAN,
    },
    {
      id: 'tencent.content',
      reason: 'content_policy',
      when: {
        codes: [
          'operationdenied.imageillegaldetected',
          'operationdenied.textillegaldetected',
          'failedoperation.contentillegal',
        ],
      },
      source: HUNYUAN,
    },
  ],
  typed: [],
  broad: [
    {
      id: 'tencent.engine',
      reason: 'server_error',
      when: { codes: ['failedoperation.engineservererror', 'failedoperation'] },
      source: HUNYUAN,
    },
    {
      id: 'tencent.invalid',
      reason: 'invalid_request',
      when: { codes: ['invalidparameter', 'invalidparametervalue', 'unsupportedoperation'] },
      source: HUNYUAN,
    },
  ],
}

/** StepFun. */
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

/** Xiaomi's MiMo: 421 is its content filter. */
export const xiaomiTable: RuleTable = {
  own: [
    {
      id: 'xiaomi.content',
      reason: 'content_policy',
      when: { status: [421] },
      source: 'https://platform.xiaomimimo.com/docs/error-codes',
    },
  ],
  exact: [],
  typed: [],
  broad: [],
}
