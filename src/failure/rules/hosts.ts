import type { RuleTable } from '../rule.ts'

/** What NVIDIA's hosted NIM says: problem+json with `title` and `detail`. */
export const nvidiaTable: RuleTable = {
  own: [
    {
      id: 'nvidia.authorization_failed',
      reason: 'permission',
      when: { begins: ['authorization failed'] },
      source: 'https://github.com/HKUDS/OpenHarness/issues/233',
    },
  ],
  exact: [
    {
      id: 'nvidia.function_not_found',
      reason: 'model_not_found',
      when: { anyOf: ['not found for account'] },
      source: 'https://github.com/Alishahryar1/free-claude-code/issues/1021',
    },
    {
      // A broken deployment of theirs, told with 400.
      id: 'nvidia.degraded',
      reason: 'server_error',
      when: { anyOf: ['degraded function cannot be invoked'] },
      source: 'https://forums.developer.nvidia.com',
    },
    {
      // The queue of one worker, not a quota of ours.
      id: 'nvidia.worker_limit',
      reason: 'overloaded',
      when: { anyOf: ['worker local total request limit reached'] },
      source: 'https://forums.developer.nvidia.com',
    },
    {
      id: 'nvidia.credits_expired',
      reason: 'billing',
      when: { anyOf: ['cloud credits expired'] },
      source: 'https://build.nvidia.com',
    },
    {
      // No Authorization header arrived; the framework's own words with a 500.
      id: 'nvidia.no_authorization',
      reason: 'auth',
      when: { anyOf: ['missing request extension'] },
      source: 'https://github.com/continuedev/continue/issues/11173',
    },
  ],
  typed: [],
  broad: [],
}

/** Replicate: `{"title","detail","status"}`. */
export const replicateTable: RuleTable = {
  exact: [
    {
      // It mentions credit, but it refills.
      id: 'replicate.throttled',
      reason: 'rate_limit',
      scope: 'profile',
      when: { begins: ['request was throttled'] },
      source: 'https://github.com/nodetool-ai/nodetool/issues/5196',
    },
    {
      id: 'replicate.version',
      reason: 'model_not_found',
      when: { anyOf: ['invalid version or not permitted', 'specified version does not exist'] },
      source: 'https://replicate.com/docs/reference/http',
    },
    {
      id: 'replicate.interrupted',
      reason: 'server_error',
      when: { anyOf: ['prediction interrupted'] },
      source: 'https://replicate.com/docs/reference/error-codes',
    },
  ],
  typed: [],
  broad: [],
}

/** DeepInfra. */
export const deepinfraTable: RuleTable = {
  exact: [
    {
      id: 'deepinfra.model_busy',
      reason: 'overloaded',
      when: { anyOf: ['model busy', 'model is busy'] },
      source: 'https://github.com/truefoundry/models/pull/862',
    },
    {
      id: 'deepinfra.payment',
      reason: 'billing',
      when: { anyOf: ['inference prohibited'] },
      source: 'https://deepinfra.com/docs',
    },
  ],
  typed: [],
  broad: [],
}

/** Novita: `{"code","reason","message","metadata"}`. */
export const novitaTable: RuleTable = {
  exact: [
    {
      id: 'novita.balance',
      reason: 'billing',
      when: { codes: ['not_enough_balance'] },
      source: 'https://novita.ai/docs/guides/error',
    },
    {
      id: 'novita.model_access',
      reason: 'permission',
      scope: 'target',
      when: { codes: ['model_access_denied'] },
      source: 'https://novita.ai/docs/guides/error',
    },
  ],
  typed: [],
  broad: [],
}

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

/** Vercel's AI Gateway, Voyage, fal and others with little of their own. */
export const otherHostsTable: RuleTable = {
  exact: [
    {
      id: 'vercel.credit_card',
      reason: 'billing',
      when: { anyOf: ['requires a valid credit card on file', 'requires a valid credit card'] },
      source: 'https://vercel.com/docs/ai-gateway/pricing',
    },
    {
      // A lower limit until a card is there; it refills by the minute all the same.
      id: 'voyage.reduced_limits',
      reason: 'rate_limit',
      scope: 'profile',
      when: { anyOf: ['reduced rate limits'] },
      source: 'https://docs.voyageai.com/docs/rate-limits',
    },
    {
      id: 'voyage.batch_tokens',
      reason: 'context_length',
      when: { anyOf: ['max allowed tokens per submitted batch'] },
      source: 'https://docs.voyageai.com/docs/embeddings',
    },
    {
      id: 'baseten.building',
      reason: 'overloaded',
      when: { anyOf: ['still building or deploying'] },
      source: 'https://docs.baseten.co',
    },
    {
      id: 'fal.user_locked',
      reason: 'billing',
      when: { anyOf: ['user is locked', 'exhausted balance'] },
      source: 'https://docs.fal.ai/errors/',
    },
    {
      id: 'fal.downstream',
      reason: 'server_error',
      when: { codes: ['downstream_service_unavailable', 'downstream_service_error'] },
      source: 'https://docs.fal.ai/errors/',
    },
  ],
  typed: [],
  broad: [],
}
