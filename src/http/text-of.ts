import { anthropicMessages, openaiChat } from '../dialects/index.ts'

/**
 * The text that an event of a stream, or a whole answer, adds to the answer, whichever dialect it is in; empty for
 * everything else (reasoning, tool calls, token counts).
 *
 * ```ts no-run
 * for await (const event of stream) process.stdout.write(textOf(event))
 * ```
 */
export function textOf(event: unknown): string {
  return openaiChat.textOf(event) || anthropicMessages.textOf(event)
}
