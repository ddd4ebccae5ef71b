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
 * Where no provider of the first part's name exists, a vendor's prefix decides (`deepseek-ai/DeepSeek-V3`), if that
 * vendor exists; else the first part names a provider that is not registered, which is said rather than guessed away.
 */
export function parseModelRef(reference: string, known: ModelKnowledge): ModelRef {
  const alias = known.aliasOf(reference)
  if (alias !== undefined) {
    const prefix = `${alias}/`
    return { provider: alias, model: reference.startsWith(prefix) ? reference.slice(prefix.length) : reference }
  }
  const slash = reference.indexOf('/')
  const before = reference.slice(0, Math.max(0, slash))
  // A provider's name holds no white space; where there is some, it is part of the model's.
  const isQualified = /^\S+$/.test(before) && slash < reference.length - 1
  const prefix = isQualified ? before : undefined
  const provider = prefix === undefined ? inferProvider(reference, known) : providerBefore(prefix, reference, known)
  const rest = provider === prefix ? reference.slice(slash + 1) : reference
  const at = rest.lastIndexOf('@')
  const profile = at > 0 ? known.findProfile(provider, rest.slice(at + 1)) : undefined
  return profile === undefined ? { provider, model: rest } : { provider, model: rest.slice(0, at), profile }
}

/** Model-name prefixes and who serves them; where a vendor goes by several names, the one that exists is taken. */
const PROVIDERS_BY_PREFIX: readonly (readonly [prefix: string, ...vendors: readonly string[]])[] = [
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
  const vendors = vendorsOf(model)
  return vendors.find((vendor) => known.isProvider(vendor)) ?? vendors[0] ?? known.soleProvider ?? 'openai'
}

/** What stands before the `/`, unless no such provider exists and the whole name tells another one that does. */
function providerBefore(prefix: string, reference: string, known: ModelKnowledge): string {
  if (known.isProvider(prefix)) return prefix
  return vendorsOf(reference).find((vendor) => known.isProvider(vendor)) ?? prefix
}

function vendorsOf(model: string): readonly string[] {
  const name = model.toLowerCase()
  const [, ...vendors] = PROVIDERS_BY_PREFIX.find(([prefix]) => name.startsWith(prefix)) ?? ['']
  return vendors
}

/** `provider/model@profile`. */
export function formatTarget(target: {
  readonly provider: string
  readonly model: string
  readonly profile: string
}): string {
  return `${target.provider}/${target.model}@${target.profile}`
}
