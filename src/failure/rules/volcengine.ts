import type { RuleTable } from '../rule.ts'

const ERRORS = 'https://www.volcengine.com/docs/82379/1299023'

/** Volcengine's Ark (Doubao): `error.code` tells; `type` is the status phrase. */
export const volcengineTable: RuleTable = {
  own: [
    { id: 'volcengine.rate_limit_plain', reason: 'rate_limit', when: { codes: ['ratelimitexceeded'] }, source: ERRORS },
  ],
  exact: [
    {
      id: 'volcengine.key',
      reason: 'auth',
      when: { codes: ['authenticationerror'], noneOf: ['deactivated'] },
      source: ERRORS,
    },
    {
      id: 'volcengine.overdue',
      reason: 'billing',
      when: { codes: ['accountoverdueerror', 'serviceoverdue', 'accountoverdue'] },
      source: ERRORS,
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
      source: ERRORS,
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
      source: ERRORS,
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
      source: ERRORS,
    },
    {
      id: 'volcengine.account_rate_limit',
      reason: 'rate_limit',
      scope: 'profile',
      when: { codes: ['apiaccountrpmratelimitexceeded', 'accountratelimitexceeded'] },
      source: ERRORS,
    },
    {
      id: 'volcengine.overloaded',
      reason: 'overloaded',
      when: { codes: ['serveroverloaded', 'requestbursttoofast', 'modelloadingerror'] },
      source: ERRORS,
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
      source: ERRORS,
    },
  ],
  typed: [],
  broad: [
    { id: 'volcengine.internal', reason: 'server_error', when: { codes: ['internalserviceerror'] }, source: ERRORS },
    {
      id: 'volcengine.parameter',
      reason: 'invalid_request',
      when: { codes: ['missingparameter', 'invalidparameter'] },
      source: ERRORS,
    },
  ],
}
