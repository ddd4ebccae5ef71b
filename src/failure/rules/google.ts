import type { RuleTable } from '../rule.ts'

const TROUBLESHOOTING = 'https://ai.google.dev/gemini-api/docs/troubleshooting'
const ERROR_INFO = 'https://cloud.google.com/apis/design/errors'
const VERTEX_ERRORS = 'https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/api-errors'

/** Gemini (AI Studio, Code Assist) and Vertex: `{"error":{"code","message","status","details":[{"@type","reason"}]}}`. */
export const googleTable: RuleTable = {
  exact: [
    {
      id: 'google.model_capacity',
      reason: 'overloaded',
      when: { codes: ['model_capacity_exhausted'] },
      source: 'https://github.com/google-gemini/gemini-cli/issues/23980',
    },
    {
      id: 'google.api_key_invalid',
      reason: 'auth',
      when: {
        codes: [
          'api_key_invalid',
          'access_token_expired',
          'access_token_type_unsupported',
          'account_state_invalid',
          'credentials_missing',
          'invalid_grant',
          'invalid_rapt',
        ],
      },
      source: ERROR_INFO,
    },
    { id: 'google.billing_disabled', reason: 'billing', when: { codes: ['billing_disabled'] }, source: ERROR_INFO },
    {
      id: 'google.service_disabled',
      reason: 'permission',
      when: {
        codes: [
          'service_disabled',
          'api_key_service_blocked',
          'api_key_http_referrer_blocked',
          'api_key_ip_address_blocked',
          'api_key_android_app_blocked',
          'api_key_ios_app_blocked',
          'consumer_suspended',
          'consumer_invalid',
          'access_token_scope_insufficient',
          'iam_permission_denied',
        ],
      },
      source: ERROR_INFO,
    },
    {
      // The free tier has none of this model: a limit of zero never refills.
      id: 'google.limit_zero',
      reason: 'rate_limit',
      isRetryable: false,
      when: { codes: ['resource_exhausted'], anyOf: ['limit: 0,', 'limit: 0\n'] },
      source: 'https://ai.google.dev/gemini-api/docs/rate-limits',
    },
    {
      id: 'google.demand',
      reason: 'overloaded',
      when: {
        codes: ['resource_exhausted'],
        anyOf: ['out of capacity', 'high demand', 'high load', 'overloaded', 'no capacity'],
      },
      source: 'https://cloud.google.com/vertex-ai/generative-ai/docs/dynamic-shared-quota',
    },
    {
      // Neither which quota nor when: it was seen to come back at midnight only.
      id: 'google.quota_sticky',
      reason: 'billing',
      when: {
        codes: ['type.googleapis.com/google.rpc.help'],
        noneOfCodes: ['type.googleapis.com/google.rpc.quotafailure', 'type.googleapis.com/google.rpc.retryinfo'],
        anyOf: ['exceeded your current quota'],
        statesWait: false,
      },
      source: 'https://ai.google.dev/gemini-api/docs/rate-limits',
    },
    {
      // "Check your plan and billing details" stands in limits that refill by the minute.
      id: 'google.quota',
      reason: 'rate_limit',
      when: { codes: ['resource_exhausted'], anyOf: ['exceeded your current quota', 'quota exceeded for'] },
      source: 'https://ai.google.dev/gemini-api/docs/rate-limits',
    },
    {
      id: 'google.prepayment_depleted',
      reason: 'billing',
      when: {
        anyOf: [
          'prepayment credits are depleted',
          'only accessible to billed users',
          'requires billing to be enabled',
          'billing account for the owning project is disabled',
        ],
      },
      source: 'https://github.com/dyad-sh/dyad/issues/3626',
    },
    {
      // "Your capacity" is the caller's own quota, in spite of the word.
      id: 'google.own_capacity',
      reason: 'rate_limit',
      when: {
        anyOf: ['exhausted your capacity on this model', 'individual quota reached', 'exhausted your daily quota'],
      },
      source: 'https://github.com/google-gemini/gemini-cli/issues/13004',
    },
    {
      id: 'google.no_capacity',
      reason: 'overloaded',
      when: { anyOf: ['no capacity available for model'] },
      source: 'https://github.com/google-gemini/gemini-cli/issues/23980',
    },
    {
      id: 'google.banned',
      reason: 'permission',
      when: {
        status: [401, 403, 429],
        anyOf: [
          'violation of terms of service',
          'reported as leaked',
          'project has been denied access',
          'has been suspended',
        ],
      },
      source: 'https://github.com/google-gemini/gemini-cli/issues/19501',
    },
    {
      id: 'google.organization_policy',
      reason: 'permission',
      scope: 'target',
      when: { begins: ['organization policy constraint'] },
      source: 'https://cloud.google.com/vertex-ai/generative-ai/docs/control-model-access',
    },
    {
      id: 'google.no_key',
      reason: 'auth',
      when: {
        anyOf: [
          'unregistered callers',
          'api keys are not supported by this api',
          'request had invalid authentication credentials',
          'request is missing required authentication credential',
        ],
      },
      source: TROUBLESHOOTING,
    },
    {
      id: 'google.publisher_model_refused',
      reason: 'permission',
      scope: 'target',
      when: { anyOf: ['is not allowed to use publisher model'] },
      source: 'https://github.com/yym68686/uni-api/issues/41',
    },
    {
      id: 'google.model_not_found',
      reason: 'model_not_found',
      when: {
        anyOf: [
          'is not found for api version',
          'publisher model … was not found',
          'is not supported for generatecontent',
          'aiplatform.endpoints.predict',
        ],
      },
      source: TROUBLESHOOTING,
    },
    {
      id: 'google.prompt_blocked',
      reason: 'content_policy',
      when: {
        anyOf: [
          'to see if the prompt was blocked',
          'finish_reason: recitation',
          'finish_reason: safety',
          'finish_reason: prohibited',
          'finish_reason: blocklist',
          'candidate was blocked',
          'response was blocked',
          'text not available. response was blocked',
        ],
      },
      source: 'https://ai.google.dev/gemini-api/docs/safety-settings',
    },
    {
      // An answer with a call that nobody can read: the request was sound.
      id: 'google.malformed_function_call',
      reason: 'bad_response',
      when: { codes: ['malformed_function_call', 'unexpected_tool_call', 'malformed_response'] },
      source: 'https://ai.google.dev/api/generate-content#FinishReason',
    },
  ],
  typed: [
    {
      // Dynamic shared quota: everybody's demand, not this project's, is what ran out.
      id: 'google.shared_quota',
      reason: 'overloaded',
      when: { begins: ['resource exhausted. please try again later', 'resource exhausted, please try again later'] },
      source: 'https://cloud.google.com/vertex-ai/generative-ai/docs/dynamic-shared-quota',
    },
    {
      id: 'google.resource_exhausted',
      reason: 'rate_limit',
      when: { codes: ['resource_exhausted', 'resourceexhausted'] },
      source: TROUBLESHOOTING,
    },
    { id: 'google.unauthenticated', reason: 'auth', when: { codes: ['unauthenticated'] }, source: VERTEX_ERRORS },
    {
      id: 'google.deadline_exceeded',
      reason: 'timeout',
      when: { codes: ['deadline_exceeded', 'deadlineexceeded'] },
      source: TROUBLESHOOTING,
    },
  ],
  broad: [
    {
      id: 'google.permission_denied',
      reason: 'permission',
      when: { codes: ['permission_denied', 'permissiondenied'] },
      source: VERTEX_ERRORS,
    },
    {
      // Under load it is the server that cancels; our own cancel never gets this far.
      id: 'google.cancelled',
      reason: 'server_error',
      when: { status: [499], codes: ['cancelled'] },
      source: VERTEX_ERRORS,
    },
    {
      id: 'google.internal',
      reason: 'server_error',
      when: { status: { min: 500, max: 599 }, codes: ['internal', 'aborted', 'data_loss'] },
      source: VERTEX_ERRORS,
    },
    {
      id: 'google.not_found',
      reason: 'model_not_found',
      when: { status: [404], codes: ['not_found'] },
      source: TROUBLESHOOTING,
    },
    {
      id: 'google.invalid_argument',
      reason: 'invalid_request',
      when: { status: [400], codes: ['invalid_argument', 'failed_precondition', 'out_of_range', 'invalidargument'] },
      source: TROUBLESHOOTING,
    },
  ],
}
