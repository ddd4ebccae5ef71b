import type { RuleTable } from '../rule.ts'

const ERRORS = 'https://learn.microsoft.com/en-us/azure/ai-services/openai/quotas-limits'
const CONTENT_FILTER = 'https://learn.microsoft.com/en-us/azure/ai-services/openai/concepts/content-filter'

/** Azure OpenAI and AI Foundry: OpenAI's shape, a status as text in `code`, words of its own. */
export const azureTable: RuleTable = {
  own: [
    {
      // Provisioned throughput is used up: whoever holds the deployment meets the same wall.
      id: 'azure.provisioned_throughput',
      reason: 'overloaded',
      when: { status: [429, 503], anyOf: ['temporarily unable to process your request', 'server is busy'] },
      source: 'https://learn.microsoft.com/en-us/azure/ai-services/openai/how-to/provisioned-get-started',
    },
    {
      id: 'azure.resource_not_found',
      reason: 'model_not_found',
      when: { status: [404], begins: ['resource not found'] },
      source: ERRORS,
    },
  ],
  exact: [
    {
      id: 'azure.foreign_tenant',
      reason: 'auth',
      when: { status: [400, 401, 403], begins: ['token tenant', 'tenant provided in token'] },
      source: ERRORS,
    },
    {
      id: 'azure.deployment_not_found',
      reason: 'model_not_found',
      when: { codes: ['deploymentnotfound'] },
      source: 'https://github.com/chatboxai/chatbox/issues/861',
    },
    {
      id: 'azure.authentication_type_disabled',
      reason: 'permission',
      when: { codes: ['authenticationtypedisabled'] },
      source: 'https://github.com/browser-use/browser-use/issues/1295',
    },
    {
      // The filter itself broke: nothing was refused.
      id: 'azure.content_filter_error',
      reason: 'server_error',
      when: { codes: ['content_filter_error'] },
      source: 'https://github.com/BerriAI/litellm/issues/1564',
    },
    {
      id: 'azure.content_filter',
      reason: 'content_policy',
      when: { codes: ['responsibleaipolicyviolation', 'content_filtered'] },
      source: CONTENT_FILTER,
    },
    {
      // It refuses the address we call from; the key was not looked at.
      id: 'azure.network_rules',
      reason: 'permission',
      scope: 'provider',
      nextStep: 'next_provider',
      when: { anyOf: ['virtual network/firewall rules', 'public access is disabled'] },
      source: 'https://github.com/TabularEditor/TabularEditor3/issues/1557',
    },
    {
      id: 'azure.peak_load',
      reason: 'overloaded',
      when: { anyOf: ['maximum usage size allowed during peak load'] },
      source: 'https://github.com/pollinations/pollinations/issues/6260',
    },
    {
      id: 'azure.invalid_subscription_key',
      reason: 'auth',
      when: {
        anyOf: [
          'access denied due to invalid subscription key',
          'access token is missing, invalid, audience is incorrect',
        ],
      },
      source: ERRORS,
    },
  ],
  typed: [],
  broad: [],
}
