import { type Environment, variable } from './expand.ts'

/** The variable in which each hosted well-known provider's own tools look for the key. */
export const KEY_VARIABLES: Readonly<Record<string, string>> = {
  openai: 'OPENAI_API_KEY',
  anthropic: 'ANTHROPIC_API_KEY',
  gemini: 'GEMINI_API_KEY',
  groq: 'GROQ_API_KEY',
  deepseek: 'DEEPSEEK_API_KEY',
  mistral: 'MISTRAL_API_KEY',
  xai: 'XAI_API_KEY',
  openrouter: 'OPENROUTER_API_KEY',
  together: 'TOGETHER_API_KEY',
  fireworks: 'FIREWORKS_API_KEY',
  cerebras: 'CEREBRAS_API_KEY',
  moonshot: 'MOONSHOT_API_KEY',
  kimi: 'KIMI_API_KEY',
  zhipu: 'ZHIPU_API_KEY',
  zai: 'ZAI_API_KEY',
  qwen: 'DASHSCOPE_API_KEY',
  perplexity: 'PERPLEXITY_API_KEY',
  sambanova: 'SAMBANOVA_API_KEY',
  nvidia: 'NVIDIA_API_KEY',
}

export interface FromEnvironment {
  /** In the shape of the file. */
  readonly configuration: unknown
  /** The variables it was made of. */
  readonly variables: readonly string[]
}

/**
 * A configuration from the keys in the environment: of each provider `NAME`, then `NAME_2` and so on, then those of
 * `NAMES`, separated by commas; the profiles are `openai:1`, `openai:2` and so on. Undefined where there are none.
 */
export function configurationFromEnvironment(environment: Environment): FromEnvironment | undefined {
  const variables: string[] = []
  const providers: Record<string, unknown> = {}
  for (const [provider, base] of Object.entries(KEY_VARIABLES)) {
    const found = variablesOf(base, environment)
    const keys = new Set(found.flatMap((name) => keysIn(name, base, environment)))
    if (keys.size === 0) continue
    variables.push(...found)
    providers[provider] = { profiles: [...keys].map((apiKey, index) => ({ id: `${provider}:${index + 1}`, apiKey })) }
  }
  return variables.length === 0 ? undefined : { configuration: { providers }, variables }
}

/** Those of a provider that are set, in the order in which their keys are tried. */
function variablesOf(base: string, environment: Environment): string[] {
  const numbered = Object.keys(environment)
    .filter((name) => name.startsWith(`${base}_`) && /^[1-9]\d*$/.test(name.slice(base.length + 1)))
    .sort((a, b) => Number(a.slice(base.length + 1)) - Number(b.slice(base.length + 1)))
  return [base, ...numbered, `${base}S`].filter((name) => variable(environment, name) !== undefined)
}

function keysIn(name: string, base: string, environment: Environment): string[] {
  const value = variable(environment, name) ?? ''
  const keys = name === `${base}S` ? value.split(',') : [value]
  return keys.map((key) => key.trim()).filter((key) => key !== '')
}
