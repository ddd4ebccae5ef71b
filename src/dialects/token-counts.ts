import type { TokenCounts } from './dialect.ts'

/** Counts with absent ones left out; absent itself where there are none. */
export function tokenCounts(
  inputTokens: number | undefined,
  outputTokens: number | undefined,
): TokenCounts | undefined {
  if (inputTokens === undefined && outputTokens === undefined) return undefined
  return {
    ...(inputTokens === undefined ? undefined : { inputTokens }),
    ...(outputTokens === undefined ? undefined : { outputTokens }),
  }
}
