import type { RuleTable } from '../rule.ts'

const PROVIDERS = 'https://huggingface.co/docs/inference-providers'
const TGI = 'https://huggingface.co/docs/text-generation-inference'

/** Hugging Face's router and text-generation-inference: `{"error","error_type"}`. */
export const huggingfaceTable: RuleTable = {
  own: [
    {
      id: 'huggingface.validation',
      reason: 'invalid_request',
      when: { codes: ['validation'], noneOf: ['tokens + … must be', 'inputs tokens'] },
      source: TGI,
    },
    { id: 'huggingface.overloaded', reason: 'overloaded', when: { codes: ['overloaded'] }, source: TGI },
    {
      id: 'huggingface.rate_limit',
      reason: 'rate_limit',
      scope: 'profile',
      when: { status: [429], anyOf: ['reset hourly', 'free usage limit'] },
      source: PROVIDERS,
    },
  ],
  exact: [
    {
      id: 'huggingface.no_provider',
      reason: 'model_not_found',
      when: { anyOf: ['not supported by any provider you have enabled', 'is not supported by provider'] },
      source: 'https://github.com/alibaba/page-assist/issues/727',
    },
    {
      id: 'huggingface.token_scope',
      reason: 'permission',
      when: { anyOf: ['does not have sufficient permissions to call inference providers'] },
      source: 'https://github.com/huggingface/agents-course/issues/558',
    },
    {
      id: 'huggingface.no_user',
      reason: 'auth',
      when: {
        begins: [
          'authorization header is correct, but',
          'invalid username or password',
          'invalid credentials in authorization header',
        ],
      },
      source: PROVIDERS,
    },
    {
      id: 'huggingface.inputs_too_long',
      reason: 'context_length',
      when: {
        anyOf: ['tokens + … must be <=', 'inputs tokens + max_new_tokens must be', 'inputs must have less than'],
      },
      source: 'https://github.com/huggingface/text-generation-inference/issues/628',
    },
    {
      id: 'huggingface.loading',
      reason: 'overloaded',
      when: { anyOf: ['is currently loading'] },
      source: 'https://huggingface.co/docs/api-inference',
    },
    {
      id: 'huggingface.generation',
      reason: 'server_error',
      when: { codes: ['generation', 'incomplete_generation'] },
      source: TGI,
    },
  ],
  typed: [],
  broad: [],
}
