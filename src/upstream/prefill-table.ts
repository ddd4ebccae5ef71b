/** How a target wants a prefill to be written, beside the plain assistant message at the end of the messages. */
export interface PrefillForm {
  /** Further fields of that message. */
  readonly message: Readonly<Record<string, unknown>>
  /** Further fields of the body. A request that has one of them with another value takes no prefill. */
  readonly body: Readonly<Record<string, unknown>>
  /** A request that has one of these members takes no prefill: they ask for something that does not go with one. */
  readonly unless: readonly string[]
}

/** Models of one provider that go on from a prefill. */
interface KnownModels extends Pick<PrefillForm, 'body' | 'unless'> {
  /** Bare model ids; a `*` at the end stands for anything. */
  readonly models: readonly string[]
}

/** A provider that goes on from a prefill. */
interface KnownPrefill extends Pick<PrefillForm, 'message'> {
  /** Where it is, without query: whatever its name in a configuration. */
  readonly endpoints: readonly string[]
  readonly groups: readonly KnownModels[]
}

const NO_FIELDS = {}
const ALWAYS: readonly string[] = []
/** Text goes on only where nothing is thought before it: what had been thought is gone with the stream that broke off. */
const NO_THINKING = { thinking: { type: 'disabled' } }

/**
 * Who is known to go on from a prefill: only what a provider's own page says, November 2026, and of that only models that
 * do not reason, or can be told not to. Who is not here is asked again from the beginning.
 *
 * Left out, since no page of theirs is known that says it: OpenAI, Gemini (its newer models refuse it), xAI, Together,
 * Fireworks, Cerebras, Z.ai, Perplexity and others. Left to the configuration, since it depends on the model's template: Ollama,
 * llama.cpp and other servers of one's own.
 */
export const PREFILL_TABLE: readonly KnownPrefill[] = [
  {
    // https://platform.claude.com/docs/en/build-with-claude/working-with-messages: a 400 from Claude 4.6 on. Not with
    // extended thinking, which the dialect sees to:
    // https://platform.claude.com/docs/en/build-with-claude/prompt-engineering/prefill-claudes-response
    endpoints: ['https://api.anthropic.com/v1/messages'],
    message: NO_FIELDS,
    groups: [
      {
        models: [
          'claude-haiku-4-5',
          'claude-haiku-4-5-*',
          'claude-sonnet-4-5',
          'claude-sonnet-4-5-*',
          'claude-opus-4-5',
          'claude-opus-4-5-*',
          'claude-opus-4-1',
          'claude-opus-4-1-*',
          'claude-opus-4-0',
          'claude-opus-4-20250514',
          'claude-sonnet-4-0',
          'claude-sonnet-4-20250514',
          'claude-3-*',
        ],
        body: NO_FIELDS,
        unless: ALWAYS,
      },
    ],
  },
  {
    // https://api-docs.deepseek.com/guides/chat_prefix_completion: at this base URL alone. The switch for thinking, which
    // is on by default: https://api-docs.deepseek.com/guides/thinking_mode
    endpoints: ['https://api.deepseek.com/beta/chat/completions'],
    message: { prefix: true },
    groups: [
      {
        models: ['deepseek-chat', 'deepseek-flash', 'deepseek-v4-*'],
        body: NO_THINKING,
        unless: ['reasoning_effort'],
      },
    ],
  },
  {
    // https://docs.mistral.ai/api (AssistantMessage.prefix): without it an assistant message at the end is a 400. The answer
    // begins with the prefill: https://docs.mistral.ai/guides/prefix
    endpoints: ['https://api.mistral.ai/v1/chat/completions'],
    message: { prefix: true },
    groups: [
      {
        models: [
          'mistral-*',
          'ministral-*',
          'codestral-*',
          'devstral-*',
          'open-mistral-*',
          'open-mixtral-*',
          'pixtral-*',
        ],
        body: NO_FIELDS,
        unless: ['reasoning_effort', 'prompt_mode'],
      },
    ],
  },
  {
    // https://platform.kimi.ai/docs/api/partial (in China platform.moonshot.cn/docs/api/partial): not with JSON mode. Which
    // models can do without thinking: https://platform.kimi.ai/docs/guide/use-kimi-k2-thinking-model
    endpoints: ['https://api.moonshot.ai/v1/chat/completions', 'https://api.moonshot.cn/v1/chat/completions'],
    message: { partial: true },
    groups: [
      { models: ['moonshot-v1-*'], body: NO_FIELDS, unless: ['response_format'] },
      { models: ['kimi-k2.5', 'kimi-k2.6'], body: NO_THINKING, unless: ['response_format', 'reasoning_effort'] },
    ],
  },
  {
    // https://www.alibabacloud.com/help/en/model-studio/partial-mode (in China help.aliyun.com/zh/model-studio/partial-mode):
    // models that can think only with that turned off
    endpoints: [
      'https://dashscope-intl.aliyuncs.com/compatible-mode/v1/chat/completions',
      'https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions',
    ],
    message: { partial: true },
    groups: [
      {
        models: ['qwen-max', 'qwen-max-*', 'qwen3-coder-*', 'qwen-coder-*', 'qwen2.5-coder-*'],
        body: NO_FIELDS,
        unless: ALWAYS,
      },
      {
        models: [
          'qwen3-max',
          'qwen3-max-*',
          'qwen3.6-max-*',
          'qwen3.7-max',
          'qwen3.7-max-*',
          'qwen-plus',
          'qwen-plus-*',
          'qwen3.5-plus',
          'qwen3.5-plus-*',
          'qwen3.6-plus',
          'qwen3.6-plus-*',
          'qwen3.7-plus',
          'qwen3.7-plus-*',
          'qwen-flash',
          'qwen-flash-*',
          'qwen3.5-flash',
          'qwen3.5-flash-*',
          'qwen3.6-flash',
          'qwen3.6-flash-*',
          'qwen-turbo',
          'qwen-turbo-*',
        ],
        body: { enable_thinking: false },
        unless: ['thinking_budget', 'reasoning_effort'],
      },
    ],
  },
  {
    // https://console.groq.com/docs/prefilling: any text-to-text model; of these, those that do not reason
    endpoints: ['https://api.groq.com/openai/v1/chat/completions'],
    message: NO_FIELDS,
    groups: [
      {
        models: ['llama-3.1-*', 'llama-3.3-*', 'meta-llama/llama-4-*', 'moonshotai/kimi-k2-instruct*'],
        body: NO_FIELDS,
        unless: ALWAYS,
      },
    ],
  },
  {
    // https://openrouter.ai/docs/api-reference/overview (Assistant Prefill): as the model behind has it, so that only the
    // models of Anthropic's own page are here
    endpoints: ['https://openrouter.ai/api/v1/chat/completions'],
    message: NO_FIELDS,
    groups: [
      {
        models: [
          'anthropic/claude-haiku-4.5',
          'anthropic/claude-sonnet-4.5',
          'anthropic/claude-opus-4.5',
          'anthropic/claude-opus-4.1',
          'anthropic/claude-opus-4',
          'anthropic/claude-sonnet-4',
        ],
        body: NO_FIELDS,
        unless: ['reasoning', 'reasoning_effort', 'include_reasoning', 'thinking'],
      },
    ],
  },
]
