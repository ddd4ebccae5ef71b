import { asObject, countIn, type JsonObject } from '../json.ts'

/**
 * The chunk with the counts of an attempt that went on from a prefill, told as those of the one answer: what it was given
 * as its prefill is output of the answer, not input.
 *
 * @param prefillTokens about as many tokens as the prefill has
 */
export function withWholeUsage(event: object, prefillTokens: number): object {
  const { usage, x_groq: groq } = event as JsonObject
  const counts = asObject(usage)
  // Groq has them here: https://console.groq.com/docs/api-reference
  const groqCounts = asObject(asObject(groq)?.usage)
  if (counts === undefined && groqCounts === undefined) return event
  return {
    ...event,
    ...(counts === undefined ? undefined : { usage: wholeUsage(counts, prefillTokens) }),
    ...(groqCounts === undefined
      ? undefined
      : { x_groq: { ...asObject(groq), usage: wholeUsage(groqCounts, prefillTokens) } }),
  }
}

function wholeUsage(usage: JsonObject, prefillTokens: number): JsonObject {
  const input = countIn(usage.prompt_tokens)
  const output = countIn(usage.completion_tokens)
  const total = countIn(usage.total_tokens)
  const told = {
    ...(input === undefined ? undefined : { prompt_tokens: Math.max(0, input - prefillTokens) }),
    ...(output === undefined ? undefined : { completion_tokens: output + prefillTokens }),
  }
  const isSum = total !== undefined && total === (input ?? 0) + (output ?? 0)
  const { prompt_tokens = 0, completion_tokens = 0 } = told
  return { ...usage, ...told, ...(isSum ? { total_tokens: prompt_tokens + completion_tokens } : undefined) }
}
