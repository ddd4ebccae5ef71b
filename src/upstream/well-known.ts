import type { DialectName } from '../dialects/index.ts'
import { parseBaseUrl } from './base-url.ts'

/** A provider whose name alone says where it is and what it speaks. */
export interface WellKnownProvider {
  readonly dialect: DialectName
  readonly baseUrl: string
  /** It runs on the user's own machine and needs no key. Default: it is hosted, and a request without key is not sent. */
  readonly isLocal?: boolean
}

/** Base URLs as the providers' own pages give them, November 2026. */
export const WELL_KNOWN: Readonly<Record<string, WellKnownProvider>> = {
  // https://platform.openai.com/docs/api-reference
  openai: { dialect: 'openai', baseUrl: 'https://api.openai.com/v1' },
  // https://platform.claude.com/docs/en/api/overview
  anthropic: { dialect: 'anthropic', baseUrl: 'https://api.anthropic.com' },
  // https://ai.google.dev/gemini-api/docs/openai
  gemini: { dialect: 'openai', baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai' },
  // https://console.groq.com/docs/openai
  groq: { dialect: 'openai', baseUrl: 'https://api.groq.com/openai/v1' },
  // https://api-docs.deepseek.com
  deepseek: { dialect: 'openai', baseUrl: 'https://api.deepseek.com/v1' },
  // https://docs.mistral.ai/api
  mistral: { dialect: 'openai', baseUrl: 'https://api.mistral.ai/v1' },
  // https://docs.x.ai/docs/api-reference
  xai: { dialect: 'openai', baseUrl: 'https://api.x.ai/v1' },
  // https://openrouter.ai/docs/api-reference/overview
  openrouter: { dialect: 'openai', baseUrl: 'https://openrouter.ai/api/v1' },
  // https://docs.together.ai/docs/openai-api-compatibility
  together: { dialect: 'openai', baseUrl: 'https://api.together.xyz/v1' },
  // https://docs.fireworks.ai/tools-sdks/openai-compatibility
  fireworks: { dialect: 'openai', baseUrl: 'https://api.fireworks.ai/inference/v1' },
  // https://inference-docs.cerebras.ai/resources/openai
  cerebras: { dialect: 'openai', baseUrl: 'https://api.cerebras.ai/v1' },
  // https://platform.kimi.ai/docs/api/overview (in China api.moonshot.cn: set baseUrl)
  moonshot: { dialect: 'openai', baseUrl: 'https://api.moonshot.ai/v1' },
  kimi: { dialect: 'openai', baseUrl: 'https://api.moonshot.ai/v1' },
  // https://docs.bigmodel.cn and, outside China, https://docs.z.ai
  zhipu: { dialect: 'openai', baseUrl: 'https://open.bigmodel.cn/api/paas/v4' },
  zai: { dialect: 'openai', baseUrl: 'https://api.z.ai/api/paas/v4' },
  // https://www.alibabacloud.com/help/en/model-studio/compatibility-of-openai-with-dashscope (in China dashscope.aliyuncs.com)
  qwen: { dialect: 'openai', baseUrl: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1' },
  // https://docs.perplexity.ai/api-reference: its chat endpoint has no version in its path
  perplexity: { dialect: 'openai', baseUrl: 'https://api.perplexity.ai/chat/completions' },
  // https://docs.sambanova.ai/docs/en/features/openai-compatibility
  sambanova: { dialect: 'openai', baseUrl: 'https://api.sambanova.ai/v1' },
  // https://docs.api.nvidia.com/nim/reference/llm-apis
  nvidia: { dialect: 'openai', baseUrl: 'https://integrate.api.nvidia.com/v1' },
  // https://docs.ollama.com/api/openai-compatibility
  ollama: { dialect: 'openai', baseUrl: 'http://127.0.0.1:11434/v1', isLocal: true },
}

/**
 * The origins a request without a key is not sent to. They are known to answer 401, and what they would be asked is a
 * prompt that nobody meant to send: the usual cause is an environment variable that is not set, which is said at once
 * and by the profile's name instead. Known by origin and not by provider name, since a profile may point a well-known
 * name at a server of one's own, which may need no key; every origin that is not listed is left to answer for itself.
 */
export const HOSTED_ORIGINS: ReadonlySet<string> = new Set(
  Object.entries(WELL_KNOWN)
    .filter(([, { isLocal }]) => isLocal !== true)
    .map(([name, { baseUrl }]) => parseBaseUrl(name, baseUrl).origin),
)
