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
      // With HTTP 400, though no request is to blame.
      id: 'nvidia.degraded_function',
      reason: 'server_error',
      nextStep: 'next_model',
      when: { begins: ['function id …: degraded'] },
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
