import type { RuleTable } from '../rule.ts'

const ERRORS = 'https://cloud.tencent.com/document/product/1729/101848'

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
      source: ERRORS,
    },
    {
      id: 'tencent.not_activated',
      reason: 'permission',
      when: { codes: ['failedoperation.servicenotactivated', 'failedoperation.servicestop', 'unauthorizedoperation'] },
      source: ERRORS,
    },
    {
      id: 'tencent.engine_timeout',
      reason: 'timeout',
      when: { codes: ['failedoperation.enginerequesttimeout'] },
      source: ERRORS,
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
      source: ERRORS,
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
      source: ERRORS,
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
      source: ERRORS,
    },
  ],
  typed: [],
  broad: [
    {
      id: 'tencent.engine',
      reason: 'server_error',
      when: { codes: ['failedoperation.engineservererror', 'failedoperation'] },
      source: ERRORS,
    },
    {
      id: 'tencent.invalid',
      reason: 'invalid_request',
      when: { codes: ['invalidparameter', 'invalidparametervalue', 'unsupportedoperation'] },
      source: ERRORS,
    },
  ],
}
