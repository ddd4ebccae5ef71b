import type { RuleTable } from '../rule.ts'

/** Databricks model serving: `{"error_code","message"}`. */
export const databricksTable: RuleTable = {
  exact: [
    {
      id: 'databricks.request_limit',
      reason: 'rate_limit',
      when: { codes: ['request_limit_exceeded'] },
      source: 'https://docs.databricks.com/en/machine-learning/foundation-model-apis/limits.html',
    },
    {
      id: 'databricks.disabled',
      reason: 'permission',
      when: { anyOf: ['rate limit set to 0'] },
      source: 'https://docs.databricks.com/en/ai-gateway/index.html',
    },
    {
      id: 'databricks.no_endpoint',
      reason: 'model_not_found',
      when: { codes: ['resource_does_not_exist', 'endpoint_not_found'] },
      source: 'https://docs.databricks.com/api/workspace/servingendpoints',
    },
    {
      id: 'databricks.output_cap',
      reason: 'invalid_request',
      when: { anyOf: ['length of max output tokens generated'] },
      source: 'https://github.com/databricks/databricks-sdk-go/issues/1183',
    },
  ],
  typed: [],
  broad: [],
}
