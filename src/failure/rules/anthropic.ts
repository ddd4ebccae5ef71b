import type { RuleTable } from '../rule.ts'

const ERRORS = 'https://docs.anthropic.com/en/api/errors'
const RATE_LIMITS = 'https://docs.anthropic.com/en/api/rate-limits'

/** Messages: `{"type":"error","error":{"type","message"[,"details"]},"request_id"}`. */
export const anthropicTable: RuleTable = {
  exact: [
    {
      // `invalid_request_error` with 400 carries billing, too; only its words tell.
      id: 'anthropic.credit_balance',
      reason: 'billing',
      when: { begins: ['your credit balance is too low', 'credit balance is too low'] },
      source: ERRORS,
    },
    {
      id: 'anthropic.usage_limits',
      reason: 'billing',
      when: { begins: ['you have reached your specified'], anyOf: ['usage limits'] },
      source: 'https://github.com/anthropics/claude-code/issues/38035',
    },
    {
      // The monthly cap: a `rate_limit_error` without `retry-after`, since it lasts until the first of the month.
      id: 'anthropic.spend_limit',
      reason: 'billing',
      when: { codes: ['enforced_spend_limit_reached'] },
      source: RATE_LIMITS,
    },
    {
      // An entitlement for prompts above 200k tokens: waiting is useless, while short requests still pass on this key.
      id: 'anthropic.long_context_credits',
      reason: 'billing',
      scope: 'request',
      when: { allOf: ['long context'], anyOf: ['extra usage is required', 'usage credits are required'] },
      source: 'https://github.com/anthropics/claude-code/issues/33514',
    },
    {
      id: 'anthropic.long_context_beta',
      reason: 'permission',
      scope: 'request',
      nextStep: 'next_profile',
      when: { begins: ['the long context beta is not yet available'] },
      source: 'https://github.com/anthropics/claude-code/issues/33514',
    },
    {
      // The plan is left for money that is not there.
      id: 'anthropic.extra_usage',
      reason: 'billing',
      when: { begins: ['third-party apps now draw from your extra usage'] },
      source: 'https://github.com/anthropics/claude-code/issues/45149',
    },
    {
      // The SDK, or a gateway that uses it, refuses to send the request at all.
      id: 'anthropic.streaming_required',
      reason: 'invalid_request',
      when: { anyOf: ['streaming is required for operations', 'streaming is strongly recommended for operations'] },
      source: 'https://github.com/anthropics/anthropic-sdk-typescript#long-requests',
    },
    {
      id: 'anthropic.token_revoked',
      reason: 'auth',
      when: { anyOf: ['oauth token has been revoked', 'oauth token has expired', 'oauth token revoked'] },
      source: 'https://github.com/anthropics/claude-code/issues/44930',
    },
    { id: 'anthropic.billing_error', reason: 'billing', when: { codes: ['billing_error'] }, source: ERRORS },
    {
      id: 'anthropic.organization_disabled',
      reason: 'permission',
      when: { begins: ['this organization has been disabled', 'your organization has been disabled'] },
      source: 'https://github.com/anthropics/claude-code/issues/54311',
    },
    {
      // A subscription's token outside the program it was made for: 400, but another key helps.
      id: 'anthropic.credential_restricted',
      reason: 'permission',
      when: {
        begins: [
          'this credential is only authorized for use with',
          'system: this credential is only authorized for use with',
          'your oauth token is restricted to',
        ],
      },
      source: 'https://github.com/anthropics/claude-code/issues/8046',
    },
    {
      // The edge refuses the country or network we call from, before any key is looked at.
      id: 'anthropic.region_refused',
      reason: 'permission',
      scope: 'provider',
      nextStep: 'next_provider',
      when: { status: [403], codes: ['forbidden'], anyOf: ['request not allowed'] },
      source: 'https://github.com/anthropics/claude-code/issues/1613',
    },
    { id: 'anthropic.overloaded_error', reason: 'overloaded', when: { codes: ['overloaded_error'] }, source: ERRORS },
    {
      // 32 MB of bytes, refused at the edge; like an overlong prompt it is cured by sending less.
      id: 'anthropic.request_too_large',
      reason: 'context_length',
      when: { codes: ['request_too_large'] },
      source: ERRORS,
    },
    {
      // The server does not keep the conversation that is to go on; the SDK starts it anew when it is told so.
      id: 'anthropic.thread',
      reason: 'invalid_request',
      when: { codes: ['thread_not_found', 'thread_unsupported_request'] },
      source: 'https://github.com/anthropics/anthropic-sdk-typescript',
    },
    { id: 'anthropic.refusal', reason: 'content_policy', when: { codes: ['refusal'] }, source: ERRORS },
    { id: 'anthropic.timeout_error', reason: 'timeout', when: { codes: ['timeout_error'] }, source: ERRORS },
    { id: 'anthropic.conflict_error', reason: 'server_error', when: { codes: ['conflict_error'] }, source: ERRORS },
  ],
  typed: [
    { id: 'anthropic.authentication_error', reason: 'auth', when: { codes: ['authentication_error'] }, source: ERRORS },
    { id: 'anthropic.permission_error', reason: 'permission', when: { codes: ['permission_error'] }, source: ERRORS },
    {
      // A subscription's window: the limit is the account's, not the model's.
      id: 'anthropic.account_rate_limit',
      reason: 'rate_limit',
      scope: 'profile',
      when: { codes: ['rate_limit_error'], anyOf: ["your account's rate limit", 'your account’s rate limit'] },
      source: 'https://github.com/anthropics/claude-code/issues/71505',
    },
    {
      id: 'anthropic.rate_limit_error',
      reason: 'rate_limit',
      when: { codes: ['rate_limit_error'] },
      source: RATE_LIMITS,
    },
  ],
  broad: [
    {
      // Something else that the request names: the model may be sound.
      id: 'anthropic.resource_not_found',
      reason: 'invalid_request',
      when: {
        status: [404],
        codes: ['not_found_error'],
        anyOf: ['file', 'thread', 'batch', 'container', 'skill', 'previous_message_id'],
        noneOf: ['model'],
      },
      source: ERRORS,
    },
    {
      id: 'anthropic.not_found_error',
      reason: 'model_not_found',
      when: { codes: ['not_found_error'] },
      source: ERRORS,
    },
    {
      id: 'anthropic.invalid_request_error',
      reason: 'invalid_request',
      when: { status: [400, 404, 422], codes: ['invalid_request_error'] },
      source: ERRORS,
    },
    {
      id: 'anthropic.api_error',
      reason: 'server_error',
      when: { status: { min: 500, max: 599 }, codes: ['api_error'] },
      source: ERRORS,
    },
  ],
}
