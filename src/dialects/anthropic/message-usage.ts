import { countIn, type JsonObject } from '../json.ts'
import { usageOf } from './events.ts'

/** A token of ordinary text. https://platform.claude.com/docs/en/about-claude/glossary#tokens has 3.5 for English. */
const CHARACTERS_PER_TOKEN = 4

/** What there was before the attempt that ends a message. */
export interface UsageBefore {
  /** The counts of `message_start` that the caller was told. */
  readonly told: JsonObject | undefined
  /** Those that the present attempt began with. */
  readonly begun: JsonObject | undefined
  /** Characters of the prefill that the attempt was given; 0 where it was given none. */
  readonly prefillCharacters: number
  /** Characters of thinking that were delivered before. */
  readonly thinkingCharacters: number
}

/**
 * The counts that end a message, made to describe the one answer that the caller got: its input as it was told at
 * first, and all of its output.
 */
export function fittedUsage(usage: JsonObject, before: UsageBefore): JsonObject {
  const fitted: Record<string, unknown> = { ...usage }
  const prefillTokens = prefillTokensOf(before)
  if (isTold(before.told)) {
    for (const key of Object.keys(fitted)) {
      if (key !== 'input_tokens' && !key.startsWith('cache_')) continue
      if (before.told !== undefined && key in before.told) fitted[key] = before.told[key]
      else delete fitted[key]
    }
  } else {
    const input = countIn(usage.input_tokens)
    if (input !== undefined) fitted.input_tokens = Math.max(0, input - prefillTokens)
  }
  const output = countIn(usage.output_tokens)
  // What goes on from a prefill is not all of the answer.
  if (output !== undefined && before.prefillCharacters > 0) {
    fitted.output_tokens = output + prefillTokens + tokensIn(before.thinkingCharacters)
  }
  return fitted
}

/** Some servers count the input at the end only, and begin with zero. */
function isTold(usage: JsonObject | undefined): boolean {
  return (inputOf(usage) ?? 0) > 0
}

/** What the input grew by is the prefill, unless another way of counting explains it. */
function prefillTokensOf({ told, begun, prefillCharacters }: UsageBefore): number {
  const grown = isTold(told) ? (inputOf(begun) ?? 0) - (inputOf(told) ?? 0) : 0
  return grown > 0 && grown <= prefillCharacters ? grown : tokensIn(prefillCharacters)
}

function inputOf(usage: JsonObject | undefined): number | undefined {
  return usageOf({ usage })?.inputTokens
}

function tokensIn(characters: number): number {
  return Math.ceil(characters / CHARACTERS_PER_TOKEN)
}
