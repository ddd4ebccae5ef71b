import type { RuleTable } from '../rule.ts'

/** The backend of ChatGPT's plans, as Codex calls it. */
export const codexTable: RuleTable = {
  exact: [
    {
      id: 'codex.usage_not_included',
      reason: 'permission',
      when: { codes: ['usage_not_included'] },
      source: 'https://github.com/justrach/codegraff2/issues/90',
    },
    {
      id: 'codex.connector_rate_limit',
      reason: 'rate_limit',
      when: { codes: ['connector_rate_limit'] },
      source: 'https://github.com/openai/codex/issues/37934',
    },
    {
      id: 'codex.token_invalidated',
      reason: 'auth',
      when: {
        codes: ['token_invalidated', 'token_expired', 'token_revoked', 'refresh_token_expired', 'refresh_token_reused'],
      },
      source: 'https://github.com/router-for-me/CLIProxyAPI/issues/3654',
    },
    {
      // What the plan does not hold; it says so under an empty model name, too.
      id: 'codex.model_not_supported',
      reason: 'model_not_found',
      when: { anyOf: ['not supported when using codex'] },
      source: 'https://github.com/openai/codex/issues/6603',
    },
    {
      id: 'codex.out_of_credits',
      reason: 'billing',
      when: { anyOf: ['workspace is out of credits'] },
      source: 'https://github.com/openai/codex/issues/27598',
    },
    {
      id: 'codex.plan_without_codex',
      reason: 'permission',
      when: { anyOf: ['to use codex with your chatgpt plan', 'usage not included in your plan'] },
      source: 'https://github.com/justrach/codegraff2/issues/90',
    },
    {
      // "Upgrade to Pro" beside it is advertising.
      id: 'codex.usage_limit',
      reason: 'rate_limit',
      scope: 'profile',
      when: {
        anyOf: ["you've hit your usage limit", 'you’ve hit your usage limit', 'the usage limit has been reached'],
      },
      source: 'https://github.com/openai/codex/issues/3899',
    },
  ],
  typed: [],
  broad: [],
}
