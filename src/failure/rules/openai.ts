import { REQUEST_STATUSES, type RuleTable } from '../rule.ts'
import { OVERFLOW_PHRASES } from './wording.ts'

const ERROR_CODES = 'https://platform.openai.com/docs/guides/error-codes'
const RATE_LIMITS = 'https://platform.openai.com/docs/guides/rate-limits'
const RESPONSES_ERRORS = 'https://platform.openai.com/docs/api-reference/responses/object#responses/object-error'

/** Codes of a value or parameter that is wrong in itself. */
const VALUE_CODES = [
  'invalid_value',
  'invalid_type',
  'invalid_json',
  'invalid_json_schema',
  'invalid_function_parameters',
  'unknown_parameter',
  'unsupported_parameter',
  'unsupported_value',
  'unsupported_content_type',
  'missing_required_parameter',
  'missing_required_field',
  'mutually_exclusive_parameters',
  'string_above_max_length',
  'string_below_min_length',
  'array_above_max_length',
  'array_below_min_length',
  'integer_above_max_value',
  'integer_below_min_value',
  'decimal_above_max_value',
  'decimal_below_min_value',
  'object_above_max_properties',
  'object_below_min_properties',
  'previous_response_not_found',
  'item_not_found',
]

/** Chat completions and responses: `{"error":{"message","type","param","code"}}`, any of them null. */
export const openaiTable: RuleTable = {
  exact: [
    {
      // HTTP 429, but waiting never helps: somebody has to pay.
      id: 'openai.insufficient_quota',
      reason: 'billing',
      when: {
        codes: [
          'insufficient_quota',
          'billing_not_active',
          'billing_hard_limit_reached',
          'credit_balance_exhausted',
          'organization_usage_limit_exceeded',
          'organization_spend_limit_exceeded',
          'project_spend_limit_exceeded',
        ],
        // A relay that puts this code on an account that was locked; Alibaba's, on tokens per minute.
        noneOf: ['is suspended', '#token-limit'],
      },
      source: ERROR_CODES,
    },
    {
      // The five-hour or weekly window of a ChatGPT plan: the whole account waits, whatever the model.
      id: 'openai.usage_limit_reached',
      reason: 'rate_limit',
      scope: 'profile',
      when: { codes: ['usage_limit_reached'] },
      source: 'https://github.com/earendil-works/pi/issues/4172',
    },
    {
      // Before the rate limit: the address we call from is refused, so no key helps and none is at fault.
      id: 'openai.unsupported_country',
      reason: 'permission',
      scope: 'provider',
      nextStep: 'next_provider',
      when: { codes: ['unsupported_country_region_territory'] },
      source: ERROR_CODES,
    },
    {
      // An organisation that is not verified may use the key for other models.
      id: 'openai.organization_unverified',
      reason: 'permission',
      scope: 'target',
      when: { status: [400, 403], codes: ['unsupported_value'], begins: ['your organization must be verified'] },
      source: 'https://help.openai.com/en/articles/10910291-api-organization-verification',
    },
    {
      id: 'openai.account_refused',
      reason: 'permission',
      when: { codes: ['account_deactivated', 'ip_not_authorized', 'organization_deactivated'] },
      source: ERROR_CODES,
    },
    {
      id: 'openai.organization_unverified_words',
      reason: 'permission',
      scope: 'target',
      when: { status: [400, 403], begins: ['your organization must be verified'] },
      source: 'https://help.openai.com/en/articles/10910291-api-organization-verification',
    },
    {
      id: 'openai.account_refused_words',
      reason: 'permission',
      when: { status: [401, 403], anyOf: ['ip not authorized', 'must be a member of an organization'] },
      source: ERROR_CODES,
    },
    {
      id: 'openai.invalid_api_key',
      reason: 'auth',
      when: {
        codes: ['invalid_api_key', 'missing_scope', 'mismatched_organization', 'mismatched_project', 'no_api_key'],
      },
      source: ERROR_CODES,
    },
    {
      id: 'openai.missing_scope',
      reason: 'auth',
      when: { anyOf: ['insufficient permissions for this operation'] },
      source: 'https://github.com/Wei-Shaw/sub2api/issues/1566',
    },
    {
      id: 'openai.context_length_exceeded',
      reason: 'context_length',
      when: {
        codes: ['context_length_exceeded', 'max_tokens_per_request', 'context_window_exceeded', 'prompt_too_long'],
      },
      source: 'https://platform.openai.com/docs/guides/conversation-state#managing-the-context-window',
    },
    {
      id: 'openai.content_policy',
      reason: 'content_policy',
      when: {
        codes: [
          'content_filter',
          'content_policy_violation',
          'image_content_policy_violation',
          'moderation_blocked',
          'responsibleaipolicyviolation',
          'invalid_prompt',
        ],
      },
      source: RESPONSES_ERRORS,
    },
    {
      id: 'openai.model_not_found',
      reason: 'model_not_found',
      when: { codes: ['model_not_found', 'model_decommissioned'] },
      source: ERROR_CODES,
    },
    {
      // The API has looked at a value and refused it. Whatever its words are, they may be the caller's.
      id: 'openai.invalid_value',
      reason: 'invalid_request',
      when: { status: REQUEST_STATUSES, codes: VALUE_CODES },
      source: ERROR_CODES,
    },
    {
      // Servers that speak OpenAI's dialect often leave out the code.
      id: 'openai.param_too_long',
      reason: 'context_length',
      when: {
        status: REQUEST_STATUSES,
        codes: ['invalid_request_error'],
        param: 'other',
        anyOf: OVERFLOW_PHRASES,
      },
      source: ERROR_CODES,
    },
    {
      // It names the part of the request that is wrong. A wrong model is left to the words.
      id: 'openai.invalid_param',
      reason: 'invalid_request',
      when: { status: REQUEST_STATUSES, codes: ['invalid_request_error'], param: 'other' },
      source: ERROR_CODES,
    },
    {
      // A 404 that is not about the model: what the request refers to is gone or belongs to another project.
      id: 'openai.reference_not_found',
      reason: 'invalid_request',
      when: {
        status: [400, 404],
        anyOf: ['item with id', 'previous response with id', 'no such file', 'vector store with id'],
      },
      source: 'https://github.com/home-assistant/core/issues/150251',
    },
    {
      // The model is there, but not behind this path.
      id: 'openai.other_endpoint',
      reason: 'invalid_request',
      when: {
        anyOf: [
          'not supported by the responses api',
          'not supported in the v1/chat/completions',
          'only supported in v1/responses',
          'not a chat model',
          'did you mean to use v1/completions',
        ],
      },
      source: 'https://github.com/anomalyco/opencode/issues/12949',
    },
    {
      id: 'openai.overloaded',
      reason: 'overloaded',
      when: { codes: ['server_is_overloaded', 'service_unavailable_error', 'slow_down'] },
      source: ERROR_CODES,
    },
  ],
  typed: [
    {
      // Groq answers a request above the per-minute limit with 413 and this code: still no overlong prompt.
      id: 'openai.rate_limit_exceeded',
      reason: 'rate_limit',
      when: { codes: ['rate_limit_exceeded'] },
      source: RATE_LIMITS,
    },
    {
      // Old answers have no code; the type then says which limit it was.
      id: 'openai.rate_limit_type',
      reason: 'rate_limit',
      when: { status: [413, 429], codes: ['requests', 'tokens'] },
      source: RATE_LIMITS,
    },
  ],
  broad: [
    {
      id: 'openai.model_refused',
      reason: 'model_not_found',
      when: { status: [404], codes: ['invalid_request_error'], anyOf: ['model'] },
      source: ERROR_CODES,
    },
    {
      // Inside a responses stream there is no status to tell that the request was at fault.
      id: 'openai.invalid_input',
      reason: 'invalid_request',
      when: {
        status: [400, 404, 422],
        codes: [
          'invalid_request_error',
          'invalid_image',
          'invalid_image_format',
          'invalid_base64_image',
          'invalid_image_url',
          'invalid_image_mode',
          'image_too_large',
          'image_too_small',
          'image_file_too_large',
          'image_file_not_found',
          'image_parse_error',
          'empty_image_file',
          'unsupported_image_media_type',
          'failed_to_download_image',
        ],
      },
      source: RESPONSES_ERRORS,
    },
    {
      id: 'openai.server_error',
      reason: 'server_error',
      when: { status: { min: 500, max: 503 }, codes: ['server_error', 'internal_error', 'vector_store_timeout'] },
      source: RESPONSES_ERRORS,
    },
  ],
}
