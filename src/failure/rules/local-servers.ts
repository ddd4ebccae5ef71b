import type { RuleTable } from '../rule.ts'

const OLLAMA = 'https://docs.ollama.com/api/errors'
const LLAMA_CPP = 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md'
const VLLM = 'https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html'

/** Ollama, on one's own machine and in its cloud: `{"error":"<text>"}`. */
export const ollamaTable: RuleTable = {
  own: [
    {
      id: 'ollama.busy',
      reason: 'overloaded',
      when: { status: [503], anyOf: ['server busy', 'maximum pending requests', 'overloaded'] },
      source: 'https://docs.ollama.com/faq',
    },
  ],
  exact: [
    { id: 'ollama.not_pulled', reason: 'model_not_found', when: { anyOf: ['try pulling it first'] }, source: OLLAMA },
    {
      // The model is there, but not for this account: its free models go on.
      id: 'ollama.subscription',
      reason: 'permission',
      scope: 'target',
      when: { anyOf: ['model requires a subscription'] },
      source: 'https://github.com/diegosouzapw/OmniRoute/issues/3027',
    },
    {
      id: 'ollama.usage_limit',
      reason: 'rate_limit',
      scope: 'profile',
      when: {
        status: [403, 429],
        anyOf: [
          'session usage limit',
          'weekly usage limit',
          'hourly usage limit',
          'daily usage limit',
          'monthly usage limit',
        ],
      },
      source: 'https://ollama.com/cloud',
    },
    {
      id: 'ollama.past_due',
      reason: 'billing',
      when: { anyOf: ['payment is past due'] },
      source: 'https://ollama.com/cloud',
    },
    {
      id: 'ollama.memory',
      reason: 'server_error',
      when: {
        anyOf: [
          'model requires more system memory',
          'runner process has terminated',
          'encountered while running the model',
          'could not load model',
          'cuda error',
          'cuda out of memory',
        ],
      },
      source: OLLAMA,
    },
    {
      id: 'ollama.no_tools',
      reason: 'invalid_request',
      when: { anyOf: ['does not support tools', 'does not support chat', 'does not support thinking'] },
      source: OLLAMA,
    },
  ],
  typed: [],
  broad: [],
}

/** vLLM, SGLang and what is built on them. */
export const vllmTable: RuleTable = {
  exact: [
    {
      // What the prompt leaves of the window is less than nothing.
      id: 'vllm.no_room',
      reason: 'context_length',
      when: {
        anyOf: [
          'max_tokens must be at least 1, got -',
          'exceeds the maximum allowed length',
          'longer than the maximum model length',
          'longer than the model',
        ],
      },
      source: VLLM,
    },
    {
      id: 'vllm.engine',
      reason: 'server_error',
      when: { anyOf: ['enginecore encountered an issue', 'engine loop has died', 'enginedeaderror'] },
      source: VLLM,
    },
  ],
  typed: [],
  broad: [],
}

/** llama.cpp's server: it says an overflow with 400, 500 and 200. */
export const llamaCppTable: RuleTable = {
  exact: [
    {
      id: 'llamacpp.context',
      reason: 'context_length',
      when: { codes: ['exceed_context_size_error'] },
      source: LLAMA_CPP,
    },
    {
      id: 'llamacpp.context_words',
      reason: 'context_length',
      when: { anyOf: ['context size has been exceeded', 'exceeds the available context size'] },
      source: 'https://github.com/ggml-org/llama.cpp/issues/19774',
    },
    {
      // As it was started it can never do so.
      id: 'llamacpp.without_tools',
      reason: 'invalid_request',
      nextStep: 'next_provider',
      when: { anyOf: ['requires --jinja flag'] },
      source: 'https://github.com/ggml-org/llama.cpp/blob/master/docs/function-calling.md',
    },
    { id: 'llamacpp.loading', reason: 'overloaded', when: { begins: ['loading model'] }, source: LLAMA_CPP },
  ],
  typed: [
    { id: 'llamacpp.unavailable', reason: 'overloaded', when: { codes: ['unavailable_error'] }, source: LLAMA_CPP },
  ],
  broad: [],
}

/** LM Studio. */
export const lmStudioTable: RuleTable = {
  exact: [
    {
      id: 'lmstudio.initial_prompt',
      reason: 'context_length',
      when: { anyOf: ['tokens to keep from the initial prompt'] },
      source: 'https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/237',
    },
    {
      // The model's template has no place for such a conversation.
      id: 'lmstudio.prompt_template',
      reason: 'invalid_request',
      when: { anyOf: ['error rendering prompt with jinja template'] },
      source: 'https://lmstudio.ai/docs',
    },
    {
      id: 'lmstudio.not_loaded',
      reason: 'model_not_found',
      when: { anyOf: ['no models loaded', 'no model loaded'] },
      source: 'https://lmstudio.ai/docs',
    },
    // It went while it was being used; it is loaded again for the next request.
    {
      id: 'lmstudio.unloaded',
      reason: 'server_error',
      when: { anyOf: ['model is unloaded', 'model unloaded', 'model has crashed'] },
      source: 'https://lmstudio.ai/docs',
    },
  ],
  typed: [],
  broad: [],
}
