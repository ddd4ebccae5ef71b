import type { RuleTable } from '../rule.ts'

const ERRORS = 'https://developers.cloudflare.com/workers-ai/platform/errors/'
const GUARDRAILS = 'https://developers.cloudflare.com/ai-gateway/features/guardrails/'

/** Cloudflare's Workers AI and AI Gateway: `{"success":false,"errors":[{"code":<number>,"message"}]}`. */
export const cloudflareTable: RuleTable = {
  own: [
    { id: 'cloudflare.no_such_model', reason: 'model_not_found', when: { codes: ['5007', '3042'] }, source: ERRORS },
    {
      id: 'cloudflare.model_not_allowed',
      reason: 'permission',
      scope: 'target',
      when: { codes: ['5018', '3041', '5016'] },
      source: ERRORS,
    },
    { id: 'cloudflare.account_blocked', reason: 'permission', when: { codes: ['3023'] }, source: ERRORS },
    {
      id: 'cloudflare.daily_neurons',
      reason: 'rate_limit',
      scope: 'profile',
      when: { codes: ['3036', '4006'] },
      source: ERRORS,
    },
    { id: 'cloudflare.capacity', reason: 'overloaded', when: { codes: ['3040'] }, source: ERRORS },
    { id: 'cloudflare.timeout', reason: 'timeout', when: { codes: ['3007', '3046'] }, source: ERRORS },
    { id: 'cloudflare.too_large', reason: 'context_length', when: { codes: ['3006'] }, source: ERRORS },
    { id: 'cloudflare.blocked', reason: 'content_policy', when: { codes: ['2016', '2017'] }, source: GUARDRAILS },
    {
      id: 'cloudflare.authentication',
      reason: 'auth',
      when: { codes: ['10000', '2009', '9109'] },
      source: 'https://developers.cloudflare.com/fundamentals/api/',
    },
    {
      id: 'cloudflare.invalid',
      reason: 'invalid_request',
      when: { codes: ['5004', '3003', '3039', '5019', '5005', '7003'] },
      source: ERRORS,
    },
  ],
  exact: [
    { id: 'cloudflare.properties', reason: 'invalid_request', when: { begins: ['5006:'] }, source: ERRORS },
    {
      id: 'cloudflare.capacity_words',
      reason: 'overloaded',
      when: { anyOf: ['capacity temporarily exceeded'] },
      source: ERRORS,
    },
    {
      id: 'cloudflare.no_such_model_words',
      reason: 'model_not_found',
      when: { anyOf: ['no such model @'] },
      source: ERRORS,
    },
    {
      id: 'cloudflare.neurons_words',
      reason: 'rate_limit',
      scope: 'profile',
      when: { anyOf: ['daily free allocation of'] },
      source: ERRORS,
    },
    {
      id: 'cloudflare.guardrails',
      reason: 'content_policy',
      when: { anyOf: ['blocked due to security configurations'] },
      source: GUARDRAILS,
    },
  ],
  typed: [],
  broad: [],
}
