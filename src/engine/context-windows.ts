/**
 * Context windows in tokens by the beginning of the bare model id, the longest match first. Small on purpose: it only
 * orders fallbacks for a request that was too long, and a model that is not here is tried once. From the providers'
 * model pages, November 2026; option `contextWindows` goes before it.
 */
const WINDOWS: readonly (readonly [prefix: string, tokens: number])[] = (
  [
    ['gpt-3.5-turbo', 16_385],
    ['gpt-4', 8_192],
    ['gpt-4-32k', 32_768],
    ['gpt-4-turbo', 128_000],
    ['gpt-4o', 128_000],
    ['gpt-4.1', 1_047_576],
    ['gpt-5', 400_000],
    ['o1', 200_000],
    ['o1-mini', 128_000],
    ['o1-preview', 128_000],
    ['o3', 200_000],
    ['o4-mini', 200_000],
    ['claude-', 200_000],
    ['gemini-1.5-flash', 1_048_576],
    ['gemini-1.5-pro', 2_097_152],
    ['gemini-2', 1_048_576],
    ['deepseek-chat', 128_000],
    ['deepseek-reasoner', 128_000],
    ['mistral-large', 128_000],
    ['llama-3.1', 131_072],
    ['llama-3.3', 131_072],
    ['grok-3', 131_072],
    ['grok-4', 256_000],
  ] as const
).toSorted(([a], [b]) => b.length - a.length)

/** The context window of a bare model id in tokens; undefined where it is not known. */
export function contextWindowOf(model: string, own: Readonly<Record<string, number>>): number | undefined {
  if (Object.hasOwn(own, model)) return own[model]
  return WINDOWS.find(([prefix]) => model.startsWith(prefix))?.[1]
}
