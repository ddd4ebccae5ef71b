/** What a model reference points at. */
export interface ModelRef {
  readonly provider: string
  /** The bare model id, as the provider knows it. */
  readonly model: string
  /** The id of the profile the reference pins, if it pins one. */
  readonly profile?: string
}

/** What is known when a reference is read. */
export interface ModelKnowledge {
  isProvider(name: string): boolean
  /** The provider that a whole model name was aliased to. */
  aliasOf(model: string): string | undefined
  /** The id of the profile of this provider that goes by this id or short name. */
  findProfile(provider: string, name: string): string | undefined
  /** The provider to take for a name that nothing else decides, if there is a natural one. */
  readonly soleProvider: string | undefined
}

/**
 * Reads `provider/model`, `provider/model@profile` or a bare name.
 *
 * The provider is what stands before the first `/` if there is such a provider; a profile is what stands after the
 * last `@` only if it names one of that provider's profiles; everything else is the model (`openrouter/anthropic/x`,
 * `vertex/claude@20250514`, `llama3:8b`). An alias wins over both. A bare name is inferred by its prefix, as rsclaw's
 * `registry.resolve_model` does; a name without a known prefix goes to the only provider there is, else to `openai`.
 * A `/` behind an unknown first part names a provider that is not registered: it is not guessed away.
 */
export function parseModelRef(reference: string, known: ModelKnowledge): ModelRef {
  const alias = known.aliasOf(reference)
  if (alias !== undefined) {
    const prefix = `${alias}/`
    return { provider: alias, model: reference.startsWith(prefix) ? reference.slice(prefix.length) : reference }
  }
  const slash = reference.indexOf('/')
  const isQualified = slash > 0 && slash < reference.length - 1
  const provider = isQualified ? reference.slice(0, slash) : inferProvider(reference, known)
  const rest = isQualified ? reference.slice(slash + 1) : reference
  const at = rest.lastIndexOf('@')
  const profile = at > 0 ? known.findProfile(provider, rest.slice(at + 1)) : undefined
  return profile === undefined ? { provider, model: rest } : { provider, model: rest.slice(0, at), profile }
}

/** Model-name prefixes and who serves them; where a vendor goes by several names, the one that exists is taken. */
const PROVIDERS_BY_PREFIX: readonly (readonly [prefix: string, ...providers: readonly [string, ...string[]]])[] = [
  ['claude', 'anthropic'],
  ['gemini', 'gemini', 'google'],
  ['gemma', 'gemini', 'google'],
  ['gpt', 'openai'],
  ['chatgpt', 'openai'],
  ['text-embedding', 'openai'],
  ['o1', 'openai'],
  ['o3', 'openai'],
  ['o4', 'openai'],
  ['deepseek', 'deepseek'],
  ['qwen', 'qwen', 'dashscope'],
  ['qwq', 'qwen', 'dashscope'],
  ['glm', 'zhipu', 'zai'],
  ['chatglm', 'zhipu', 'zai'],
  ['kimi', 'kimi', 'moonshot'],
  ['moonshot', 'kimi', 'moonshot'],
  ['grok', 'xai'],
  ['mistral', 'mistral'],
  ['codestral', 'mistral'],
  ['magistral', 'mistral'],
  ['ministral', 'mistral'],
  ['command', 'cohere'],
  ['sonar', 'perplexity'],
  ['minimax', 'minimax'],
  ['step', 'stepfun'],
]

function inferProvider(model: string, known: ModelKnowledge): string {
  const name = model.toLowerCase()
  const row = PROVIDERS_BY_PREFIX.find(([prefix]) => name.startsWith(prefix))
  if (row === undefined) return known.soleProvider ?? 'openai'
  const [, ...providers] = row
  return providers.find((provider) => known.isProvider(provider)) ?? providers[0] ?? 'openai'
}

/** `provider/model@profile`. */
export function formatTarget(target: {
  readonly provider: string
  readonly model: string
  readonly profile: string
}): string {
  return `${target.provider}/${target.model}@${target.profile}`
}
